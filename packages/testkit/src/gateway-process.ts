// A gateway as its owner runs it: a process of its own, started through the command line, ended by signals.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { TEST_TOKEN } from './gateway-fixture.ts'
import { countSelfConnections } from './self-connections.ts'
import { type TempDir, tempDir } from './temp-dir.ts'

const BIN = fileURLToPath(new URL('../../cli/src/bin.ts', import.meta.url))
const READY_WITHIN_MS = 30_000

export interface GatewayProcessOptions {
  /** Arguments after `gateway`; `--port 0 --token <TEST_TOKEN> --allow-unconfigured` are given already. */
  readonly args?: readonly string[]
  /** False: no `--token` is given, so that the authentication of the configuration counts. */
  readonly token?: false
  readonly env?: Readonly<Record<string, string>>
  /** Keep using an existing state directory, e.g. for a restart. */
  readonly stateDir?: string
  readonly port?: number
  /** Entry point instead of the command's source, e.g. the built command. */
  readonly bin?: string
  /** Arguments for Node, e.g. a preload that injects stalls. */
  readonly nodeArgs?: readonly string[]
  /** JSON5 text of a configuration file; without it the gateway starts unconfigured. */
  readonly config?: string
}

export interface GatewayProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
  readonly url: string
  readonly stateDir: string
  /** Everything the process has written so far. */
  output(): string
  /** Sends SIGTERM and resolves with the exit code. */
  terminate(): Promise<number | null>
  kill(): Promise<void>
}

/** Resolves when the process has printed that it is ready. Rejects with its output when it ends before. */
export async function spawnGateway(options: GatewayProcessOptions = {}): Promise<GatewayProcess> {
  const directory: TempDir | undefined = options.stateDir === undefined ? await tempDir() : undefined
  const stateDir = options.stateDir ?? directory?.path ?? ''
  const configPath = `${stateDir}/breakwater.json`
  if (options.config !== undefined)
    await (await import('node:fs/promises')).writeFile(configPath, options.config, { mode: 0o600 })
  const args = [
    ...(options.nodeArgs ?? []),
    ...(options.bin === undefined ? ['--conditions=source', BIN] : [options.bin]),
    'gateway',
    '--port',
    String(options.port ?? 0),
    ...(options.token === false || options.args?.includes('--token') ? [] : ['--token', TEST_TOKEN]),
    ...(options.config === undefined ? ['--allow-unconfigured'] : []),
    ...(options.args ?? []),
  ]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_NO_WARNINGS: '1',
      BREAKWATER_STATE_DIR: stateDir,
      BREAKWATER_CONFIG_PATH: configPath,
      ...options.env,
    },
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output += chunk.toString('utf8')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const port = await readyPort(child, () => output)
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }
  return {
    child,
    pid: child.pid ?? 0,
    port,
    url: `${options.args?.includes('--tls') ? 'wss' : 'ws'}://127.0.0.1:${port}`,
    stateDir,
    output: () => output,
    terminate: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL')
    },
    [Symbol.asyncDispose]: async () => {
      const dialled = await selfConnections(child, port)
      child.kill('SIGCONT')
      await end('SIGKILL')
      await directory?.[Symbol.asyncDispose]()
      // Whatever a test was about: law 2 holds in all of them.
      if (dialled > 0) throw new Error(`the gateway held ${dialled} connections to its own port`)
    },
  }
}

async function selfConnections({ pid, exitCode, signalCode }: ChildProcess, port: number): Promise<number> {
  if (process.platform !== 'linux' || pid === undefined || exitCode !== null || signalCode !== null) return 0
  // It may end while it is looked at.
  return await countSelfConnections(pid, port).catch(() => 0)
}

/** The port of the `ready` line. */
async function readyPort(child: ChildProcess, output: () => string): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < READY_WITHIN_MS) {
    if (child.exitCode !== null) throw new Error(`gateway exited with ${child.exitCode}:\n${output()}`)
    if (/\[gateway\] ready/.test(output())) {
      const port = /wss?:\/\/[^\s:]+:(\d+)/.exec(output())?.[1]
      if (port !== undefined) return Number(port)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  child.kill('SIGKILL')
  throw new Error(`gateway was not ready within ${READY_WITHIN_MS} ms:\n${output()}`)
}
