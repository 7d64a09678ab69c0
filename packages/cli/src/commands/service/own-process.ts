// The gateway process of this state directory, however it was started: whether it answers, which process it is, and
// waiting for it to come or go.

import { setTimeout as delay } from 'node:timers/promises'
import type { CommandContext } from '../../command-context.ts'
import { CommandError } from '../../failure.ts'
import { withOwnGateway } from '../../target/own-gateway.ts'

export interface OwnProcess {
  readonly url: string
  readonly version: string
  readonly pid: number | undefined
  readonly port: number | undefined
  readonly uptimeMs: number
}

/** Undefined when none answers. */
export async function findOwnProcess(context: CommandContext): Promise<OwnProcess | undefined> {
  try {
    return await withOwnGateway<OwnProcess | undefined>(
      context,
      { scopes: ['operator.read'], inRemoteMode: 'local', isOfflineGoodEnough: true },
      async ({ connection, target }) => {
        const info = (await connection.call('system.info')) as { readonly pid?: number; readonly port?: number }
        const { server, snapshot } = connection.hello
        return { url: target.url, version: server.version, pid: info.pid, port: info.port, uptimeMs: snapshot.uptimeMs }
      },
      async () => undefined,
    )
  } catch (error) {
    // Going away while it was asked.
    if (error instanceof CommandError) return undefined
    throw error
  }
}

const ASK_EVERY_MS = 200

/** Resolves with the process once one answers that is not `before`; undefined when the time is up. */
export async function awaitOwnProcess(
  context: CommandContext,
  withinMs: number,
  before?: OwnProcess,
): Promise<OwnProcess | undefined> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const found = await findOwnProcess(context)
    if (found !== undefined && (before === undefined || found.pid !== before.pid)) return found
    if (performance.now() >= deadline) return undefined
    await delay(ASK_EVERY_MS)
  }
}

/** False when it is still there when the time is up. */
export async function awaitGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (isAlive(pid)) {
    if (performance.now() >= deadline) return false
    await delay(ASK_EVERY_MS)
  }
  return true
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
