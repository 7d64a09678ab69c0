import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import { Ajv } from 'ajv'
import type { Authorised } from '../../src/admission/candidate.ts'
import { HelloEncoder, type HelloSource } from '../../src/admission/hello.ts'
import { client, GOOD_TOKEN, negotiated } from './candidates.ts'

const PRESENCE = [{ host: 'gw', mode: 'gateway', reason: 'self', text: 'Gateway: gw', ts: 1 }]

const source: HelloSource = {
  version: '0.1.0',
  bootId: 'boot-1',
  featuresJson: () => JSON.stringify({ methods: ['health'], events: ['tick'], capabilities: [] }),
  presenceJson: () => JSON.stringify(PRESENCE),
  healthJson: () => '{"ok":true}',
  stateVersion: () => ({ presence: 3, health: 4 }),
  uptimeMs: () => 1_234,
  appliedConfigHash: () => 'hmac-sha256:v1:x',
  adminInfo: () => ({ configPath: '/etc/breakwater.json', stateDir: '/var/lib/breakwater', authMode: 'token' }),
}

const authorised = (changes: Partial<Authorised> = {}): Authorised => ({
  ...negotiated({ client: client('cli', 'cli') }),
  secret: GOOD_TOKEN,
  device: undefined,
  method: 'token',
  isOwnerProcess: true,
  record: undefined,
  grantedScopes: ['operator.read'],
  deviceToken: undefined,
  ...changes,
})

interface Hello {
  readonly id: string
  readonly ok: boolean
  readonly payload: {
    readonly snapshot: Record<string, unknown>
    readonly auth: Record<string, unknown>
    readonly policy: Record<string, unknown>
    readonly server: Record<string, unknown>
    readonly [member: string]: unknown
  }
}

const hello = (changes: Partial<Authorised> = {}, seesPresence = true): Hello =>
  JSON.parse(new HelloEncoder(source).encode(authorised(changes), seesPresence).toString('utf8')) as Hello

describe('hello-ok', () => {
  test('answers the connect request with everything the contract demands', () => {
    const file = new URL('../protocol.schema.json', import.meta.resolve('@openclaw/gateway-protocol'))
    const contract = JSON.parse(readFileSync(file, 'utf8')) as object
    const ajv = new Ajv({ strict: false, logger: false })
    ajv.addSchema({ ...contract, $id: 'contract' })
    const fits = ajv.compile({ $ref: 'contract#/definitions/HelloOk' })
    for (const frame of [
      hello(),
      hello({ grantedScopes: ['operator.admin'] }),
      hello({ role: 'node', grantedScopes: [] }, false),
      hello({ method: 'device-token', deviceToken: { token: 't', issuedAtMs: 5 } }),
    ]) {
      assert.deepEqual([frame.id, frame.ok], ['c1', true])
      // How a connection was let in is told by servers newer than the published contract.
      const { method: _, ...auth } = frame.payload.auth
      assert.ok(fits({ ...frame.payload, auth }), JSON.stringify(fits.errors))
    }
  })

  test('names this process and this connection', () => {
    const { server, snapshot, protocol } = hello().payload
    assert.equal(protocol, 4)
    assert.deepEqual(server, { version: '0.1.0', bootId: 'boot-1', connId: 'conn-1' })
    assert.deepEqual(
      [snapshot.uptimeMs, snapshot.stateVersion, snapshot.appliedConfigHash],
      [1_234, { presence: 3, health: 4 }, 'hmac-sha256:v1:x'],
    )
  })

  test('tells what was granted, and how the connection was let in', () => {
    const { auth } = hello({ method: 'password', grantedScopes: ['operator.read', 'made-up'] }).payload
    assert.deepEqual(auth, { method: 'password', role: 'operator', scopes: ['operator.read', 'made-up'] })
  })

  test('hands over the device token where there is one', () => {
    const { auth } = hello({ deviceToken: { token: 'bearer', issuedAtMs: 7 } }).payload
    assert.deepEqual([auth.deviceToken, auth.issuedAtMs], ['bearer', 7])
  })

  test('states the limits in force', () => {
    const { maxPayload, maxBufferedBytes, tickIntervalMs } = hello().payload.policy
    assert.deepEqual(
      [maxPayload, maxBufferedBytes, tickIntervalMs],
      [LIMITS.maxPayloadBytes, LIMITS.maxBufferedBytes, LIMITS.tickIntervalMs],
    )
  })
})

describe('what hello shows', () => {
  test('of who is there: all of it to those who may read, nothing to others', () => {
    assert.deepEqual(hello({}, true).payload.snapshot.presence, PRESENCE)
    assert.deepEqual(hello({}, false).payload.snapshot.presence, [])
  })

  test('of where the gateway keeps its files: only to a literal administrator', () => {
    const { configPath, stateDir, authMode } = hello({ grantedScopes: ['operator.admin'] }).payload.snapshot
    assert.deepEqual([configPath, stateDir, authMode], ['/etc/breakwater.json', '/var/lib/breakwater', 'token'])
    for (const grantedScopes of [['operator.write', 'operator.pairing'], ['operator.administrator'], []]) {
      const { snapshot } = hello({ grantedScopes }).payload
      for (const member of ['configPath', 'stateDir', 'authMode']) assert.ok(!(member in snapshot), member)
    }
  })

  test('stays JSON whatever the request id holds', () => {
    const requestId = '"}\u2028\\ü💥'
    assert.equal(hello({ requestId }).id, requestId)
  })
})
