// The published gateway as a process of its own, from an installation the caller names, with state that is thrown away.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tempDir } from '@breakwater/testkit'
import type { Configuration } from './configurations.ts'

/** It takes 7 to 20 s on a small machine. */
const READY_WITHIN_MS = 120_000
const POLL_MS = 200
const STOP_WITHIN_MS = 10_000

export interface OfficialGateway extends AsyncDisposable {
  readonly url: string
}

/** `directory`: holds `node_modules/openclaw`. Rejects with the process's output when it does not get ready. */
export async function startOfficialGateway(
  directory: string,
  { gateway, env = {} }: Configuration['official'],
): Promise<OfficialGateway> {
  const state = await tempDir()
  const port = await freePort()
  const home = join(state.path, 'home')
  await mkdir(home, { recursive: true })
  const config = { gateway: { mode: 'local', port, bind: 'loopback', ...gateway } }
  await writeFile(join(state.path, 'openclaw.json'), JSON.stringify(config), { mode: 0o600 })
  const {
    OPENCLAW_GATEWAY_URL: _url,
    OPENCLAW_GATEWAY_TOKEN: _token,
    OPENCLAW_GATEWAY_PORT: _port,
    ...inherited
  } = process.env
  const child = spawn(
    process.execPath,
    [join(directory, 'node_modules/openclaw/openclaw.mjs'), 'gateway', 'run', '--port', String(port)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...inherited,
        HOME: home,
        OPENCLAW_STATE_DIR: state.path,
        OPENCLAW_DISABLE_BONJOUR: '1',
        NO_COLOR: '1',
        ...env,
      },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      if ((await Promise.race([exited, delay(STOP_WITHIN_MS, 'late', { ref: false })])) === 'late')
        child.kill('SIGKILL')
      await exited
    }
    await state[Symbol.asyncDispose]()
  }
  const startedAt = performance.now()
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - startedAt > READY_WITHIN_MS) {
      await stop()
      throw new Error(`the official gateway did not get ready:\n${output.slice(-2_000)}`)
    }
    await delay(POLL_MS)
  }
  return { url: `ws://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop }
}

async function isReady(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    async (response) => response.ok && ((await response.json()) as { ready?: boolean }).ready === true,
    () => false,
  )
}

/** A port nobody listens on now; the published gateway cannot be told to choose one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
