import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { findToken } from '../../../src/commands/token/find-token.ts'
import { CommandError } from '../../../src/failure.ts'

async function inState(files: Readonly<Record<string, string>>) {
  const dir = await tempDir()
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir.path, name), text)
  return { ...dir, env: { BREAKWATER_STATE_DIR: dir.path }, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

test('the configuration comes first, then the environment, then the generated file', async () => {
  await using configured = await inState({ 'breakwater.json': '{ gateway: { auth: { token: "c" } } }', token: 'f\n' })
  await using bare = await inState({ token: 'f\n' })
  const env = { ...bare.env, BREAKWATER_GATEWAY_TOKEN: 'e' }
  assert.deepEqual(await findToken({ ...env, ...configured.env }), {
    source: 'config',
    place: join(configured.path, 'breakwater.json'),
    token: 'c',
  })
  assert.deepEqual(await findToken(env), { source: 'environment', place: 'BREAKWATER_GATEWAY_TOKEN', token: 'e' })
  assert.deepEqual(await findToken(bare.env), { source: 'file', place: join(bare.path, 'token'), token: 'f' })
})

test('before the first start there is a place and no token', async () => {
  await using state = await inState({})
  assert.deepEqual(await findToken(state.env), { source: 'file', place: join(state.path, 'token'), token: undefined })
})

test('a gateway that uses no token says so', async () => {
  await using state = await inState({ 'breakwater.json': '{ gateway: { auth: { mode: "none" } } }' })
  await assert.rejects(
    findToken(state.env),
    (error) => error instanceof CommandError && error.failure.code === 'NO_TOKEN',
  )
})

test('a configuration with mistakes gives no token away', async () => {
  await using state = await inState({ 'breakwater.json': '{ gateway: { auth: { mode: "magic" } } }', token: 'f' })
  await assert.rejects(
    findToken(state.env),
    (error) => error instanceof CommandError && error.failure.code === 'CONFIG_INVALID',
  )
})
