import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { EXIT } from '../../src/exit-codes.ts'
import { CommandError } from '../../src/failure.ts'
import { readFacts } from '../../src/target/read-facts.ts'

const silent = { note: () => {} }

test('an empty state directory says nothing, and the defaults hold', async () => {
  await using dir = await tempDir()
  const facts = await readFacts({ env: { BREAKWATER_STATE_DIR: dir.path }, ...silent })
  assert.equal(facts.settings.port, 18_789)
  assert.equal(facts.ownerSocket, undefined)
  assert.deepEqual(facts.tokenFile, { path: join(dir.path, 'token'), token: undefined })
  assert.equal(facts.configPath, join(dir.path, 'breakwater.json'))
  assert.equal(facts.certificateFingerprint, undefined)
})

test('configuration, token file, environment and a real socket are all found', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { port: 20000 } } // JSON5')
  await writeFile(join(dir.path, 'token'), 'secret\n')
  await mkdir(join(dir.path, 'run'))
  const socket = join(dir.path, 'run', 'gateway.sock')
  const server = createServer().listen(socket)
  try {
    const env = { BREAKWATER_STATE_DIR: dir.path, BREAKWATER_GATEWAY_TOKEN: 'e', BREAKWATER_GATEWAY_PASSWORD: 'p' }
    const facts = await readFacts({ env, ...silent })
    assert.equal(facts.settings.port, 20_000)
    assert.equal(facts.ownerSocket, socket)
    assert.equal(facts.tokenFile.token, 'secret')
    assert.deepEqual(facts.env, { token: 'e', password: 'p' })
  } finally {
    server.close()
  }
})

test('an ordinary file in the place of the socket is no socket', async () => {
  await using dir = await tempDir()
  await mkdir(join(dir.path, 'run'))
  await writeFile(join(dir.path, 'run', 'gateway.sock'), '')
  const facts = await readFacts({ env: { BREAKWATER_STATE_DIR: dir.path }, ...silent })
  assert.equal(facts.ownerSocket, undefined)
})

test('mistakes in the configuration are said and do not keep anybody from the gateway', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { port: "eighty" } }')
  const notes: string[] = []
  const facts = await readFacts({ env: { BREAKWATER_STATE_DIR: dir.path }, note: (text) => notes.push(text) })
  assert.equal(facts.settings.port, 18_789)
  assert.equal(notes.length, 1)
  assert.match(notes[0] ?? '', /gateway\.port: expected an integer/)
})

test('an empty token file is named before anything is tried', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'token'), '\n')
  await assert.rejects(
    readFacts({ env: { BREAKWATER_STATE_DIR: dir.path }, ...silent }),
    (error) => error instanceof CommandError && error.failure.exitCode === EXIT.configuration,
  )
})
