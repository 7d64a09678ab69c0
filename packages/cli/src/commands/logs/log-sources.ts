// Where a follower reads: the gateway over a connection that the supervisor keeps up, and, for the gateway of this
// machine, the files themselves while it is away. Both count the same bytes, so a place in one is a place in the other.

import { ClientError, createNodeClient, type GatewayClient } from '@breakwater/client/node'
import { type LogTail, logDirectoryPath, openLogTail } from '@breakwater/gateway/local'
import type { LogsTailResult } from '@openclaw/gateway-protocol'
import type { CommandContext } from '../../command-context.ts'
import { connectionOptions } from '../../target/connect.ts'
import type { Target } from '../../target/resolve-target.ts'
import type { LogSource, TailParams } from './follow-log.ts'

/** A gateway that is there answers at once; one that hangs must not hold the follower up. */
const ANSWER_WITHIN_MS = 10_000

/** The log files of this machine's gateway. */
export class FileLogSource implements LogSource {
  readonly #directory: string
  #tail: LogTail | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  async read(params: TailParams): Promise<LogsTailResult> {
    this.#tail ??= await openLogTail(this.#directory)
    return this.#tail.read(params)
  }
}

export const ownLogDirectory = (stateDir: string, configured: string | undefined): string =>
  configured ?? logDirectoryPath(stateDir)

/** Stop it when done: it keeps a connection. */
export class GatewayLogSource implements LogSource, AsyncDisposable {
  readonly #client: GatewayClient
  readonly #files: FileLogSource | undefined
  readonly #signal: AbortSignal

  /** `files`: read while the connection is down. Without them a question waits until it is up again. */
  constructor(context: CommandContext, target: Target, { files, signal }: GatewayLogOptions) {
    this.#client = createNodeClient({ ...connectionOptions(context, target, ['operator.read']), name: 'logs' })
    this.#files = files
    this.#signal = signal
    this.#client.start(signal)
  }

  async read(params: TailParams): Promise<LogsTailResult> {
    if (this.#files === undefined) {
      await this.#client.ready(this.#signal)
      return this.#ask(params)
    }
    if (this.#client.status.type !== 'ready') return this.#files.read(params)
    try {
      return await this.#ask(params)
    } catch (error) {
      if (!ClientError.is(error)) throw error
      return this.#files.read(params)
    }
  }

  async #ask(params: TailParams): Promise<LogsTailResult> {
    return (await this.#client.call('logs.tail', params, { timeoutMs: ANSWER_WITHIN_MS })) as LogsTailResult
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.stop()
  }
}

export interface GatewayLogOptions {
  readonly files?: FileLogSource | undefined
  readonly signal: AbortSignal
}
