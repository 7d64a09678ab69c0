import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LastSeq, observeSeq } from '../../src/connection/gap-detector.ts'

const gapsOf = (seqs: readonly (number | undefined)[]) => {
  let last: LastSeq
  return seqs.flatMap((seq) => {
    const seen = observeSeq(last, seq)
    last = seen.last
    return seen.gap === undefined ? [] : [seen.gap]
  })
}

test('a jump is a gap; the first number, frames without one, repeats and older ones are not', () => {
  assert.deepEqual(gapsOf([1, 2, 3]), [])
  assert.deepEqual(gapsOf([5, 6]), [])
  assert.deepEqual(gapsOf([1, undefined, 2]), [])
  assert.deepEqual(gapsOf([1, 2, 2, 1, 3]), [])
  assert.deepEqual(gapsOf([1, 4, 5]), [{ expected: 2, received: 4 }])
  assert.deepEqual(gapsOf([1, Number.NaN, 1.5, 2]), [])
})

test('dropping events from a stream is noticed exactly once per run of dropped ones', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (kept) => {
      // The first is always seen and so is the last: a loss at the very end shows with the next event only.
      const flags = [true, ...kept, true]
      const seqs = flags.flatMap((isKept, index) => (isKept ? [index + 1] : []))
      const runs = flags.filter((isKept, index) => !isKept && flags[index - 1] === true).length
      const gaps = gapsOf(seqs)
      assert.equal(gaps.length, runs)
      const lost = gaps.reduce((sum, { expected, received }) => sum + received - expected, 0)
      assert.equal(lost, flags.filter((isKept) => !isKept).length)
    }),
  )
})
