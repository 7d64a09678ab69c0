import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import JSON5 from 'json5'
import { findSpans } from '../../src/config/json5-spans.ts'
import { formatConfig, rewriteConfigText } from '../../src/config/rewrite-config-text.ts'

const rewrite = (text: string, to: unknown) => rewriteConfigText(text, JSON5.parse(text), to)

const MINE = `// My gateway
{
  gateway: {
    port: 18789, // the usual
    /* who may come in */
    auth: { mode: 'token', token: "abc" },
    trustedProxies: [
      '10.0.0.1', // nginx
    ],
  },
}
`

test('a changed value is replaced in place; comments, order and quotes of the rest stay', async () => {
  const to = JSON5.parse(MINE)
  to.gateway.port = 1
  to.gateway.auth.token = 'x'
  assert.equal(await rewrite(MINE, to), MINE.replace('18789', '1').replace('"abc"', '"x"'))
})

test('a new key is added behind the last one, in the indentation of its neighbours', async () => {
  const to = JSON5.parse(MINE)
  to.gateway.bind = 'lan'
  to.logging = { level: 'warn' }
  assert.equal(
    await rewrite(MINE, to),
    MINE.replace('    ],\n  },\n}', '    ],\n    "bind": "lan",\n  },\n  "logging": {\n    "level": "warn"\n  },\n}'),
  )
})

test('a removed key goes with its line, and plain JSON stays plain JSON', async () => {
  const json = '{\n  "a": 1,\n  "b": 2,\n  "c": { "d": 3 }\n}\n'
  assert.equal(await rewrite(json, { a: 1, c: { d: 3 } }), '{\n  "a": 1,\n  "c": { "d": 3 }\n}\n')
  assert.equal(await rewrite(json, { a: 1, b: 2 }), '{\n  "a": 1,\n  "b": 2\n}\n')
  assert.equal(
    await rewrite(json, { a: 1, b: 2, c: { d: 3, e: 4 } }),
    '{\n  "a": 1,\n  "b": 2,\n  "c": { "d": 3, "e": 4 }\n}\n',
  )
  assert.equal(await rewrite(json, { a: 1, b: 2, x: 5 }), '{\n  "a": 1,\n  "b": 2,\n  "x": 5\n}\n')
})

test('empty objects and empty texts are filled', async () => {
  assert.equal(await rewrite('{}', { a: { b: 1 } }), '{\n  "a": {\n    "b": 1\n  }\n}')
  assert.equal(await rewrite('{ // nothing yet\n}\n', { a: 1 }), '{ // nothing yet\n  "a": 1\n}\n')
})

test('a text that means the wanted value already is not touched', async () => {
  assert.equal(await rewrite(MINE, JSON5.parse(MINE)), MINE)
})

test('a text with spellings that cannot be edited in place is written anew', async () => {
  assert.equal(await rewrite('{ "\\u0061": 1, b: 2 } // c', { a: 2, b: 2 }), formatConfig({ a: 2, b: 2 }))
  assert.equal(await rewrite('{ a: 1, a: 2 }', { a: 3 }), '{ a: 3, a: 3 }')
})

/** Prints a value as JSON5 with random quotes, commas, comments and blanks. */
const anyText = (value: unknown): fc.Arbitrary<string> =>
  fc.array(fc.nat(), { minLength: 64, maxLength: 64 }).map((choices) => {
    let next = 0
    const pick = <T>(...options: T[]): T => options[(choices[next++ % choices.length] as number) % options.length] as T
    const gap = () => pick('', ' ', '\n', '  // } "x": ,\n', '/* ] { */', '\n    ')
    const print = (item: unknown): string => {
      if (Array.isArray(item))
        return `[${gap()}${item.map((entry) => print(entry) + gap()).join(`,${gap()}`)}${item.length > 0 ? pick('', ',') : ''}${gap()}]`
      if (typeof item !== 'object' || item === null)
        return typeof item === 'string' ? pick(JSON.stringify(item), JSON5.stringify(item)) : JSON.stringify(item)
      const members = Object.entries(item).map(
        ([key, member]) =>
          `${pick(JSON.stringify(key), JSON5.stringify(key))}${gap()}:${gap()}${print(member)}${gap()}`,
      )
      return `{${gap()}${members.join(`,${gap()}`)}${members.length > 0 ? pick('', ',') : ''}${gap()}}`
    }
    return gap() + print(value) + gap()
  })

const anyObject = fc.object({
  maxDepth: 3,
  maxKeys: 4,
  key: fc.constantFrom('a', 'b', 'c', 'd e', 'f"g', '$h'),
  values: [
    fc.string({ maxLength: 6 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 3 }),
  ],
})

test('whatever the layout, the rewritten text means exactly the wanted value', async () => {
  const anyCase = anyObject.chain((from) =>
    fc.tuple(anyText(from), fc.constant(from), fc.oneof(anyObject, mutated(from))),
  )
  await fc.assert(
    fc.asyncProperty(anyCase, async ([text, from, to]) => {
      assert.deepEqual(JSON5.parse(text), from)
      assert.deepEqual(JSON5.parse(await rewriteConfigText(text, from, to)), to)
    }),
    { numRuns: 1_000 },
  )
})

test('in-place editing succeeds for ordinary layouts: comments are lost only where keys need the full parser', async () => {
  let keptCount = 0
  let totalCount = 0
  const anyCase = anyObject.chain((from) => fc.tuple(anyText(from), fc.constant(from), mutated(from)))
  for (const [text, from, to] of fc.sample(anyCase, { numRuns: 500, seed: 4711 })) {
    if (findSpans(text) === undefined || JSON.stringify(from) === JSON.stringify(to)) continue
    totalCount += 1
    if ((await rewriteConfigText(text, from, to)) !== formatConfig(to)) keptCount += 1
  }
  assert.ok(totalCount > 100, `only ${totalCount} cases`)
  assert.equal(keptCount, totalCount)
})

/** The value with some members changed, added or removed. */
function mutated(from: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc.tuple(fc.subarray(Object.keys(from)), anyObject, fc.integer()).map(([kept, added, number]) => {
    const members = Object.entries(from).filter(([key]) => kept.includes(key))
    const extra = Object.entries(added).slice(0, 1)
    return Object.fromEntries([
      ...members.map(([key, value]) => [key, typeof value === 'number' ? number : value]),
      ...extra,
    ])
  })
}
