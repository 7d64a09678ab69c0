import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { readOrCreateSecret, readSecret } from '../../src/auth/secret-file.ts'

describe('a secret the gateway makes for itself', () => {
  test('is 43 characters of base64url, made once and kept', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'state', 'token')
    const secret = await readOrCreateSecret(path)
    assert.match(secret, /^[A-Za-z0-9_-]{43}$/)
    assert.equal(await readOrCreateSecret(path), secret)
    assert.equal(await readSecret(path), secret)
    assert.equal(await readFile(path, 'utf8'), `${secret}\n`)
  })

  test('is readable by its owner only, in a directory of theirs', async (t) => {
    if (process.platform === 'win32') return t.skip('no permission bits')
    await using dir = await tempDir()
    const path = join(dir.path, 'state', 'token')
    await readOrCreateSecret(path)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(join(dir.path, 'state'))).mode & 0o777, 0o700)
  })

  test('is the same for all who make it at the same time, and leaves no drafts', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'token')
    const secrets = await Promise.all(Array.from({ length: 20 }, () => readOrCreateSecret(path)))
    assert.equal(new Set(secrets).size, 1)
    assert.deepEqual(await readdir(dir.path), ['token'])
  })

  test('is another one in another place', async () => {
    await using dir = await tempDir()
    const [a, b] = [await readOrCreateSecret(join(dir.path, 'a')), await readOrCreateSecret(join(dir.path, 'b'))]
    assert.notEqual(a, b)
  })
})

describe('a secret that lies there already', () => {
  test('is taken as it is, without the white space around it', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'token')
    await writeFile(path, '  mine \r\n')
    assert.equal(await readOrCreateSecret(path), 'mine')
  })

  test('but is empty is never replaced behind its owner’s back', async () => {
    await using dir = await tempDir()
    const path = join(dir.path, 'token')
    await writeFile(path, '\n')
    await assert.rejects(readOrCreateSecret(path), /is empty/)
    assert.equal(await readFile(path, 'utf8'), '\n')
  })

  test('but cannot be read is an error, not an absence', async (t) => {
    if (process.getuid?.() === 0) return t.skip('root reads everything')
    await using dir = await tempDir()
    const path = join(dir.path, 'token')
    await writeFile(path, 'mine')
    await chmod(path, 0o000)
    await assert.rejects(readOrCreateSecret(path), { code: 'EACCES' })
  })
})

test('there is no secret where there is no file', async () => {
  await using dir = await tempDir()
  assert.equal(await readSecret(join(dir.path, 'none')), undefined)
})
