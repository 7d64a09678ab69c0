// Runs one class of inputs against one judgement: each input in bounded time, the heap bounded over all of them, each
// outcome among those the plan knows, and every outcome of note reached at least once. A hang is named and ended.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { Random, seedOfRun } from './random.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export const IS_FULL = process.env.BREAKWATER_FULL === '1'
/** Inputs of each class, unless a plan says otherwise. */
export const INPUTS = IS_FULL ? 1_000_000 : 100_000

const SLOW_INPUT_MS = 50
const REPETITIONS = 5
const SLOWEST_KEPT = 4
/** Without progress for this long the run hangs in one input. */
const HANG_MS = 20_000
const HEAP_GROWTH_BYTES = 16 * 1_024 * 1_024
/** Part of the inputs after which caches count as filled. */
const WARM_UP = 0.2

export interface FuzzPlan<Input> {
  readonly inputs?: number
  /** An input is too slow when even its fastest repetition takes this long; 50 ms unless told. */
  readonly slowInputMs?: number
  /** Every outcome there is. `mustOccur`: those without which the inputs would miss the point. */
  readonly outcomes: readonly string[]
  readonly mustOccur: readonly string[]
  readonly make: (random: Random) => Input
  /** Names the outcome; throws when the judged code breaks a rule. */
  readonly judge: (input: Input) => string | Promise<string>
  readonly show?: (input: Input) => string
}

interface SlowInput {
  readonly number: number
  readonly tookMs: number
}

export async function fuzz<Input>(t: TestContext, plan: FuzzPlan<Input>): Promise<void> {
  const { seed, only } = seedOfRun()
  const count = plan.inputs ?? INPUTS
  const show = plan.show ?? ((input: Input) => JSON.stringify(input))
  const outcomes = new Map<string, number>()
  const slowest: SlowInput[] = []
  let heapWhenWarm = 0

  const judgeOne = async (number: number): Promise<number> => {
    const input = plan.make(new Random(seed, number))
    const startedAt = performance.now()
    try {
      const judged = plan.judge(input)
      const outcome = typeof judged === 'string' ? judged : await judged
      assert.ok(plan.outcomes.includes(outcome), `unknown outcome ${outcome}`)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (cause) {
      const text = show(input).slice(0, 4_000)
      throw new Error(`replay with BREAKWATER_SEED=${seed}:${number}; the input is ${text}`, { cause })
    }
    return performance.now() - startedAt
  }

  if (only !== undefined) {
    await judgeOne(only)
    t.diagnostic(`input ${only} of seed ${seed}: ${[...outcomes.keys()].join()}`)
    return
  }
  using watchdog = watchForHang(`${t.name} (seed ${seed})`)
  const startedAt = performance.now()
  for (let number = 0; number < count; number += 1) {
    watchdog.at(number)
    const tookMs = await judgeOne(number)
    keepSlowest(slowest, { number, tookMs })
    if (number === Math.floor(count * WARM_UP)) heapWhenWarm = heapAfterCollection()
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  const grownBytes = heapAfterCollection() - heapWhenWarm
  t.diagnostic(`seed ${seed}: ${count} inputs in ${seconds} s, slowest ${slowest[0]?.tookMs.toFixed(1)} ms`)
  t.diagnostic(
    `heap grew ${megabytes(grownBytes)} MB since warm-up, peak resident ${megabytes(process.resourceUsage().maxRSS * 1_024)} MB`,
  )
  t.diagnostic([...outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(', '))

  assert.deepEqual(
    plan.mustOccur.filter((outcome) => !outcomes.has(outcome)),
    [],
    `never reached (seed ${seed})`,
  )
  assert.ok(grownBytes <= HEAP_GROWTH_BYTES, `heap grew by ${grownBytes} bytes (seed ${seed})`)
  for (const { number } of slowest) {
    let fastestMs = Number.POSITIVE_INFINITY
    for (let left = REPETITIONS; left > 0; left -= 1) fastestMs = Math.min(fastestMs, await judgeOne(number))
    assert.ok(
      fastestMs <= (plan.slowInputMs ?? SLOW_INPUT_MS),
      `input takes ${fastestMs} ms: BREAKWATER_SEED=${seed}:${number}`,
    )
  }
}

function keepSlowest(slowest: SlowInput[], input: SlowInput): void {
  const last = slowest.at(-1)
  if (slowest.length === SLOWEST_KEPT && last !== undefined && last.tookMs >= input.tookMs) return
  slowest.push(input)
  slowest.sort((a, b) => b.tookMs - a.tookMs)
  if (slowest.length > SLOWEST_KEPT) slowest.pop()
}

function heapAfterCollection(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1)

const WATCHDOG = `
const { writeSync } = require('node:fs')
const { workerData: { name, progress, hangMs } } = require('node:worker_threads')
let seen = -1
let since = performance.now()
setInterval(() => {
  const now = Atomics.load(progress, 0)
  if (now !== seen) { seen = now; since = performance.now(); return }
  if (performance.now() - since < hangMs) return
  writeSync(2, name + ': input ' + now + ' hangs for ' + hangMs + ' ms\\n')
  process.kill(process.pid, 'SIGKILL')
}, 500)
`

/** A loop that never ends blocks this thread for good, so another one watches and ends the process. */
function watchForHang(name: string): Disposable & { at(number: number): void } {
  const progress = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(WATCHDOG, { eval: true, workerData: { name, progress, hangMs: HANG_MS } })
  worker.unref()
  return {
    at: (number) => {
      Atomics.store(progress, 0, number)
    },
    [Symbol.dispose]: () => {
      void worker.terminate()
    },
  }
}
