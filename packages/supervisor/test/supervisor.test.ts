import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Supervised, Supervisor, SupervisorError } from '../src/index.ts'
import { seededRandom } from '../src/testing/index.ts'
import { DialScript, refused } from './dial-script.ts'
import { createFixture, type Fixture } from './fixture.ts'

const hasCode = (code: string) => (error: unknown) => SupervisorError.is(error) && error.code === code

function startMany({ supervisor }: Fixture, count: number): { script: DialScript; connections: Supervised[] } {
  const script = new DialScript()
  const connections = Array.from({ length: count }, (_, index) =>
    supervisor.supervise({ name: `client-${index}`, kind: 'client', dial: script.dial }),
  )
  for (const connection of connections) connection.start()
  return { script, connections }
}

const dialing = (connections: readonly Supervised[]): string[] =>
  connections.filter((connection) => connection.status().state === 'dialing').map(({ name }) => name)

test('three connections dial at a time, the others in order of start', async () => {
  const fixture = createFixture()
  const { script, connections } = startMany(fixture, 6)
  assert.deepEqual(dialing(connections), ['client-0', 'client-1', 'client-2'])
  assert.deepEqual(fixture.supervisor.status().starts, { limit: 3, holding: 3, waiting: 3, heldTooLongCount: 0 })
  script.attempts[1]?.succeed()
  await fixture.clock.advance(0)
  assert.deepEqual(dialing(connections), ['client-0', 'client-2', 'client-3'])
  script.attempts[0]?.refuse({ verdict: 'terminal', reason: 'no' })
  script.attempts[2]?.fail(new Error('reset'))
  await fixture.clock.advance(0)
  assert.deepEqual(dialing(connections), ['client-3', 'client-4', 'client-5'])
  fixture.supervisor.stop()
})

test('a stopped connection gives up its turn', async () => {
  const fixture = createFixture({ maxConcurrentStarts: 1 })
  const { script, connections } = startMany(fixture, 3)
  connections[1]?.stop()
  script.latest.succeed()
  await fixture.clock.advance(0)
  assert.deepEqual(dialing(connections), ['client-2'])
  assert.equal(connections[1]?.status().attempts, 0)
  fixture.supervisor.stop()
})

test('a start that neither succeeds nor fails frees its slot after 30 s, goes on, and is reported once', async () => {
  const fixture = createFixture({ maxConcurrentStarts: 1 })
  const { script, connections } = startMany(fixture, 2)
  await fixture.clock.advance(29_999)
  assert.deepEqual(dialing(connections), ['client-0'])
  await fixture.clock.advance(1)
  assert.deepEqual(dialing(connections), ['client-0', 'client-1'])
  assert.equal(fixture.supervisor.status().starts.heldTooLongCount, 1)
  assert.deepEqual(
    fixture.warnings.map(({ kind, status }) => [kind, status.name]),
    [['slot-freed', 'client-0']],
  )
  script.attempts[0]?.succeed()
  await fixture.clock.advance(0)
  assert.equal(connections[0]?.status().state, 'live')
  assert.equal(fixture.supervisor.status().starts.holding, 1, 'the late release took nobody else off the gate')
  fixture.supervisor.stop()
})

test('spacing keeps all attempts apart, first ones and retries alike', async () => {
  const fixture = createFixture({ startSpacingMs: 500 })
  const dialledAt: number[] = []
  for (let index = 0; index < 11; index += 1) {
    const dial = () => {
      dialledAt.push(fixture.clock.now())
      return refused
    }
    fixture.supervisor.supervise({ name: `handler-${index}`, kind: 'approval-handler', dial }).start()
  }
  await fixture.clock.advance(60_000)
  assert.ok(dialledAt.length > 11)
  for (const [index, at] of dialledAt.entries()) assert.ok(index === 0 || at - (dialledAt[index - 1] ?? 0) >= 500)
  fixture.supervisor.stop()
})

test('connections that start together spread over the jitter, one that overrides it to 0 does not wait', async () => {
  const fixture = createFixture({ maxConcurrentStarts: 1_000 })
  const firstDials: number[] = []
  for (let index = 0; index < 200; index += 1) {
    const dial = () => {
      firstDials.push(fixture.clock.now())
      return { verdict: 'terminal', reason: 'done' } as const
    }
    fixture.supervisor.supervise({ name: `bot-${index}`, kind: 'channel', dial }).start()
  }
  const lone = new DialScript()
  fixture.supervisor.supervise({ name: 'lone', kind: 'channel', dial: lone.dial, policy: { startJitterMs: 0 } }).start()
  assert.equal(lone.attempts.length, 1)
  await fixture.clock.advance(1_999)
  assert.equal(firstDials.length, 200)
  const perQuarter = [0, 1, 2, 3].map((quarter) => firstDials.filter((at) => Math.floor(at / 500) === quarter).length)
  assert.ok(
    perQuarter.every((count) => count > 30),
    `starts per half second: ${perQuarter}`,
  )
  fixture.supervisor.stop()
})

test('a gateway away for ten minutes costs a handler at most 15 attempts and 4 warnings', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const fixture = createFixture({}, seededRandom(seed))
    const attempts = new Map<string, number>()
    for (let index = 0; index < 11; index += 1) {
      const name = `handler-${index}`
      const dial = () => {
        attempts.set(name, (attempts.get(name) ?? 0) + 1)
        return refused
      }
      fixture.supervisor.supervise({ name, kind: 'approval-handler', dial }).start()
    }
    await fixture.clock.advance(600_000)
    for (const [name, count] of attempts) {
      assert.ok(count >= 6 && count <= 15, `seed ${seed}: ${name} dialled ${count} times`)
      const warned = fixture.warnings.filter(({ status }) => status.name === name)
      assert.deepEqual(
        warned.map(({ status }) => status.failures),
        count >= 8 ? [3, 4, 8] : [3, 4],
        `seed ${seed}`,
      )
    }
    fixture.supervisor.stop()
    assert.equal(fixture.clock.pendingCount, 0)
  }
})

test('after a stall that failed all of them at once, no more than three handshakes are open', async () => {
  const fixture = createFixture()
  let openCount = 0
  let peak = 0
  const dial = async () => {
    openCount += 1
    peak = Math.max(peak, openCount)
    await new Promise((resolve) => fixture.clock.setTimer(() => resolve(null), 200))
    openCount -= 1
    return refused
  }
  for (let index = 0; index < 16; index += 1) {
    fixture.supervisor.supervise({ name: `handler-${index}`, kind: 'approval-handler', dial }).start()
  }
  await fixture.clock.advance(1_000)
  fixture.clock.stall(15_000)
  await fixture.clock.advance(120_000)
  assert.equal(peak, 3)
  fixture.supervisor.stop()
})

test('two running connections of one name are refused: one retry owner per connection', () => {
  const { supervisor } = createFixture()
  const spec = { name: 'gateway', kind: 'client', dial: new DialScript().dial } as const
  const first = supervisor.supervise(spec)
  const second = supervisor.supervise(spec)
  first.start()
  first.start()
  assert.throws(() => second.start(), hasCode('NAME_IN_USE'))
  first.stop()
  second.start()
  assert.deepEqual(
    supervisor.status().connections.map(({ name, state }) => [name, state]),
    [['gateway', 'dialing']],
  )
  supervisor.stop()
})

test('running connections are limited, and refusals counted', () => {
  const fixture = createFixture({ maxConnections: 2 })
  const { connections } = startMany(fixture, 2)
  const third = fixture.supervisor.supervise({ name: 'third', kind: 'client', dial: new DialScript().dial })
  assert.throws(() => third.start(), hasCode('TOO_MANY_CONNECTIONS'))
  assert.equal(fixture.supervisor.status().refusedStartCount, 1)
  connections[0]?.stop()
  third.start()
  assert.equal(third.status().state, 'dialing')
  fixture.supervisor.stop()
})

test('a bad name or policy is refused when the connection is described', () => {
  const { supervisor } = createFixture()
  const { dial } = new DialScript()
  assert.throws(() => supervisor.supervise({ name: '', kind: 'client', dial }), hasCode('INVALID_OPTION'))
  assert.throws(() => supervisor.supervise({ name: 'x'.repeat(201), kind: 'client', dial }), hasCode('INVALID_OPTION'))
  const policy = { startJitterMs: -1 }
  assert.throws(() => supervisor.supervise({ name: 'x', kind: 'client', dial, policy }), hasCode('INVALID_OPTION'))
})

test('stopping the supervisor ends every wait there is: no timer is left', async () => {
  const fixture = createFixture({ maxConcurrentStarts: 2 }, () => 0.5)
  const outcomes = new Map<string, DialScript>()
  const start = (name: string, kind: 'client' | 'channel' = 'client'): DialScript => {
    const script = new DialScript()
    outcomes.set(name, script)
    fixture.supervisor.supervise({ name, kind, dial: script.dial }).start()
    return script
  }
  start('live').latest.succeed()
  await fixture.clock.advance(0)
  start('backoff').latest.refuse(refused)
  start('pairing').latest.refuse({ verdict: 'pairing', reason: 'approve' })
  await fixture.clock.advance(0)
  start('dialing')
  start('dialing too')
  start('queued')
  start('jitter', 'channel')
  const states = fixture.supervisor.status().connections.map(({ state }) => state)
  assert.deepEqual(states, ['live', 'backoff', 'pairing', 'dialing', 'dialing', 'queued', 'jitter'])
  assert.equal(fixture.clock.pendingCount, 7, 'one per timed connection and one for the start gate')
  fixture.supervisor.stop()
  assert.equal(fixture.clock.pendingCount, 0)
  assert.deepEqual(fixture.supervisor.status().connections, [])
})

test('without components it runs on the system clock', async () => {
  const supervisor = new Supervisor({}, { policies: { client: { baseMs: 5, capMs: 5 } } })
  const { promise, resolve } = Promise.withResolvers<number>()
  let attempts = 0
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: ({ generation }) => {
      attempts += 1
      if (attempts === 3) resolve(generation)
      return refused
    },
  })
  connection.start()
  assert.equal(await promise, 3)
  supervisor.stop()
})
