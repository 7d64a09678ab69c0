import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ChallengePacer, PACER_DEFAULTS, type PacerOptions, type Turn } from '../../src/admission/challenge-pacer.ts'

function openPacer(options: Partial<PacerOptions> = {}): ChallengePacer {
  const pacer = new ChallengePacer({ ...PACER_DEFAULTS, ...options })
  pacer.open()
  return pacer
}

/** Asks for a place; keeps what it was given. */
function newcomer(pacer: ChallengePacer) {
  const self: { turn: Turn | undefined; giveUp: (() => void) | undefined } = { turn: undefined, giveUp: undefined }
  self.giveUp = pacer.request((turn) => {
    self.turn = turn
  })
  return self
}

describe('a newcomer', () => {
  test('starts at once while places are free', () => {
    const pacer = openPacer()
    assert.ok(newcomer(pacer).turn)
    assert.deepEqual([pacer.outstandingCount, pacer.waitingCount], [1, 0])
  })

  test('waits until the gateway is open, however many places are free', () => {
    const pacer = new ChallengePacer()
    const early = [newcomer(pacer), newcomer(pacer)]
    assert.ok(early.every(({ turn }) => turn === undefined))
    pacer.open()
    assert.ok(early.every(({ turn }) => turn !== undefined))
  })

  test('waits in order of arrival when all places are taken', () => {
    const pacer = openPacer({ maxOutstanding: 2 })
    const all = Array.from({ length: 5 }, () => newcomer(pacer))
    const started = () => all.map(({ turn }) => turn !== undefined)
    assert.deepEqual(started(), [true, true, false, false, false])
    all[1]?.turn?.release()
    assert.deepEqual(started(), [true, true, true, false, false])
    all[0]?.turn?.release()
    assert.deepEqual(started(), [true, true, true, true, false])
  })

  test('that gave up is passed over and is no waiting work any more', () => {
    const pacer = openPacer({ maxOutstanding: 1, maxWaitingWorkMs: 2 })
    const first = newcomer(pacer)
    const waiting = [newcomer(pacer), newcomer(pacer), newcomer(pacer)]
    assert.equal(
      pacer.request(() => {}),
      undefined,
      'three at 1 ms each are more than 2 ms',
    )
    for (const { giveUp } of waiting) giveUp?.()
    assert.equal(pacer.waitingCount, 0)
    const late = newcomer(pacer)
    assert.ok(late.giveUp, 'there is room again')
    first.turn?.release()
    assert.ok(late.turn)
    assert.ok(waiting.every(({ turn }) => turn === undefined))
    assert.equal(pacer.outstandingCount, 1)
  })

  test('may give up after its turn began, or twice, without harm', () => {
    const pacer = openPacer()
    const { giveUp, turn } = newcomer(pacer)
    giveUp?.()
    giveUp?.()
    assert.equal(pacer.outstandingCount, 1)
    turn?.release()
    assert.equal(pacer.outstandingCount, 0)
  })
})

describe('waiting work', () => {
  test('is measured: the dearer a handshake, the fewer may wait', () => {
    for (const [costMs, expected] of [
      [1, 101],
      [10, 11],
    ] as const) {
      const pacer = new ChallengePacer({ ...PACER_DEFAULTS, maxWaitingWorkMs: 100 })
      for (let handshake = 0; handshake < 1_000; handshake += 1) pacer.recordCost(costMs)
      let accepted = 0
      while (pacer.request(() => {}) !== undefined) accepted += 1
      assert.equal(accepted, expected)
      assert.equal(pacer.refusedCount, 1)
    }
  })

  test('takes in a burst of stock clients whole: thousands wait rather than being sent away', () => {
    const pacer = openPacer()
    for (let count = 0; count < 5_000; count += 1) assert.ok(newcomer(pacer).giveUp)
    assert.equal(pacer.outstandingCount, 64)
  })

  test('has a limit by count, however cheap handshakes are', () => {
    const pacer = openPacer({ maxOutstanding: 1, maxWaiting: 3 })
    for (let handshake = 0; handshake < 1_000; handshake += 1) pacer.recordCost(0)
    const places = Array.from({ length: 5 }, () => newcomer(pacer).giveUp)
    assert.deepEqual(
      places.map((place) => place !== undefined),
      [true, true, true, true, false],
    )
  })

  test('follows the cost slowly: one slow handshake does not close the gate', () => {
    const pacer = openPacer()
    pacer.recordCost(100)
    assert.ok(pacer.costMs < 10)
  })
})

describe('a turn', () => {
  test('released twice frees one place', () => {
    const pacer = openPacer({ maxOutstanding: 1 })
    const [first, second, third] = [newcomer(pacer), newcomer(pacer), newcomer(pacer)]
    first.turn?.release()
    first.turn?.release()
    assert.ok(second.turn)
    assert.equal(third.turn, undefined)
    assert.equal(pacer.outstandingCount, 1)
  })

  test('released at once, thousands of times in a row, does not exhaust the stack', () => {
    const pacer = new ChallengePacer({ ...PACER_DEFAULTS, maxOutstanding: 1, maxWaitingWorkMs: 1e9, maxWaiting: 1e6 })
    let started = 0
    for (let count = 0; count < 50_000; count += 1) {
      pacer.request((turn) => {
        started += 1
        turn.release()
      })
    }
    pacer.open()
    assert.equal(started, 50_000)
    assert.deepEqual([pacer.outstandingCount, pacer.waitingCount], [0, 0])
  })
})
