import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { lstat, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { replaceFile } from '../../src/config/replace-file.ts'
import { createConfigDirectory } from './config-fixture.ts'

test('the text is there, readable by its owner only, and nothing else is left behind', async () => {
  await using directory = await createConfigDirectory()
  const path = join(directory.path, 'new', 'breakwater.json')
  await replaceFile(path, 'one')
  await replaceFile(path, 'two')
  assert.equal(await readFile(path, 'utf8'), 'two')
  assert.deepEqual(await readdir(join(directory.path, 'new')), ['breakwater.json'])
  if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600)
})

test('a symbolic link stays a link, and its target is replaced', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('dotfiles/mine.json', 'old')
  await symlink(join(directory.path, 'dotfiles/mine.json'), directory.configPath)
  await replaceFile(directory.configPath, 'new')
  assert.ok((await lstat(directory.configPath)).isSymbolicLink())
  assert.equal(await readFile(join(directory.path, 'dotfiles/mine.json'), 'utf8'), 'new')
})

test('a failure leaves the old text and no draft', async () => {
  await using directory = await createConfigDirectory()
  await mkdir(join(directory.path, 'breakwater.json'))
  await assert.rejects(replaceFile(directory.configPath, 'new'), { code: /EISDIR|EPERM|ENOTEMPTY/ })
  assert.deepEqual(await readdir(directory.path), ['breakwater.json'])
})

test('drafts of writers that died are cleared away, those of living writers are not', async () => {
  await using directory = await createConfigDirectory()
  for (const name of ['.breakwater.json.new-1-dead', '.breakwater.json.new-2-busy', '.other.json.new-1-dead']) {
    await directory.write(name, 'half')
  }
  const longAgo = new Date(Date.now() - 3_600_000)
  await utimes(join(directory.path, '.breakwater.json.new-1-dead'), longAgo, longAgo)
  await utimes(join(directory.path, '.other.json.new-1-dead'), longAgo, longAgo)
  await replaceFile(directory.configPath, 'new')
  const left = await readdir(directory.path)
  assert.deepEqual(left.sort(), ['.breakwater.json.new-2-busy', '.other.json.new-1-dead', 'breakwater.json'])
})

const TEXT_BYTES = 1_800_000
/** Replaces the file by ever newer texts, saying each one's number once it is on disk. */
const WRITER = `
import { replaceFile } from ${JSON.stringify(import.meta.resolve('../../src/config/replace-file.ts'))}
for (let n = 1; ; n += 1) {
  await replaceFile(process.argv[1], String(n).padStart(9, '0').repeat(${TEXT_BYTES} / 9))
  process.stdout.write(n + '\\n')
}`

/** Starts a writer and kills it on the n-th change in the directory after its first acknowledgement. */
async function killOnChange(directory: string, path: string, changeCount: number): Promise<number> {
  const args = ['--conditions=source', '--input-type=module', '-e', WRITER, path]
  const writer = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  const { promise: isWriting, resolve } = Promise.withResolvers<void>()
  writer.stdout.on('data', (chunk) => {
    output += chunk
    resolve()
  })
  await isWriting
  const changes = watch(directory)
  for (let seen = 0; seen < changeCount; seen += 1) await once(changes, 'change')
  writer.kill('SIGKILL')
  await once(writer, 'close')
  changes.close()
  return Number(output.trimEnd().split('\n').at(-1))
}

test('killed in mid-write, a writer leaves a whole text: the last acknowledged one or its successor', async () => {
  await using directory = await createConfigDirectory()
  await writeFile(directory.configPath, '')
  for (let round = 0; round < 16; round += 1) {
    const acknowledged = await killOnChange(directory.path, directory.configPath, 1 + (round % 8))
    const text = await readFile(directory.configPath, 'utf8')
    const found = Number(text.slice(0, 9))
    assert.ok(text === text.slice(0, 9).repeat(TEXT_BYTES / 9), `round ${round}: torn at ${text.length} bytes`)
    assert.ok(found === acknowledged || found === acknowledged + 1, `round ${round}: ${found} after ${acknowledged}`)
  }
})
