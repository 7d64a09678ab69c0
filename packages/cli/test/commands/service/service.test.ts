// The gateway as a service from installing to uninstalling, under a systemd user manager where one runs, else under a
// stand-in that runs the unit's program; and the same commands for a gateway that nobody manages.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { spawnGateway, tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'

const BIN = fileURLToPath(new URL('../../../src/bin.ts', import.meta.url))
const FAKE = fileURLToPath(new URL('./fake-systemctl.ts', import.meta.url))
const isBuilt = await stat(new URL('../../../dist/bin.js', import.meta.url)).then(
  () => true,
  () => false,
)

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A process of its own: it finds systemctl on its PATH. */
async function command(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=source', BIN, 'gateway', ...args], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    written.out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    written.err += String(chunk)
  })
  const [code] = await once(child, 'close')
  return { code: code as number | null, ...written }
}

const userManager = spawnSync('systemctl', ['--user', 'is-system-running'], { encoding: 'utf8' }).stdout?.trim() ?? ''
const hasRealManager = userManager === 'running' || userManager === 'degraded'

test('a service is installed, seen, started again, stopped and uninstalled', {
  skip:
    process.platform !== 'linux'
      ? 'systemd is a matter of Linux'
      : isBuilt
        ? false
        : 'packages/cli/dist is missing: npm run build',
  timeout: 120_000,
}, async (t) => {
  await using dir = await tempDir()
  t.diagnostic(
    hasRealManager
      ? 'a real systemd user manager'
      : `no systemd user manager here (${userManager || 'none'}): a stand-in runs the unit`,
  )
  const stateDir = join(dir.path, 'my state')
  await mkdir(stateDir, { mode: 0o700 })
  await writeFile(join(stateDir, 'breakwater.json'), '{ gateway: { port: 0 } }', { mode: 0o600 })
  const name = `breakwater-test-${process.pid}`
  const env: Record<string, string> = { BREAKWATER_STATE_DIR: stateDir }
  if (!hasRealManager) {
    const own = join(dir.path, 'fake')
    await mkdir(own)
    const systemctl = join(own, 'systemctl')
    await writeFile(systemctl, `#!/bin/sh\nexec "${process.execPath}" --conditions=source "${FAKE}" "${own}" "$@"\n`)
    await chmod(systemctl, 0o755)
    Object.assign(env, { PATH: `${own}:${process.env.PATH}`, XDG_CONFIG_HOME: join(dir.path, 'config') })
  }
  const gateway = (...args: string[]) => command(env, ...args, '--name', name, '--json')
  try {
    const installed = await gateway('install')
    assert.equal(installed.code, EXIT.ok, installed.out + installed.err)
    const { pid, definition } = JSON.parse(installed.out)
    assert.match(await readFile(definition, 'utf8'), /^Environment="BREAKWATER_STATE_DIR=.*my state"$/m)

    const status = JSON.parse((await gateway('status')).out)
    assert.deepEqual(
      [
        status.running,
        status.gateway.pid,
        status.service.isInstalled,
        status.service.isRunning,
        status.service.isEnabled,
      ],
      [true, pid, true, true, true],
    )
    assert.equal(JSON.parse((await gateway('start')).out).started, false)

    const restarted = await gateway('restart')
    assert.equal(restarted.code, EXIT.ok, restarted.out)
    assert.notEqual(JSON.parse(restarted.out).pid, pid)

    assert.deepEqual(JSON.parse((await gateway('stop')).out).stopped, true)
    assert.equal((await gateway('status')).code, EXIT.unreachable)
    assert.equal(JSON.parse((await gateway('start')).out).started, true)
  } finally {
    const gone = await gateway('uninstall')
    assert.equal(gone.code, EXIT.ok, gone.out)
  }
  assert.equal((await stat(join(stateDir, 'token'))).isFile(), true)
  const again = await gateway('uninstall')
  assert.equal(JSON.parse(again.out).error.code, 'SERVICE_NOT_INSTALLED')
})

test('a gateway in a terminal is stopped by its process, and starting it again is left to whoever started it', async () => {
  await using gateway = await spawnGateway({ config: '{ gateway: { port: 0 } }' })
  const env = { BREAKWATER_STATE_DIR: gateway.stateDir }
  const status = jsonOf(await run(['gateway', 'status', '--json'], { env }))
  assert.deepEqual([status.running, status.gateway.pid, status.service.isRunning], [true, gateway.pid, false])
  const restart = await run(['gateway', 'restart', '--json'], { env })
  assert.equal(jsonOf(restart).error.code, 'NOT_A_SERVICE')
  assert.equal(jsonOf(await run(['gateway', 'start', '--json'], { env })).started, false)
  const exited = once(gateway.child, 'exit')
  const stopped = jsonOf(await run(['gateway', 'stop', '--json'], { env }))
  assert.deepEqual(stopped, { stopped: true, pid: gateway.pid })
  assert.deepEqual(await exited, [0, null])
  assert.deepEqual(jsonOf(await run(['gateway', 'stop', '--json'], { env })), { stopped: false })
})

test('where nothing looks after services that is said with the way to run it', async () => {
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const start = await run(['gateway', 'start', '--json', '--name', 'breakwater-nobody'], { env })
  assert.deepEqual([start.code, jsonOf(start).error.code], [EXIT.failed, 'SERVICE_NOT_INSTALLED'])
  assert.equal((await run(['gateway', 'install', '--print', '--name', 'No Name'], { env })).code, EXIT.usage)
  const status = await run(['gateway', 'status'], { env })
  assert.equal(status.code, EXIT.unreachable)
  assert.match(status.out, /^No gateway is running here\.\nnext: breakwater gateway install/)
})

test('secrets of the environment are in no definition', async () => {
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: dir.path, BREAKWATER_GATEWAY_TOKEN: 'top-secret-0123456789' }
  const { out } = await run(['gateway', 'install', '--print'], { env })
  assert.ok(!out.includes('top-secret'))
  assert.ok(out.includes(dir.path))
})

test('under sudo the service of the machine has the files of the person who called it', {
  skip: process.platform === 'win32' ? 'there is no sudo' : false,
}, async () => {
  const { out } = await run(['gateway', 'install', '--print', '--system'], { env: { SUDO_USER: 'root' } })
  assert.match(out, /BREAKWATER_STATE_DIR=\/root\/\.breakwater|<string>\/var\/root\/\.breakwater/)
  assert.match(out, /User=root|<key>UserName<\/key>/)
})
