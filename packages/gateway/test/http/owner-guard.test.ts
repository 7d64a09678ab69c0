import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import type { AuthPolicy } from '../../src/auth/auth-policy.ts'
import { OwnerGuard } from '../../src/http/owner-guard.ts'
import type { Locality } from '../../src/listener/locality.ts'

const SOCKET: Locality = { kind: 'local', via: 'unix-socket' }
const LOCAL: Locality = { kind: 'local', via: 'loopback' }
const REMOTE: Locality = { kind: 'remote', clientAddress: '203.0.113.7' }

const withHeader = (authorization?: string) => ({ headers: { authorization } }) as IncomingMessage

class Setting {
  policy: AuthPolicy = { mode: 'token', token: 'right' }
  nowMs = 0
  readonly guard = new OwnerGuard({ authPolicy: () => this.policy, now: () => this.nowMs })

  judge(locality: Locality, authorization?: string, local: 'enough' | 'not-enough' = 'not-enough') {
    return this.guard.judge(withHeader(authorization), locality, local)?.type ?? 'ok'
  }
}

describe('what only the owner may read', () => {
  test('is read on the owner socket, and on this machine where that is enough', () => {
    const set = new Setting()
    assert.equal(set.judge(SOCKET), 'ok')
    assert.equal(set.judge(LOCAL, undefined, 'enough'), 'ok')
    assert.equal(set.judge(LOCAL), 'owner_required')
    assert.equal(set.judge(REMOTE, undefined, 'enough'), 'owner_required')
  })

  test('is read with the secret of the gateway as a bearer', () => {
    const set = new Setting()
    assert.equal(set.judge(REMOTE, 'Bearer right'), 'ok')
    assert.equal(set.judge(REMOTE, 'bearer  right '), 'ok')
    for (const header of ['Bearer wrong', 'Bearer right2']) assert.equal(set.judge(REMOTE, header), 'owner_mismatch')
    for (const header of ['Basic right', 'right', 'Bearer', 'Bearer a b'])
      assert.equal(set.judge(REMOTE, header), 'owner_required')
    set.policy = { mode: 'password', password: 'pass' }
    assert.equal(set.judge(REMOTE, 'Bearer pass'), 'ok')
    assert.equal(set.judge(REMOTE, 'Bearer right'), 'owner_mismatch')
  })

  test('is read by nobody from elsewhere when there is no secret', () => {
    const set = new Setting()
    set.policy = { mode: 'none' }
    assert.equal(set.judge(REMOTE, 'Bearer undefined'), 'owner_required')
    set.policy = { mode: 'token', token: undefined }
    assert.equal(set.judge(REMOTE, 'Bearer undefined'), 'owner_required')
  })

  test('is not looked for by guessing: past ten a minute no bearer from elsewhere is looked at', () => {
    const set = new Setting()
    for (let guess = 0; guess < 10; guess += 1) assert.equal(set.judge(REMOTE, `Bearer g${guess}`), 'owner_mismatch')
    assert.equal(set.judge(REMOTE, 'Bearer right'), 'owner_rate_limited')
    assert.equal(set.judge(LOCAL, 'Bearer right'), 'ok', 'this machine is never locked out')
    assert.deepEqual([set.guard.guessCount, set.guard.refusedUncheckedCount], [10, 1])
    set.nowMs = 60_000
    assert.equal(set.judge(REMOTE, 'Bearer right'), 'ok')
  })
})
