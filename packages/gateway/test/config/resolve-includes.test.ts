// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { MAX_INCLUDE_DEPTH, MAX_INCLUDED_CHARS, MAX_INCLUDED_FILES } from '../../src/config/resolve-includes.ts'
import { assertValid, type ConfigDirectory, createConfigDirectory, issuesOf } from './config-fixture.ts'

test('an included file takes the place of its directive, anywhere in the file', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('parts/auth.json5', '{ mode: "none" } // local only')
  await directory.write('proxies.json', '["10.0.0.1"]')
  const load = await directory.load(
    '{ gateway: { auth: { $include: "parts/auth.json5" }, trustedProxies: { $include: "./proxies.json" } } }',
  )
  assertValid(load)
  assert.deepEqual([load.config.gateway.auth.mode, load.config.gateway.trustedProxies], ['none', ['10.0.0.1']])
  assert.deepEqual(load.sourcePaths, [
    directory.configPath,
    join(directory.path, 'parts/auth.json5'),
    join(directory.path, 'proxies.json'),
  ])
  assert.deepEqual(load.parsed.gateway, {
    auth: { $include: 'parts/auth.json5' },
    trustedProxies: { $include: './proxies.json' },
  })
})

test('later files win over earlier ones and keys beside the directive over both; lists append', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('a.json5', '{ gateway: { port: 1, bind: "lan", trustedProxies: ["10.0.0.1"] } }')
  await directory.write('b.json5', '{ gateway: { port: 2, trustedProxies: ["10.0.0.2"], allowedHosts: ["b"] } }')
  const load = await directory.load(
    '{ gateway: { port: 3, trustedProxies: ["10.0.0.3"] }, $include: ["a.json5", "b.json5"] }',
  )
  assertValid(load)
  const { port, bind, trustedProxies, allowedHosts } = load.config.gateway
  assert.deepEqual([port, bind, trustedProxies, allowedHosts], [3, 'lan', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], ['b']])
})

test('paths start at the file they are written in', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('deep/one.json5', '{ $include: "two.json5" }')
  await directory.write('deep/two.json5', '{ gateway: { port: 7 } }')
  const load = await directory.load('{ $include: "deep/one.json5" }')
  assertValid(load)
  assert.equal(load.config.gateway.port, 7)
})

test('a variable inside an included file is substituted', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('secret.json5', '{ token: "${TOKEN}" }')
  const load = await directory.load('{ gateway: { auth: { $include: "secret.json5" } } }', { TOKEN: 'abc' })
  assertValid(load)
  assert.equal(load.config.gateway.auth.token, 'abc')
})

const bad = async (directory: ConfigDirectory, text: string): Promise<string> => {
  const load = await directory.load(text)
  assert.equal(load.valid, false)
  return issuesOf(load).join('\n').replaceAll(directory.path, '.')
}

test('missing, misspelt, broken and misplaced includes name the place and the file', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('broken.json5', '{ gateway: ')
  await directory.write('list.json5', '[]')
  assert.equal(
    await bad(directory, '{ gateway: { $include: "no.json5" } }'),
    'gateway.$include: ./no.json5: no such file',
  )
  assert.equal(
    await bad(directory, '{ gateway: { $include: 5 } }'),
    'gateway.$include: expected a file name or a list of file names',
  )
  assert.match(await bad(directory, '{ $include: "broken.json5" }'), /^\.\/broken\.json5: not valid JSON5: .* line 1/)
  assert.equal(
    await bad(directory, '{ gateway: { $include: "list.json5", port: 1 } }'),
    'gateway.$include: keys beside an $include need the included file to hold an object',
  )
})

test('files that include each other are refused with the whole chain', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('a.json5', '{ $include: "b.json5" }')
  await directory.write('b.json5', '{ x: { $include: "a.json5" } }')
  assert.equal(
    await bad(directory, '{ $include: "a.json5" }'),
    'x.$include: files include each other: ./breakwater.json -> ./a.json5 -> ./b.json5 -> ./a.json5',
  )
  assert.match(await bad(directory, '{ $include: "breakwater.json" }'), /files include each other/)
})

test('depth and number of files are bounded', async () => {
  await using directory = await createConfigDirectory()
  const last = MAX_INCLUDE_DEPTH + 1
  for (let index = 1; index <= last; index += 1)
    await directory.write(`${index}.json5`, `{ $include: "${index + 1}.json5" }`)
  await directory.write(`${last + 1}.json5`, '{}')
  assert.equal(
    await bad(directory, '{ $include: "1.json5" }'),
    `$include: nested deeper than ${MAX_INCLUDE_DEPTH} files`,
  )
  // Two includes per level double the work with every level: 1,024 files from ten lines.
  for (let index = 1; index < MAX_INCLUDE_DEPTH; index += 1) {
    const next = `{ $include: "${index + 1}.json5" }`
    await directory.write(`${index}.json5`, `{ l: ${next}, r: ${next} }`)
  }
  assert.match(
    await bad(directory, '{ $include: "1.json5" }'),
    new RegExp(`more than ${MAX_INCLUDED_FILES} included files`),
  )
})

test('the size of everything included together is bounded', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('big.json', JSON.stringify({ text: 'x'.repeat(1_000_000) }))
  const text = JSON.stringify({ list: Array(5).fill({ $include: 'big.json' }) })
  assert.equal(await bad(directory, text), `list[4].$include: more than ${MAX_INCLUDED_CHARS} characters included`)
})

test('only files below the configuration directory, or a listed one, are read; links do not help', async () => {
  await using directory = await createConfigDirectory()
  await using other = await createConfigDirectory()
  await other.write('port.json5', '{ port: 9 }')
  await symlink(join(other.path, 'port.json5'), join(directory.path, 'link.json5'))
  const absolute = `{ gateway: { $include: ${JSON.stringify(join(other.path, 'port.json5'))} } }`
  assert.match(await bad(directory, absolute), /outside the directories it may be in$/)
  assert.match(await bad(directory, '{ $include: "link.json5" }'), /outside the directories it may be in$/)
  assert.match(await bad(directory, '{ $include: "../../../../etc/passwd" }'), /outside the directories|no such file/)
  const load = await directory.load(absolute, { BREAKWATER_INCLUDE_ROOTS: other.path })
  assertValid(load)
  assert.equal(load.config.gateway.port, 9)
})

test('a pipe cannot be included', { skip: process.platform === 'win32' }, async () => {
  await using directory = await createConfigDirectory()
  execFileSync('mkfifo', [join(directory.path, 'pipe')])
  assert.match(await bad(directory, '{ $include: "pipe" }'), /not a regular file$/)
})
