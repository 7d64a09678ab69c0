import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOSE } from '@breakwater/protocol'

test('close codes are pinned, each with a meaning', () => {
  const codes = Object.fromEntries(Object.entries(CLOSE).map(([name, { code }]) => [name, code]))
  assert.deepEqual(codes, {
    normal: 1000,
    protocolMismatch: 1002,
    abnormal: 1006,
    policy: 1008,
    tooBig: 1009,
    internal: 1011,
    restart: 1012,
    tryLater: 1013,
    clientTimeout: 4000,
    authChanged: 4001,
  })
  for (const [name, { meaning }] of Object.entries(CLOSE)) assert.match(meaning, /^[A-Z].*\.$/, name)
})
