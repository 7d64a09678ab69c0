import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionInput } from '../src/connection-state.ts'
import { nextAttemptAt } from '../src/connection-state.ts'
import { seededRandom } from '../src/testing/index.ts'
import type { Verdict } from '../src/verdict.ts'
import { refused } from './dial-script.ts'
import { MachineWalk } from './machine-walk.ts'
import { runSchedules, scheduleCount } from './schedules.ts'

test('the first start of a kind that starts in numbers is jittered, its restart and a client are not', () => {
  const channel = new MachineWalk('channel')
  assert.equal(channel.feed({ type: 'start' }).phase, 'jitter')
  assert.equal(channel.waitMs, 1_000)
  channel.feed({ type: 'stop' })
  assert.equal(channel.feed({ type: 'start' }).phase, 'queued')
  assert.equal(new MachineWalk('client').feed({ type: 'start' }).phase, 'queued')
})

test('jitter covers [0, 2000) and never its end, even when the draw is 1', () => {
  const waitFor = (fraction: number): number => {
    const walk = new MachineWalk('channel')
    walk.fraction = fraction
    walk.feed({ type: 'start' })
    return walk.state.phase === 'queued' ? 0 : walk.waitMs
  }
  assert.deepEqual([0, 0.25, 0.9999, 1].map(waitFor), [0, 500, 1_999, 1_999])
})

test('retries are not jittered again', () => {
  const walk = new MachineWalk('channel')
  walk.dial()
  walk.fraction = 0
  walk.end(refused)
  assert.equal(walk.waitMs, 0)
  assert.equal(walk.elapse().phase, 'queued')
})

test('cancelled before it enters the queue, it never enters', () => {
  const walk = new MachineWalk('channel')
  walk.feed({ type: 'start' })
  walk.feed({ type: 'stop' })
  assert.deepEqual(walk.effects, [])
  walk.feed({ type: 'elapsed' })
  assert.deepEqual(walk.effects, [])
})

test('cancelled while queued, it leaves the line; a grant that crossed the cancellation gives the slot back', () => {
  const walk = new MachineWalk()
  walk.feed({ type: 'start' })
  walk.feed({ type: 'stop' })
  assert.deepEqual(walk.effectTypes, ['leave'])
  walk.feed({ type: 'granted' })
  assert.deepEqual(walk.effectTypes, ['leave'])
  assert.equal(walk.state.attempts, 0)
})

test('stopping during a dial aborts it and frees the slot; stopping when live closes the session', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.feed({ type: 'stop' })
  assert.deepEqual(walk.effectTypes, ['leave', 'abandon'])
  walk.dial()
  walk.ready()
  walk.feed({ type: 'stop' })
  assert.deepEqual(walk.effectTypes, ['abandon'])
  assert.equal(walk.state.wakeAt, null)
})

test('an attempt that waits for somebody else gives its slot back and changes nothing else', () => {
  const walk = new MachineWalk()
  const before = walk.dial()
  const { generation } = before
  assert.equal(walk.feed({ type: 'yielded', generation: generation - 1 }), before)
  assert.deepEqual(walk.effects, [])
  assert.equal(walk.feed({ type: 'yielded', generation }), before)
  assert.deepEqual(walk.effectTypes, ['leave'])
  const live = walk.ready()
  assert.equal(walk.feed({ type: 'yielded', generation }), live)
  assert.deepEqual(walk.effects, [])
})

test('late callbacks of an older generation change nothing', () => {
  const walk = new MachineWalk()
  const old = walk.dial().generation
  walk.feed({ type: 'stop' })
  walk.dial()
  const before = walk.state
  for (const input of [
    { type: 'ready', generation: old },
    { type: 'ended', generation: old, verdict: refused },
    { type: 'ready', generation: before.generation + 1 },
  ] as const) {
    assert.equal(walk.feed(input), before)
    assert.deepEqual(walk.effects, [])
  }
})

test('a stopped connection keeps its last error and no failure streak', () => {
  const walk = new MachineWalk()
  for (let failure = 0; failure < 5; failure += 1) {
    walk.dial()
    walk.end(refused)
  }
  const { failures, breaker, lastError, attempts } = walk.feed({ type: 'stop' })
  assert.deepEqual([failures, breaker.state, lastError?.code, attempts], [0, 'closed', 'ECONNREFUSED', 5])
})

test('generations grow across restarts', () => {
  const walk = new MachineWalk()
  const seen: number[] = []
  for (let round = 0; round < 3; round += 1) {
    seen.push(walk.dial().generation)
    walk.feed({ type: 'stop' })
  }
  assert.deepEqual(seen, [1, 3, 5])
})

test('a dial that does not settle within its deadline is abandoned and counted as a failure', () => {
  const walk = new MachineWalk()
  const { generation } = walk.dial()
  assert.equal(walk.waitMs, 60_000)
  const state = walk.elapse()
  assert.deepEqual(walk.effectTypes, ['abandon', 'leave'])
  assert.equal(state.lastError?.code, 'DIAL_DEADLINE')
  assert.equal(state.failures, 1)
  assert.equal(walk.feed({ type: 'ready', generation }), state)
})

test('a dial deadline that fires late gives the stall back to the peer', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.nowMs += 60_000 + 15_000
  assert.equal(walk.feed({ type: 'elapsed' }).phase, 'dialing')
  assert.equal(walk.waitMs, 15_000)
  assert.equal(walk.elapse().lastError?.code, 'DIAL_DEADLINE')
})

test('without a dial deadline a dial has no timer', () => {
  const walk = new MachineWalk('client', { dialDeadlineMs: 0 })
  assert.equal(walk.dial().wakeAt, null)
})

test('approval resumes a paused connection at once, also while it backs off after the pause', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end({ verdict: 'pairing', reason: 'approve', requestId: 'req-1' })
  assert.equal(walk.feed({ type: 'resume', requestId: 'req-1' }).phase, 'queued')
  for (let failure = 1; failure <= 5; failure += 1) {
    walk.dial()
    walk.end(refused)
  }
  assert.equal(walk.state.phase, 'breaker-open')
  const state = walk.feed({ type: 'resume', requestId: undefined })
  assert.equal(state.phase, 'queued')
  assert.equal(state.breaker.state, 'half-open')
})

test('approval of another request, or without one waiting, changes nothing', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end({ verdict: 'pairing', reason: 'approve', requestId: 'req-1' })
  assert.equal(walk.feed({ type: 'resume', requestId: 'req-2' }).phase, 'pairing')
  const other = new MachineWalk()
  other.dial()
  const backingOff = other.end(refused)
  assert.equal(other.feed({ type: 'resume', requestId: undefined }), backingOff)
})

test('a change wakes a parked connection at once and forgets its failures', () => {
  const walk = new MachineWalk()
  for (let failure = 0; failure < 4; failure += 1) {
    walk.dial()
    walk.end(refused)
  }
  walk.dial()
  walk.end({ verdict: 'terminal', reason: 'wrong token' })
  walk.nowMs += 5_000
  const state = walk.feed({ type: 'changed' })
  assert.equal(state.phase, 'queued')
  assert.equal(state.failures, 0)
})

test('changes reported on every pass of a loop lead to one attempt per base wait', () => {
  const walk = new MachineWalk()
  const dialledAt: number[] = []
  walk.feed({ type: 'start' })
  for (const until = walk.nowMs + 10_000; walk.nowMs < until; walk.nowMs += 10) {
    if (walk.state.wakeAt !== null && walk.state.wakeAt <= walk.nowMs) walk.feed({ type: 'elapsed' })
    if (walk.state.phase === 'queued') {
      walk.feed({ type: 'granted' })
      dialledAt.push(walk.nowMs)
      walk.end({ verdict: 'terminal', reason: 'wrong token' })
    }
    walk.feed({ type: 'changed' })
  }
  assert.equal(dialledAt.length, 10)
})

test('a change never delays an attempt that was due earlier, and leaves a live session alone', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.fraction = 0.1
  walk.end(refused)
  assert.equal(walk.waitMs, 100)
  walk.feed({ type: 'changed' })
  assert.equal(walk.waitMs, 100)
  walk.dial()
  walk.ready()
  walk.feed({ type: 'changed' })
  assert.equal(walk.state.phase, 'live')
  assert.deepEqual(walk.effects, [])
})

test('commands to a stopped connection and repeated starts change nothing', () => {
  const walk = new MachineWalk()
  const stopped = walk.state
  for (const input of [{ type: 'stop' }, { type: 'changed' }, { type: 'elapsed' }] as const) {
    assert.equal(walk.feed(input), stopped)
  }
  const started = walk.feed({ type: 'start' })
  assert.equal(walk.feed({ type: 'start' }), started)
})

const verdicts: readonly Verdict[] = [
  refused,
  { verdict: 'retry', reason: 'busy', retryAfterMs: 1_500 },
  { verdict: 'retry', reason: 'starting', retryAfterMs: 400, starting: true },
  { verdict: 'pairing', reason: 'approve', requestId: 'req-1' },
  { verdict: 'pairing', reason: 'approve' },
  { verdict: 'terminal', reason: 'wrong token' },
]

function anyInput(random: () => number, { phase, generation }: MachineWalk['state']): ConnectionInput {
  const verdict = verdicts[Math.floor(random() * verdicts.length)] ?? refused
  // Mostly what a failing peer leads to, so that schedules reach long streaks and the breaker.
  if (random() < 0.7) {
    if (phase === 'queued') return { type: 'granted' }
    if (phase === 'dialing') return { type: 'ended', generation, verdict: random() < 0.8 ? refused : verdict }
    return { type: phase === 'stopped' ? 'start' : 'elapsed' }
  }
  const stale = random() < 0.15 ? generation - 1 : generation
  const inputs: readonly ConnectionInput[] = [
    { type: 'start' },
    { type: 'elapsed' },
    { type: 'elapsed' },
    { type: 'granted' },
    { type: 'granted' },
    { type: 'ready', generation: stale },
    { type: 'ended', generation: stale, verdict },
    { type: 'ended', generation: stale, verdict },
    { type: 'changed' },
    { type: 'resume', requestId: random() < 0.5 ? 'req-1' : undefined },
    { type: 'stop' },
  ]
  return inputs[Math.floor(random() * inputs.length)] ?? { type: 'elapsed' }
}

/** The driver reports the end of what is on its way or live only; the gate grants each place in line once. */
function isPossible(input: ConnectionInput, { state }: MachineWalk): boolean {
  if (input.type === 'granted') return state.phase !== 'dialing'
  if (!('generation' in input) || input.generation !== state.generation) return true
  return state.phase === 'dialing' || (input.type === 'ended' && state.phase === 'live')
}

test('no schedule of inputs breaks the rules of the machine', async () => {
  let breakerOpened = 0
  let warned = 0
  await runSchedules((seed) => {
    const random = seededRandom(seed)
    const walk = new MachineWalk(random() < 0.5 ? 'client' : 'channel')
    let isInQueue = false
    for (let move = 0; move < 60; move += 1) {
      const input = anyInput(random, walk.state)
      if (!isPossible(input, walk)) continue
      walk.nowMs += Math.floor(random() ** 4 * 120_000)
      walk.fraction = random()
      const before = walk.state
      const after = walk.feed(input)
      isInQueue = followQueue(walk, isInQueue)
      checkStep(walk, input, before, after)
      assert.equal(isInQueue, after.phase === 'queued' || after.phase === 'dialing', 'queue and phase agree')
      if (after.phase === 'breaker-open' && before.phase !== 'breaker-open') breakerOpened += 1
    }
    warned += walk.warnings.length
  })
  if (scheduleCount < 1_000) return
  assert.ok(
    breakerOpened > scheduleCount && warned > scheduleCount,
    `too tame: ${breakerOpened} open, ${warned} warned`,
  )
})

function followQueue(walk: MachineWalk, isInQueue: boolean): boolean {
  const moves = walk.effects.filter(({ type }) => type === 'enter' || type === 'leave')
  assert.ok(moves.length <= 1)
  if (moves[0]?.type === 'enter') assert.equal(isInQueue, false, 'enters only from outside')
  return moves.length === 0 ? isInQueue : moves[0]?.type === 'enter'
}

function checkStep(
  walk: MachineWalk,
  input: ConnectionInput,
  before: MachineWalk['state'],
  after: MachineWalk['state'],
): void {
  const isStale = 'generation' in input && input.generation !== before.generation
  if (isStale) assert.equal(after, before)
  assert.ok(after.generation >= before.generation)
  const dials = walk.effects.filter(({ type }) => type === 'dial')
  if (dials.length > 0) {
    assert.equal(before.phase, 'queued')
    assert.equal(after.generation, before.generation + 1)
    assert.notEqual(after.breaker.state, 'open', 'nothing is dialled through an open breaker')
  }
  const isTimed = ['jitter', 'backoff', 'breaker-open', 'pairing', 'dialing'].includes(after.phase)
  if (isTimed) assert.notEqual(after.wakeAt, null, `${after.phase} must end by itself`)
  if (['stopped', 'queued', 'parked'].includes(after.phase)) assert.equal(after.wakeAt, null)
  assert.equal(after.phase === 'live', after.liveSince !== null)
  assert.equal(after.phase === 'breaker-open', after.breaker.state === 'open')
  if (after.phase !== 'dialing' && after.phase !== 'live') assert.equal(nextAttemptAt(after), after.wakeAt)
  const warned = walk.effects.find(({ type }) => type === 'warn')
  const isNewFailure = after.failures > before.failures
  const isDue = isNewFailure && (after.failures === 3 || Number.isInteger(Math.log2(after.failures / 4)))
  assert.equal(warned?.type === 'warn' && warned.kind === 'failing', isDue && after.failures >= 3)
}
