import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTlsPin } from '../src/tls-pin.ts'

const HEX = 'ab'.repeat(32)
const PAIRS = Array.from({ length: 32 }, () => 'AB').join(':')

test('every accepted form becomes the same lower-case hex', () => {
  const forms = [HEX, HEX.toUpperCase(), PAIRS, PAIRS.toLowerCase(), `sha256:${HEX}`, `SHA256:${PAIRS}`, ` ${HEX}\n`]
  for (const form of forms) assert.equal(parseTlsPin(form), HEX, form)
})

test('anything else is a configuration error', () => {
  const forms = [
    '',
    'sha256:',
    HEX.slice(1),
    `${HEX}0`,
    `${HEX.slice(0, 63)}g`,
    PAIRS.slice(0, -3),
    `${PAIRS}:AB`,
    PAIRS.replace(':', '-'),
    PAIRS.replace(':', ''),
    `sha1:${HEX}`,
    `sha256:sha256:${HEX}`,
    'q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=',
  ]
  for (const form of forms) assert.throws(() => parseTlsPin(form), { code: 'INVALID_OPTIONS' }, form)
})
