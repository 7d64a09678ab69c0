import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtempDisposable, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { credentialsContract } from '../../../testkit/src/contracts/credentials.contract.ts'
import { FileCredentialStore } from '../../src/credentials/file-credential-store.ts'
import { type FileSystem, nodeFileSystem } from '../../src/durable-file.ts'
import type { ClientError } from '../../src/errors.ts'
import { withFileLock } from '../../src/file-lock.ts'
import { FakeClientClock } from '../support/fake-clock.ts'
import { keep, kept, keyOf } from '../support/kept-tokens.ts'

const temporary = () => mkdtempDisposable(join(tmpdir(), 'breakwater-credentials-'))
const failing = (code: string) => async (): Promise<never> => {
  throw Object.assign(new Error(code), { code })
}

credentialsContract('files', async () => {
  const root = await temporary()
  const directory = join(root.path, 'credentials')
  let isFull = false
  const files: FileSystem = {
    ...nodeFileSystem,
    open: async (path, flags, mode) => (isFull && flags === 'wx' ? failing('ENOSPC')() : open(path, flags, mode)),
  }
  const store = new FileCredentialStore({ files }, { directory })
  return {
    store,
    other: async () => new FileCredentialStore({}, { directory }),
    read: (gateway) => readFile(store.pathOf(gateway), 'utf8'),
    write: (gateway, text) => writeFile(store.pathOf(gateway), text),
    refuseWrites: (isRefusing) => {
      isFull = isRefusing
    },
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  }
})

const token = { token: 't', scopes: [] }

test('the directory and the files in it are their owner’s alone, and nothing temporary is left', async () => {
  await using root = await temporary()
  const directory = join(root.path, 'state', 'credentials')
  const store = new FileCredentialStore({}, { directory })
  assert.equal(await kept(store), undefined)
  assert.deepEqual(await readdir(root.path), [], 'reading makes nothing')
  await keep(store, token)
  await keep(store, { token: 'u', scopes: [] }, { role: 'node' })
  for (const path of [directory, join(root.path, 'state')]) assert.equal((await stat(path)).mode & 0o777, 0o700)
  const names = (await readdir(directory)).sort()
  assert.equal(names.length, 2)
  assert.match(names[1] ?? '', /^ws-localhost-18789-[0-9a-f]{16}\.json$/)
  for (const name of names) assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600)
})

test('a file that became readable for others is private again with the next change', async () => {
  await using root = await temporary()
  const store = new FileCredentialStore({}, { directory: join(root.path, 'c') })
  await keep(store, token)
  await chmod(store.pathOf(keyOf()), 0o644)
  await keep(store, { token: 'new', scopes: [] })
  assert.equal((await stat(store.pathOf(keyOf()))).mode & 0o777, 0o600)
})

test('a directory that others can get at gets no credential, and the way out is named', async () => {
  await using root = await temporary()
  const directory = join(root.path, "it's open")
  await mkdir(directory)
  await chmod(directory, 0o755)
  const store = new FileCredentialStore({}, { directory })
  await assert.rejects(keep(store, token), (error: ClientError) => {
    assert.equal(error.code, 'CREDENTIALS_UNAVAILABLE')
    assert.equal(error.nextCommand, `chmod 700 '${root.path}/it'\\''s open'`)
    return true
  })
  assert.deepEqual(await readdir(directory), [])
  await chmod(directory, 0o700)
  await keep(store, token)
})

test('each gateway has a file of its own, loopback names share one, and no name tells a secret', async () => {
  await using root = await temporary()
  const store = new FileCredentialStore({}, { directory: root.path })
  const urls = [
    'ws://localhost:18789',
    'ws://127.0.0.1:18789',
    'ws://[::1]:18789/',
    'wss://user:secret@gateway.example.com/?key=hidden',
    'wss://gateway.example.com',
    `wss://${'long.'.repeat(40)}example.com/a`,
  ]
  const paths = urls.map((url) => store.pathOf(keyOf({ url })))
  assert.equal(new Set(paths).size, 4)
  for (const path of paths) assert.doesNotMatch(path, /secret|hidden|[^A-Za-z0-9./_-]/)
  for (const path of paths) assert.ok(path.length - root.path.length < 100)
})

test('a damaged file says which it is and how to move it away', async () => {
  await using root = await temporary()
  const store = new FileCredentialStore({}, { directory: join(root.path, 'c') })
  await keep(store, token)
  const path = store.pathOf(keyOf())
  await writeFile(path, '{"version":1')
  await assert.rejects(store.load(keyOf()), (error: ClientError) => {
    assert.ok(error.message.includes(path))
    assert.equal(error.nextCommand, `mv -n '${path}' '${path}.damaged'`)
    return true
  })
  await rename(path, `${path}.damaged`)
  assert.equal(await kept(store), undefined)
})

test('what the system is short of for the moment is told from what somebody has to mend', async () => {
  await using root = await temporary()
  for (const [code, expected] of [
    ['EMFILE', 'CREDENTIALS_BUSY'],
    ['EACCES', 'CREDENTIALS_UNAVAILABLE'],
    ['EISDIR', 'CREDENTIALS_UNAVAILABLE'],
  ]) {
    const files = { ...nodeFileSystem, readFile: failing(code ?? '') }
    const store = new FileCredentialStore({ files }, { directory: root.path })
    await assert.rejects(store.load(keyOf()), { code: expected })
  }
})

test('a write that cannot be finished leaves the old record and no litter', async () => {
  await using root = await temporary()
  const directory = join(root.path, 'c')
  await keep(new FileCredentialStore({}, { directory }), token)
  const before = await readdir(directory)
  const rude: Partial<FileSystem>[] = [
    { rename: failing('EIO') },
    {
      open: async (path, flags, mode) => {
        const file = await open(path, flags, mode)
        if (flags !== 'wx') return file
        return { writeFile: failing('ENOSPC'), sync: () => file.sync(), close: () => file.close() }
      },
    },
    {
      open: async (path, flags, mode) => {
        const file = await open(path, flags, mode)
        if (flags !== 'wx') return file
        return { writeFile: (text) => file.writeFile(text), sync: failing('EIO'), close: () => file.close() }
      },
    },
  ]
  for (const fault of rude) {
    const store = new FileCredentialStore({ files: { ...nodeFileSystem, ...fault } }, { directory })
    await assert.rejects(keep(store, { token: 'new', scopes: [] }), { code: 'CREDENTIALS_UNAVAILABLE' })
    assert.deepEqual(await readdir(directory), before)
    assert.deepEqual(await kept(store), token)
  }
})

test('a disk that reads back something else is not believed', async () => {
  await using root = await temporary()
  let isLying = false
  const files: FileSystem = {
    ...nodeFileSystem,
    rename: async (from, to) => {
      await rename(from, to)
      isLying = true
    },
    readFile: async (path, encoding) => (isLying ? '' : readFile(path, encoding)),
  }
  const store = new FileCredentialStore({ files }, { directory: join(root.path, 'c') })
  await assert.rejects(keep(store, token), { code: 'CREDENTIALS_UNAVAILABLE' })
})

test('what a killed writer left half-done is cleared away by the next one, and nothing else', async () => {
  await using root = await temporary()
  const directory = join(root.path, 'c')
  const store = new FileCredentialStore({}, { directory })
  await keep(store, token)
  const path = store.pathOf(keyOf())
  const others = [`${path}.damaged`, join(directory, 'other.json.1.tmp')]
  for (const file of [`${path}.999.tmp`, ...others]) await writeFile(file, '{')
  await keep(store, { token: 'new', scopes: [] })
  const left = (await readdir(directory)).map((name) => join(directory, name)).sort()
  assert.deepEqual(left, [join(directory, '.lock'), path, ...others].sort())
})

test('a writer that does not get its turn in time says so and has changed nothing', async () => {
  await using root = await temporary()
  const directory = join(root.path, 'c')
  const store = new FileCredentialStore({}, { directory, lockTimeoutMs: 50 })
  await keep(store, token)
  const held = Promise.withResolvers<void>()
  const lock = { path: join(directory, '.lock'), timeoutMs: 1_000 }
  const holding = withFileLock({ clock: new FakeClientClock(), random: () => 0 }, lock, () => held.promise)
  await assert.rejects(keep(store, { token: 'new', scopes: [] }), { code: 'CREDENTIALS_BUSY' })
  assert.deepEqual(await kept(store), token, 'reading needs no turn')
  held.resolve()
  await holding
  await keep(store, { token: 'new', scopes: [] })
})
