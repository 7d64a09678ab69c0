// A target that is up: started on a free loopback port with an empty state directory, or somebody else's that was
// reached. Its boot time is taken on the way, because starting it is the only moment it can be taken.
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTemporaryDirectory, removeTemporaryDirectory, startChild, stopChild } from './children.ts'
import { dial, hangUp } from './dial.ts'
import type { Endpoint } from './load-jobs.ts'
import { tokenLogin } from './login.ts'
import { cpuMsBetween, readCpu, readMemory } from './process-stats.ts'
import type { FrameSizes, SpawnedTarget, Target } from './targets.ts'

const START_LIMIT_MS = 30_000
const RETRY_MS = 5
const LOG_TAIL_CHARACTERS = 2_000
const TOKEN = 'bench-token-0123456789abcdef0123456789abcdef'

export interface RunningServer {
  readonly target: Target
  readonly endpoint: Endpoint
  /** Spawn to first hello-ok; undefined for an external server. */
  readonly bootMs: number | undefined
  readonly pid: number | undefined
  stop(): Promise<void>
}

export async function startServer(target: Target, frames: FrameSizes): Promise<RunningServer> {
  if (target.kind === 'spawned') return spawnServer(target, frames)
  const { endpoint, pid } = target
  await untilHello(endpoint, () => undefined)
  return { target, endpoint, bootMs: undefined, pid, stop: async () => {} }
}

/** Runs `work` and says what CPU time the server spent meanwhile; undefined when its process id is unknown. */
export async function measureCpu<T>(server: RunningServer, work: () => Promise<T>) {
  const before = server.pid === undefined ? undefined : readCpu(server.pid)
  const result = await work()
  const cpuMs = server.pid && before ? cpuMsBetween(before, readCpu(server.pid)) : undefined
  return { result, cpuMs }
}

export function memoryOf(server: RunningServer): { rssBytes: number; pssBytes: number } | undefined {
  return server.pid === undefined ? undefined : readMemory(server.pid)
}

async function spawnServer(target: SpawnedTarget, frames: FrameSizes): Promise<RunningServer> {
  const directory = createTemporaryDirectory()
  const launch = { port: await freePort(), token: TOKEN, stateDir: join(directory, 'state'), frames }
  const endpoint = { url: `ws://127.0.0.1:${launch.port}`, token: TOKEN }
  const logFile = join(directory, 'server.log')
  const log = openSync(logFile, 'w')
  const env = { PATH: process.env.PATH, HOME: directory, ...target.env(launch) }

  const startedAt = performance.now()
  const child = startChild(target.args(launch), { env, cwd: directory, stdio: ['ignore', log, log] })
  closeSync(log)
  const stop = async () => {
    await stopChild(child)
    removeTemporaryDirectory(directory)
  }
  try {
    const helloAt = await untilHello(endpoint, () => exitOf(child))
    return { target, endpoint, bootMs: helloAt - startedAt, pid: child.pid, stop }
  } catch (error) {
    const tail = readFileSync(logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS)
    await stop()
    throw new Error(`${target.name} did not start: ${(error as Error).message}\n${tail}`, { cause: error })
  }
}

/** Dials until a hello-ok arrived and resolves with that moment; rejects at once when `ended` says waiting is pointless. */
async function untilHello(endpoint: Endpoint, ended: () => string | undefined): Promise<number> {
  const login = tokenLogin(endpoint.token)
  const giveUpAt = performance.now() + START_LIMIT_MS
  for (;;) {
    try {
      const socket = await dial(endpoint.url, login)
      const helloAt = performance.now()
      await hangUp(socket)
      return helloAt
    } catch (error) {
      const reason = ended() ?? (performance.now() > giveUpAt ? `no hello within ${START_LIMIT_MS} ms` : undefined)
      if (reason !== undefined) throw new Error(reason, { cause: error })
    }
    await sleep(RETRY_MS)
  }
}

function exitOf(child: ChildProcess): string | undefined {
  const how = child.signalCode ?? child.exitCode
  return how === null ? undefined : `the process ended (${how})`
}

/** A port that was free a moment ago: servers are given one, because not every server reports the one it chose. */
async function freePort(): Promise<number> {
  const probe = createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  probe.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = probe.address()
  await new Promise((closed) => probe.close(closed))
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return address.port
}
