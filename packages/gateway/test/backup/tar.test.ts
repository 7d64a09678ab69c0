// Archives of ours are read by the system's tar, and nothing but simple archives is read by us.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { tempDir } from '../../../testkit/src/temp-dir.ts'
import {
  decodeTarHeader,
  encodeTarHeader,
  readerOf,
  TAR_END,
  type TarHeader,
  tarPadding,
} from '../../src/backup/tar.ts'

const hasTar = (() => {
  try {
    execFileSync('tar', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

test('the system reads what is written', { skip: hasTar ? false : 'no tar on this machine' }, async () => {
  await using dir = await tempDir()
  const long = `state/${'d'.repeat(80)}/${'f'.repeat(60)}`
  const files = [
    ['state/a', 'hello'],
    [long, 'x'.repeat(1_500)],
    ['state/empty', ''],
  ] as const
  const parts = files.flatMap(([path, text]) => [
    encodeTarHeader({ path, bytes: text.length, mode: 0o600, modifiedAtMs: 1_700_000_000_000 }),
    Buffer.from(text),
    tarPadding(text.length),
  ])
  const archive = join(dir.path, 'a.tar')
  await writeFile(archive, Buffer.concat([...parts, TAR_END]))
  await mkdir(join(dir.path, 'out'))
  execFileSync('tar', ['-xf', archive, '-C', join(dir.path, 'out')])
  for (const [path, text] of files) assert.equal(await readFile(join(dir.path, 'out', path), 'utf8'), text)
})

test('a header comes back as it was', () => {
  const segment = fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/)
  const header: fc.Arbitrary<TarHeader> = fc.record({
    path: fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/')),
    bytes: fc.nat(),
    mode: fc.integer({ min: 0, max: 0o777 }),
    modifiedAtMs: fc.nat().map((seconds) => seconds * 1_000),
  })
  fc.assert(fc.property(header, (value) => assert.deepEqual(decodeTarHeader(encodeTarHeader(value)), { ...value })))
})

test('a changed byte of a header is noticed', () => {
  const block = encodeTarHeader({ path: 'state/a', bytes: 5, mode: 0o600, modifiedAtMs: 0 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 511 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Buffer.from(block)
      changed[at] = (changed[at] ?? 0) ^ change
      try {
        assert.deepEqual(decodeTarHeader(changed), decodeTarHeader(block))
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'BACKUP_UNUSABLE')
      }
    }),
  )
})

test('links and devices are refused', () => {
  const block = encodeTarHeader({ path: 'state/a', bytes: 0, mode: 0o600, modifiedAtMs: 0 })
  for (const type of ['1', '2', '3', '5', 'x', 'L']) {
    const other = Buffer.from(block)
    other.write(type, 156, 'latin1')
    let sum = 0
    for (const [at, byte] of other.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
    other.write(`${sum.toString(8).padStart(6, '0')}\0`, 148, 'latin1')
    assert.throws(() => decodeTarHeader(other), { code: 'BACKUP_UNUSABLE' }, type)
  }
})

test('bytes are taken apart however they arrive', async () => {
  const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256))
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
  }
  const reader = readerOf(chunks())
  assert.deepEqual(await reader.take(512), bytes.subarray(0, 512))
  assert.deepEqual(await reader.take(3), bytes.subarray(512, 515))
  assert.deepEqual(await reader.take(10_000), bytes.subarray(515))
  assert.equal((await reader.take(1)).length, 0)
})
