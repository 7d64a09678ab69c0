import assert from 'node:assert/strict'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { rotateTokenFile, TokenFile } from '../../src/auth/token-file.ts'
import type { LogFields, Logger } from '../../src/observe/logger.ts'

function recordingLog() {
  const lines: { level: string; message: string; fields: LogFields | undefined }[] = []
  const at = (level: string) => (message: string, fields?: LogFields) => void lines.push({ level, message, fields })
  const log: Logger = { child: () => log, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { log, lines }
}

interface SetupOptions {
  readonly token?: string
}

/** A file in memory: `content` is what reading gives, an Error is what it rejects with. */
function setup({ token = 'first' }: SetupOptions = {}) {
  const state: { content: string | undefined | Error; sign: (name: string | null) => void; isWatched: boolean } = {
    content: token,
    sign: () => {},
    isWatched: false,
  }
  const { log, lines } = recordingLog()
  const changes: string[] = []
  const file = new TokenFile(
    {
      log,
      onChange: (next) => changes.push(next),
      read: async () => {
        if (state.content instanceof Error) throw state.content
        return state.content
      },
      watchDirectory: (_directory, onSign) => {
        state.isWatched = true
        state.sign = onSign
        return { close: () => (state.isWatched = false) } as never
      },
    },
    { path: '/state/token', token, pollMs: 3_600_000 },
  )
  return { file, state, lines, changes }
}

test('a new token is told once, and stays', async () => {
  const { file, state, changes } = setup()
  file.start()
  state.content = 'second'
  await file.check()
  await file.check()
  assert.deepEqual(changes, ['second'])
  assert.equal(file.token, 'second')
  file.stop()
})

test('the token it was started with is no news', async () => {
  const { file, changes } = setup()
  file.start()
  await file.check()
  assert.deepEqual(changes, [])
  file.stop()
})

test('a sign about the file leads to reading it, one about its neighbours does not', async () => {
  const { file, state, changes } = setup()
  file.start()
  await file.check()
  state.content = 'second'
  state.sign('breakwater.sqlite-wal')
  await new Promise(setImmediate)
  assert.deepEqual(changes, [])
  state.sign('token')
  await new Promise(setImmediate)
  assert.deepEqual(changes, ['second'])
  file.stop()
})

test('a sign without a name may be about anything', async () => {
  const { file, state, changes } = setup()
  file.start()
  await file.check()
  state.content = 'second'
  state.sign(null)
  await new Promise(setImmediate)
  assert.deepEqual(changes, ['second'])
  file.stop()
})

for (const [title, content] of [
  ['a file that vanished', undefined],
  ['a file that cannot be read', new Error('/state/token is empty; remove it to have a new secret made')],
] as const) {
  test(`${title} keeps the last good token and is said once`, async () => {
    const { file, state, lines, changes } = setup()
    file.start()
    state.content = content
    await file.check()
    await file.check()
    assert.equal(file.token, 'first')
    assert.deepEqual(changes, [])
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn'],
    )
    state.content = 'second'
    await file.check()
    assert.deepEqual(changes, ['second'])
    file.stop()
  })
}

test('after stopping nothing is watched and nothing changes', async () => {
  const { file, state, changes } = setup()
  file.start()
  await file.check()
  const late = file.check()
  state.content = 'second'
  file.stop()
  await late
  assert.equal(state.isWatched, false)
  assert.deepEqual(changes, [])
})

test('the log names the file and never a token', async () => {
  const { file, state, lines } = setup({ token: 'first-secret' })
  file.start()
  state.content = 'second-secret'
  await file.check()
  assert.ok(lines.length > 0)
  assert.doesNotMatch(JSON.stringify(lines), /secret"|first-secret|second-secret/)
  file.stop()
})

test('rotating replaces the file by a private one with a new token', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'token')
  await writeFile(path, 'old\n', { mode: 0o644 })
  const token = await rotateTokenFile(path)
  assert.match(token, /^[A-Za-z0-9_-]{43}$/)
  assert.equal(await readFile(path, 'utf8'), `${token}\n`)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('on a real disk a rotation is noticed without polling, again and again', async () => {
  await using dir = await tempDir()
  const path = join(dir.path, 'token')
  const first = await rotateTokenFile(path)
  const { log } = recordingLog()
  let next = Promise.withResolvers<string>()
  const file = new TokenFile(
    { log, onChange: (token) => next.resolve(token) },
    { path, token: first, pollMs: 3_600_000 },
  )
  file.start()
  try {
    // The watch ends with the directory, not with the file: every replacement is a new inode.
    for (let round = 0; round < 3; round += 1) {
      next = Promise.withResolvers<string>()
      const rotated = await rotateTokenFile(path)
      assert.equal(await next.promise, rotated)
    }
    await rm(path)
    next = Promise.withResolvers<string>()
    const restored = await rotateTokenFile(path)
    assert.equal(await next.promise, restored)
  } finally {
    file.stop()
  }
})
