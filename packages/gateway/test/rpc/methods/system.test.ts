import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { fakePeer } from '../../fake-peer.ts'
import { type MethodFixture, methodFixture } from './method-fixture.ts'

const eventNames = (fixture: MethodFixture): (string | undefined)[] => fixture.events().map(({ event }) => event)

describe('system-event', () => {
  test('that describes its sender is listed and announced, and queues nothing', async () => {
    await using fixture = await methodFixture()
    await fixture.call('system-event', { text: 'Node: shed', host: 'shed', mode: 'ui', instanceId: 'i' })
    const presence = (await fixture.call('system-presence')) as { host?: string; ts: number }[]
    assert.deepEqual(presence[1], {
      text: 'Node: shed',
      host: 'shed',
      mode: 'ui',
      instanceId: 'i',
      ts: fixture.clock.nowMs(),
    })
    assert.deepEqual(eventNames(fixture), ['presence'])
    assert.deepEqual(fixture.components.systemEvents.pending(), [])
  })

  test('of any other kind waits for the named session', async () => {
    await using fixture = await methodFixture()
    await fixture.call('system-event', { text: 'disk is filling', sessionKey: 'agent:main:ops' })
    await fixture.call('system-event', { text: 'Backup done' })
    const { queuedSystemEvents } = (await fixture.call('status')) as { queuedSystemEvents: string[] }
    assert.deepEqual(queuedSystemEvents, ['disk is filling', 'Backup done'])
    assert.equal(fixture.components.systemEvents.drain('agent:main:main').length, 1)
    assert.deepEqual(eventNames(fixture)[0], 'presence')
  })
})

describe('wake', () => {
  test('leaves a note and, when told to, beats at once', async () => {
    await using fixture = await methodFixture()
    assert.deepEqual(await fixture.call('wake', { mode: 'next-heartbeat', text: 'later' }), { ok: true })
    await turn()
    assert.equal(await fixture.call('last-heartbeat'), null)
    await fixture.call('wake', { mode: 'now', text: 'look' })
    await turn()
    const last = (await fixture.call('last-heartbeat')) as { status: string; reason: string }
    assert.deepEqual([last.status, last.reason], ['skipped', 'no-agent-runtime'])
    assert.deepEqual(eventNames(fixture), ['heartbeat'])
    assert.deepEqual(
      fixture.components.systemEvents.drain('agent:main:main').map(({ text }) => text),
      ['later', 'look'],
    )
  })

  test('of an agent that does not exist is refused', async () => {
    await using fixture = await methodFixture()
    await assert.rejects(fixture.call('wake', { mode: 'now', text: 'x', agentId: 'ghost' }), (error: Error) => {
      const { shape } = error as unknown as { shape: { code: string; details: { code: string } } }
      assert.deepEqual([shape.code, shape.details.code], ['INVALID_REQUEST', 'UNKNOWN_AGENT_ID'])
      return true
    })
  })
})

describe('set-heartbeats', () => {
  test('shows in health', async () => {
    await using fixture = await methodFixture()
    assert.deepEqual(await fixture.call('set-heartbeats', { enabled: false }), { ok: true, enabled: false })
    fixture.clock.advance(1_000)
    const health = (await fixture.call('health', { probe: true })) as { agents: { heartbeat: { enabled: boolean } }[] }
    assert.equal(health.agents[0]?.heartbeat.enabled, false)
    assert.deepEqual(eventNames(fixture), ['health'])
  })
})

describe('status', () => {
  interface Status {
    readonly sessions: { paths: string[]; byAgent: { path: string }[] }
    readonly cliProjection?: { agents: { rows: unknown[] } }
    readonly runtimeVersion: string
    readonly limits: object
  }

  test('shows paths of the machine to administrators only', async () => {
    await using fixture = await methodFixture()
    const full = (await fixture.call('status')) as Status
    const path = `${fixture.stateDir}/agents/main/sessions`
    assert.deepEqual([full.sessions.paths, full.sessions.byAgent[0]?.path], [[path], path])
    const reader = (await fixture.call('status', {}, fakePeer({ scopes: ['operator.read'] }))) as Status
    assert.deepEqual([reader.sessions.paths, reader.sessions.byAgent[0]?.path], [[], '[redacted]'])
    assert.ok(!JSON.stringify(reader).includes(fixture.stateDir))
  })

  test('says what the command line asks for', async () => {
    await using fixture = await methodFixture()
    const plain = (await fixture.call('status')) as Status
    assert.equal(plain.cliProjection, undefined)
    assert.equal(plain.runtimeVersion, '0.1.0')
    const asked = (await fixture.call('status', { includeCliProjection: true })) as Status
    assert.deepEqual(asked.cliProjection?.agents.rows, [{ id: 'main' }])
  })
})

describe('health', () => {
  test('tells nobody where the state directory is', async () => {
    await using fixture = await methodFixture()
    assert.ok(!JSON.stringify(await fixture.call('health')).includes(fixture.stateDir))
  })
})

describe('gateway.identity.get', () => {
  test('never shows the private key', async () => {
    await using fixture = await methodFixture()
    const identity = await fixture.call('gateway.identity.get')
    assert.deepEqual(Object.keys(identity as object), ['deviceId', 'publicKey'])
  })
})
