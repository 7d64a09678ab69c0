// The launcher with Nodes that are new enough and too old, and with a program that was not built.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@breakwater/testkit'

const PACKAGE = fileURLToPath(new URL('../', import.meta.url))
const ROOT = join(PACKAGE, '..', '..')
const LAUNCHER = join(PACKAGE, 'bin', 'breakwater.js')
const MIN_MAJOR = 24

const isBuilt = existsSync(join(PACKAGE, 'dist', 'bin.js'))
const oldNode = findOldNode()
const unbuilt = isBuilt ? false : 'packages/cli/dist is missing: npm run build'
const noOldNode = unbuilt || (oldNode === undefined ? `no Node below ${MIN_MAJOR} on this machine` : false)

/** A Node of the machine that the launcher must not use; BREAKWATER_OLD_NODE names one elsewhere. */
function findOldNode(): string | undefined {
  const candidates = [process.env.BREAKWATER_OLD_NODE, '/usr/bin/node', '/usr/local/bin/node']
  return candidates.find((file) => {
    if (file === undefined || !existsSync(file)) return false
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
    return Number(/^v(\d+)/.exec(stdout)?.[1] ?? MIN_MAJOR) < MIN_MAJOR
  })
}

const launch = (node: string, args: readonly string[], launcher = LAUNCHER) =>
  spawnSync(node, [launcher, ...args], { encoding: 'utf8', env: { ...process.env, NODE_COMPILE_CACHE: undefined } })

test('the built command runs', { skip: unbuilt }, () => {
  const { status, stdout } = launch(process.execPath, ['--version'])
  assert.equal(status, 0)
  assert.match(stdout, /^breakwater \d/)
})

test('a Node that is too old hands over to the pinned one, with arguments, output and exit code', {
  skip: noOldNode,
}, () => {
  const version = launch(oldNode ?? '', ['--version'])
  assert.equal(version.status, 0, version.stderr)
  assert.match(version.stdout, /^breakwater \d/)
  const usage = launch(oldNode ?? '', ['status', '--no-such-option', 'a b'])
  assert.equal(usage.status, 2)
  assert.match(usage.stderr, /unknown option '--no-such-option'/)
})

test('signals pass through the launcher, and the exit code comes back', { skip: noOldNode }, async () => {
  await using dir = await tempDir()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = spawn(oldNode ?? '', [LAUNCHER, 'gateway', '--allow-unconfigured', '--port', '0'], {
      env: { ...process.env, BREAKWATER_STATE_DIR: dir.path },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += String(chunk)
    })
    const ended = once(child, 'close')
    while (!/\[gateway\] ready/.test(out)) {
      const isOver = await Promise.race([once(child.stdout, 'data').then(() => false), ended.then(() => true)])
      if (isOver) assert.fail(`ended before it was ready: ${out}`)
    }
    child.kill(signal)
    const [code] = await ended
    assert.equal(code, 0)
    assert.match(out, new RegExp(`stopping \\(signal=${signal}\\)`))
  }
})

test('without the pinned Node a person is told how to get it', { skip: noOldNode }, async () => {
  await using dir = await tempDir()
  const { status, stderr } = launch(oldNode ?? '', ['--version'], copyLauncher(dir.path))
  assert.equal(status, 1)
  assert.match(stderr, /^error: breakwater needs Node 24 or later, this is v\d+/)
  assert.match(stderr, /\nnext: npm ci/)
})

test('a program that was not built says how to build it', async () => {
  await using dir = await tempDir()
  const { status, stderr } = launch(process.execPath, ['--version'], copyLauncher(dir.path))
  assert.equal(status, 1)
  assert.match(stderr, /^error: breakwater is not built yet\nnext: npm ci \(or npm run build\)/)
})

test('called through a link, as npm installs it, the program is found', { skip: unbuilt }, async () => {
  await using dir = await tempDir()
  const link = join(dir.path, 'breakwater')
  symlinkSync(LAUNCHER, link)
  const { status, stderr } = launch(process.execPath, ['--version'], link)
  assert.equal(status, 0, stderr)
})

test('the pinned Node is part of this repository', () => {
  assert.ok(existsSync(join(ROOT, 'node_modules', 'node', 'package.json')))
})

/** The launcher alone, away from everything it looks for. */
function copyLauncher(directory: string): string {
  const target = join(directory, 'bin', 'breakwater.mjs')
  mkdirSync(join(directory, 'bin'))
  cpSync(LAUNCHER, target)
  return target
}
