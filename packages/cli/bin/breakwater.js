#!/usr/bin/env node
// Launcher: finds a Node that is new enough, turns the compile cache on and loads the built command. Plain JavaScript
// that old Nodes can read too; does nothing else, so that every failure in here has one clear fix.

import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const MIN_NODE_MAJOR = 24
/** Set for the second attempt only, so that a wrong Node is reported instead of tried for ever. */
const ATTEMPT = 'BREAKWATER_LAUNCHER_ATTEMPT'
/** What a person can send to a running gateway; the terminal's own signals reach the child without us. */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']

const launcher = fileURLToPath(import.meta.url)
const packageDir = dirname(dirname(launcher))
const entry = join(packageDir, 'dist', 'bin.js')

const isRetry = process.env[ATTEMPT] !== undefined
delete process.env[ATTEMPT]

if (Number(process.versions.node.split('.')[0]) < MIN_NODE_MAJOR) runWithPinnedNode()
else await load()

async function load() {
  if (!existsSync(entry)) {
    fail('breakwater is not built yet', 'npm ci (or npm run build), in the directory that holds package.json')
    return
  }
  enableCompileCache()
  await import('../dist/bin.js')
}

/**
 * Compiled code is loaded as it is, so the cache lies where only who may change this program can write: beside it, or,
 * when that is not ours to write, in the user's own cache directory. Never in a directory that all users share.
 */
function enableCompileCache() {
  if (process.env.NODE_COMPILE_CACHE !== undefined) {
    module.enableCompileCache()
    return
  }
  const beside = join(packageDir, 'dist')
  const own = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'breakwater')
  module.enableCompileCache(join(isWritable(beside) ? beside : own, 'compile-cache'))
}

function isWritable(directory) {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function runWithPinnedNode() {
  const pinned = isRetry ? undefined : findPinnedNode()
  if (pinned === undefined) {
    fail(
      `breakwater needs Node ${MIN_NODE_MAJOR} or later, this is ${process.version} (${process.execPath})`,
      'npm ci (it installs the right Node beside the program), or install Node 24 and put it first on PATH',
    )
    return
  }
  const args = [...process.execArgv, launcher, ...process.argv.slice(2)]
  const env = { ...process.env, [ATTEMPT]: '2' }
  // Keeps the process id, so whoever supervises us signals the right process.
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(pinned, [pinned, ...args], env)
    return
  }
  const child = spawn(pinned, args, { stdio: 'inherit', env })
  const forward = (signal) => child.kill(signal)
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward)
  child.on('error', (error) => fail(`${pinned} cannot be run: ${error.message}`, 'npm ci'))
  child.on('exit', (code, signal) => {
    for (const name of FORWARDED_SIGNALS) process.off(name, forward)
    // Ends the way the child ended, so that a shell sees the same.
    if (signal === null) process.exitCode = code
    else process.kill(process.pid, signal)
  })
}

/** The `node` package that this repository pins; its binary lies in the package itself. */
function findPinnedNode() {
  const require = createRequire(import.meta.url)
  try {
    const directory = dirname(require.resolve('node/package.json'))
    return ['node', 'node.exe'].map((name) => join(directory, 'bin', name)).find((file) => existsSync(file))
  } catch {
    return undefined
  }
}

function fail(message, next) {
  process.stderr.write(`error: ${message}\nnext: ${next}\n`)
  process.exitCode = 1
}
