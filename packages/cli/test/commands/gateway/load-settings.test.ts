import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { loadSettings } from '../../../src/commands/gateway/load-settings.ts'
import { EXIT } from '../../../src/exit-codes.ts'
import { CommandError } from '../../../src/failure.ts'

async function inState(config: string | undefined) {
  const dir = await tempDir()
  if (config !== undefined) await writeFile(join(dir.path, 'breakwater.json'), config)
  return { ...dir, env: { BREAKWATER_STATE_DIR: dir.path }, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

const failsWith = (code: string, exitCode: number) => (error: unknown) =>
  error instanceof CommandError && error.failure.code === code && error.failure.exitCode === exitCode

test('without a configuration file the gateway starts only when told so, and both ways are named', async () => {
  await using state = await inState(undefined)
  await assert.rejects(loadSettings({}, state.env), (error) => {
    assert.ok(failsWith('UNCONFIGURED', EXIT.configuration)(error))
    const { nextStep = '' } = (error as CommandError).failure
    return nextStep.includes('--allow-unconfigured') && nextStep.includes(join(state.path, 'breakwater.json'))
  })
  const { options, hasConfigFile } = await loadSettings({ allowUnconfigured: true }, state.env)
  assert.equal(hasConfigFile, false)
  assert.equal(options.port, 18_789)
  assert.equal(options.bind, 'loopback')
  assert.deepEqual(options.auth, { mode: 'token', token: undefined })
})

test('flags win over the file, the file over the environment, the environment over a generated token', async () => {
  await using state = await inState('{ gateway: { port: 20000, auth: { token: "file" } } }')
  await using bare = await inState('{}')
  const withEnv = (env: Record<string, string>) => ({ ...env, BREAKWATER_GATEWAY_TOKEN: 'env' })
  const tokenOf = async (flags: object, env: Record<string, string>) => (await loadSettings(flags, env)).options.auth
  assert.deepEqual(await tokenOf({ token: 'flag' }, withEnv(state.env)), { mode: 'token', token: 'flag' })
  assert.deepEqual(await tokenOf({}, withEnv(state.env)), { mode: 'token', token: 'file' })
  assert.deepEqual(await tokenOf({}, withEnv(bare.env)), { mode: 'token', token: 'env' })
  assert.deepEqual(await tokenOf({}, bare.env), { mode: 'token', token: undefined })
  assert.equal((await loadSettings({ port: '0' }, state.env)).options.port, 0)
})

test('a password of the environment is enough for a file that asks for one', async () => {
  await using state = await inState('{ gateway: { auth: { mode: "password" } } }')
  const { options } = await loadSettings({}, { ...state.env, BREAKWATER_GATEWAY_PASSWORD: 'env' })
  assert.deepEqual(options.auth, { mode: 'password', password: 'env' })
  await assert.rejects(loadSettings({}, state.env), failsWith('CONFIG_INVALID', EXIT.configuration))
})

test('every mistake is named at once, with the flag it came from', async () => {
  await using state = await inState('{ gateway: { bind: 7, handshake: { localMs: "soon" } } }')
  await assert.rejects(loadSettings({ port: 'eighty' }, state.env), (error) => {
    assert.ok(failsWith('CONFIG_INVALID', EXIT.configuration)(error))
    const { message } = error as CommandError
    for (const part of ['gateway.bind', 'gateway.handshake.localMs', 'from --port'])
      assert.ok(message.includes(part), part)
    return true
  })
})

test('an unknown key is only a warning', async () => {
  await using state = await inState('{ gateway: { prot: 20000 } }')
  const { warnings } = await loadSettings({}, state.env)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /gateway\.prot.*did you mean gateway\.port/)
})

test('verbosity concerns the console only', async () => {
  await using state = await inState('{ logging: { level: "warn" } }')
  const { options } = await loadSettings({ verbose: true, wsLog: 'full' }, state.env)
  assert.equal(options.logging.level, 'warn')
  assert.equal(options.logging.consoleLevel, 'debug')
  assert.equal(options.wsLog, 'full')
})
