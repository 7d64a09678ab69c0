import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { drawBelow } from '../src/random.ts'

test('a draw is a whole number in [0, bound) for every fraction and bound', () => {
  const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fraction, fc.integer({ min: 1, max: 86_400_000 }), (draw, bound) => {
      const result = drawBelow(draw, bound)
      assert.ok(Number.isInteger(result) && result >= 0 && result < bound)
    }),
  )
})

test('a draw stays below the bound even when the source returns 1, more, less or no number', () => {
  for (const rude of [1, 1.5, Infinity]) assert.equal(drawBelow(rude, 2_000), 1_999)
  for (const rude of [-1, -Infinity, Number.NaN]) assert.equal(drawBelow(rude, 2_000), 0)
})

test('a bound of 0 or 1 leaves only 0', () => {
  assert.equal(drawBelow(0.99, 0), 0)
  assert.equal(drawBelow(1, 1), 0)
})

test('draws fill the range evenly', () => {
  const counts = new Array<number>(10).fill(0)
  for (let index = 0; index < 1_000; index += 1) {
    const bucket = Math.floor(drawBelow(index / 1_000, 2_000) / 200)
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  assert.deepEqual(counts, new Array<number>(10).fill(100))
})
