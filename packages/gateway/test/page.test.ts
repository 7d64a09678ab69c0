import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { limitOf, matchesText, type Page, pageOf } from '../src/page.ts'

describe('a page', () => {
  test('of an empty list is the last one', () => {
    assert.deepEqual(pageOf([], { limit: 5, offset: 0 }), {
      items: [],
      total: 0,
      offset: 0,
      limit: 5,
      hasMore: false,
      nextOffset: null,
    })
  })

  test('behind the end is the last one', () => {
    const { items, hasMore, nextOffset } = pageOf([1, 2], { limit: 1, offset: 9 })
    assert.deepEqual([items, hasMore, nextOffset], [[], false, null])
  })

  test('followed by the next gives every item exactly once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (all, limit) => {
        const seen: number[] = []
        for (let offset: number | null = 0; offset !== null; ) {
          const page: Page<number> = pageOf(all, { limit, offset })
          assert.equal(page.hasMore, page.nextOffset !== null)
          seen.push(...page.items)
          offset = page.nextOffset
        }
        assert.deepEqual(seen, all)
      }),
    )
  })

  test('is never larger than allowed', () => {
    const limits = { byDefault: 50, atMost: 200 }
    assert.deepEqual([limitOf(undefined, limits), limitOf(7, limits), limitOf(999, limits)], [50, 7, 200])
  })
})

describe('a text search', () => {
  test('ignores case and surrounding blanks, and finds everything when it looks for nothing', () => {
    assert.ok(matchesText(' Foo ', [undefined, 'a food']))
    assert.ok(!matchesText('foo', [undefined, 'bar']))
    assert.ok(matchesText('', []))
    assert.ok(matchesText(undefined, []))
  })
})
