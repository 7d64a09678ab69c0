import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authorised } from '../../src/admission/candidate.ts'
import type { AuthPolicy } from '../../src/auth/auth-policy.ts'
import { type GeneratedToken, LiveAuth } from '../../src/auth/live-auth.ts'
import type { AuthMethod } from '../../src/connection/peer.ts'
import { PeerRegistry } from '../../src/connection/registry.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

async function setting(policy: AuthPolicy, generated?: GeneratedToken) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-auth-'))
  const path = join(directory, 'token')
  const peers = new PeerRegistry()
  const reads: PromiseWithResolvers<string>[] = []
  const auth = new LiveAuth(
    {
      log: silentLogger,
      peers,
      generatedToken: async () => {
        const read = Promise.withResolvers<string>()
        reads.push(read)
        return { path, token: await read.promise }
      },
    },
    policy,
    generated === undefined ? undefined : { ...generated, path },
  )
  await writeFile(path, generated?.token ?? 'generated')
  await auth.part.start?.()
  const add = (authMethod: AuthMethod) => {
    const link = new RecordingLink()
    const peer = fakePeer({ authMethod, locality: { kind: 'remote', clientAddress: '203.0.113.7' } }, link)
    peers.add(peer)
    return { peer, link }
  }
  return {
    auth,
    path,
    reads,
    add,
    [Symbol.asyncDispose]: async () => {
      await auth.part.stop?.()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

describe('the authentication in effect', () => {
  test('changes at once, and closes those whose way in is gone', async () => {
    await using set = await setting({ mode: 'token', token: 'old' })
    const [shared, device] = [set.add('token'), set.add('device-token')]
    assert.equal(await set.auth.reconfigure({ mode: 'token', token: 'new' }), 1)
    assert.deepEqual(set.auth.policy, { mode: 'token', token: 'new' })
    assert.deepEqual(shared.link.closes, [{ code: 4001, reason: 'gateway auth changed' }])
    assert.deepEqual(device.link.closes, [])
  })

  test('goes over to the generated token once it was read, and follows its file from then on', async () => {
    await using set = await setting({ mode: 'password', password: 'p' })
    const changed = set.auth.reconfigure({ mode: 'token', token: undefined })
    assert.equal(set.auth.policy.mode, 'password', 'nothing has changed yet')
    set.reads[0]?.resolve('generated')
    await changed
    assert.deepEqual(set.auth.policy, { mode: 'token', token: 'generated' })
    await writeFile(set.path, 'rotated')
    for (let turn = 0; turn < 200 && (set.auth.policy as { token?: string }).token !== 'rotated'; turn += 1)
      await sleep(10)
    assert.deepEqual(set.auth.policy, { mode: 'token', token: 'rotated' })
  })

  test('keeps what it had when there is no generated token to be had', async () => {
    await using set = await setting({ mode: 'password', password: 'p' })
    const { link } = set.add('password')
    const changed = set.auth.reconfigure({ mode: 'token', token: undefined })
    set.reads[0]?.reject(new Error('EACCES'))
    await assert.rejects(changed, /EACCES/)
    assert.deepEqual([set.auth.policy, link.closes], [{ mode: 'password', password: 'p' }, []])
  })

  test('is the newest wish, whatever the order in which reading ends', async () => {
    await using set = await setting({ mode: 'password', password: 'p' })
    const first = set.auth.reconfigure({ mode: 'token', token: undefined })
    const second = set.auth.reconfigure({ mode: 'token', token: 'explicit' })
    await second
    set.reads[0]?.resolve('generated')
    assert.equal(await first, 0)
    assert.deepEqual(set.auth.policy, { mode: 'token', token: 'explicit' })
  })

  test('no longer follows the file of the generated token once another token is set', async () => {
    await using set = await setting({ mode: 'token', token: 'generated' }, { path: '', token: 'generated' })
    await set.auth.reconfigure({ mode: 'token', token: 'explicit' })
    await writeFile(set.path, 'rotated')
    await sleep(100)
    assert.deepEqual(set.auth.policy, { mode: 'token', token: 'explicit' })
  })

  test('closes who was still being paired with the old secret', async () => {
    await using set = await setting({ mode: 'token', token: 'new' })
    const candidate = (method: AuthMethod, token: string): Authorised =>
      ({
        method,
        connect: { auth: { token } },
        locality: { kind: 'remote', clientAddress: '203.0.113.7' },
        headers: {},
      }) as unknown as Authorised
    const [outdated, current, device] = [set.add('token'), set.add('token'), set.add('device-token')]
    set.auth.dropIfOutdated(outdated.peer, candidate('token', 'old'))
    set.auth.dropIfOutdated(current.peer, candidate('token', 'new'))
    set.auth.dropIfOutdated(device.peer, candidate('device-token', 'old'))
    assert.deepEqual(
      [outdated, current, device].map(({ link }) => link.closes.map(({ code }) => code)),
      [[4001], [], []],
    )
  })
})
