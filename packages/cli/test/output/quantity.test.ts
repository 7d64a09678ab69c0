import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, formatBytes, formatMs, formatShare } from '../../src/output/quantity.ts'

test('durations use the two largest units that say something', () => {
  const cases: readonly [number, string][] = [
    [0, '0 ms'],
    [3.14, '3.1 ms'],
    [123.4, '123 ms'],
    [4_200, '4.2 s'],
    [60_000, '1 min'],
    [303_000, '5 min 3 s'],
    [7_800_000, '2 h 10 min'],
    [273_600_000, '3 d 4 h'],
  ]
  for (const [ms, text] of cases) assert.equal(formatMs(ms), text)
})

test('sizes, shares and counts read like sentences', () => {
  assert.equal(formatBytes(812), '812 B')
  assert.equal(formatBytes(65_536), '64 KiB')
  assert.equal(formatBytes(59_768_832), '57 MiB')
  assert.equal(formatBytes(1_288_490_189), '1.2 GiB')
  assert.equal(formatShare(0.0031), '0.3 %')
  assert.equal(count(1, 'client'), '1 client')
  assert.equal(count(2, 'client'), '2 clients')
})
