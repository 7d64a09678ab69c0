// A follower over a source that fails, forgets and falls behind: each line once, in order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@breakwater/supervisor/testing'
import type { LogsTailResult } from '@openclaw/gateway-protocol'
import { followLog, POLL_MS, type TailParams } from '../../../src/commands/logs/follow-log.ts'

/** A log of numbered lines, ten bytes each, read the way `logs.tail` reads. */
class NumberedLog {
  count = 0
  oldest = 0
  isDown = false

  read = async ({ cursor = 0, limit = 500, maxBytes = 250_000 }: TailParams): Promise<LogsTailResult> => {
    if (this.isDown) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
    const size = this.count * 10
    const reset = cursor < this.oldest * 10
    const from = Math.max(cursor / 10, this.oldest)
    const to = Math.min(this.count, from + Math.min(limit, Math.floor(maxBytes / 10)))
    const lines = Array.from({ length: to - from }, (_, index) => String(from + index))
    return {
      file: 'f',
      cursor: to * 10,
      size,
      lines,
      truncated: false,
      reset,
      ...(reset ? { skippedBytes: from * 10 - cursor } : {}),
    }
  }
}

interface Followed {
  readonly lines: number[]
  readonly skipped: (number | undefined)[]
  readonly waitedMs: number
}

/** Runs until `steps` pauses have passed; `onPause` moves the world. */
async function run(log: NumberedLog, steps: number, onPause: (step: number) => void): Promise<Followed> {
  const lines: number[] = []
  const skipped: (number | undefined)[] = []
  const over = new AbortController()
  let step = 0
  let waitedMs = 0
  await followLog(
    {
      source: log,
      onLines: (more) => lines.push(...more.map(Number)),
      onSkipped: (bytes) => skipped.push(bytes),
      onFailure: () => {},
      pause: async (ms) => {
        waitedMs += ms
        step += 1
        if (step >= steps) over.abort()
        else onPause(step)
      },
      signal: over.signal,
    },
    0,
  )
  return { lines, skipped, waitedMs }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('lines come once and in order, however they arrive and however often the source is away', async () => {
  const seed = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)
  const random = seededRandom(seed)
  const log = new NumberedLog()
  const { lines, skipped } = await run(log, 400, (step) => {
    log.isDown = step < 390 && random() < 0.4
    if (step < 395) log.count += Math.floor(random() * 30)
  })
  assert.deepEqual(lines, upTo(log.count), `seed ${seed}`)
  assert.deepEqual(skipped, [])
})

test('an outage of ten minutes loses nothing, and what piled up comes without a pause in between', async () => {
  const log = new NumberedLog()
  let pauses = 0
  const { lines, waitedMs } = await run(log, 2_500, (step) => {
    pauses = step
    log.isDown = step < 2_400
    log.count = Math.min(step * 20, 40_000)
  })
  assert.ok(waitedMs >= 600_000, `${waitedMs} ms`)
  assert.deepEqual(lines, upTo(40_000))
  assert.ok(pauses > 2_400)
})

test('a place that was lost is told, and the follower goes on behind it', async () => {
  const log = new NumberedLog()
  log.count = 10
  const { lines, skipped } = await run(log, 5, (step) => {
    if (step === 1) {
      log.count = 30
      log.oldest = 20
    }
  })
  assert.deepEqual(lines, [...upTo(10), ...upTo(30).slice(20)])
  assert.deepEqual(skipped, [100])
})

test('a failure that somebody has to mend ends it', async () => {
  const over = new AbortController()
  await assert.rejects(
    followLog(
      {
        source: { read: () => Promise.reject(new Error('refused')) },
        onLines: () => {},
        onSkipped: () => {},
        onFailure: (error) => {
          throw error
        },
        pause: async () => {},
        signal: over.signal,
      },
      0,
    ),
    /refused/,
  )
})

test('a quiet log is asked at its own pace', async () => {
  const { waitedMs } = await run(new NumberedLog(), 10, () => {})
  assert.equal(waitedMs, 10 * POLL_MS)
})
