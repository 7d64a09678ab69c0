// `breakwater logs`: the end of the log, and with --follow what comes after, through restarts and outages.

import { setTimeout as delay } from 'node:timers/promises'
import { ClientError, judgeError } from '@breakwater/client'
import { resolveConfigPaths } from '@breakwater/gateway/local'
import type { LogsTailResult } from '@openclaw/gateway-protocol'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { formatBytes } from '../../output/quantity.ts'
import { findTargets, toCommandError } from '../../target/connect.ts'
import { ownGateway, withOwnGateway } from '../../target/own-gateway.ts'
import type { Target } from '../../target/resolve-target.ts'
import { followLog, type LogSource } from './follow-log.ts'
import { createFilter, type LineFilter, parseLogLine, renderLogLine } from './log-line.ts'
import { FileLogSource, GatewayLogSource, ownLogDirectory } from './log-sources.ts'

export interface LogsFlags {
  readonly follow?: boolean
  readonly limit?: number
  readonly grep?: string
  readonly level?: string
}

const DEFAULT_LINES = 200
/** What is searched for lines that fit, at most what the wire gives. */
const SEARCHED = { limit: 5_000, maxBytes: 1_000_000 } as const
const UNSEARCHED_BYTES = 250_000

export async function logs(context: CommandContext, flags: LogsFlags): Promise<ExitCode> {
  const filter = createFilter(flags)
  const limit = flags.limit ?? DEFAULT_LINES
  const isFiltered = flags.grep !== undefined || flags.level !== undefined
  const params = isFiltered ? SEARCHED : { limit: Math.max(1, limit), maxBytes: UNSEARCHED_BYTES }
  const files = await ownFiles(context)
  const { answer, from } = await readEnd(context, params, files)
  const lines = limit === 0 ? [] : answer.lines.filter((line) => filter(parseLogLine(line))).slice(-limit)
  if (flags.follow !== true) {
    const { file, cursor, size, truncated } = answer
    context.output.result({ from, file, cursor, size, truncated, lines: lines.map(toJsonLine) }, (_, style) =>
      lines.map((line) => renderLogLine(parseLogLine(line), style)).join(''),
    )
    return EXIT.ok
  }
  print(context, lines)
  await follow(context, { filter, cursor: answer.cursor, files })
  return EXIT.ok
}

/** Lines of ours are JSON already; any other becomes a text. */
function toJsonLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return line
  }
}

interface End {
  readonly answer: LogsTailResult
  readonly from: 'gateway' | 'files'
}

function readEnd(
  context: CommandContext,
  params: typeof SEARCHED | { limit: number; maxBytes: number },
  files: FileLogSource | undefined,
): Promise<End> {
  return withOwnGateway<End>(
    context,
    { scopes: ['operator.read'], inRemoteMode: 'remote', isOfflineGoodEnough: files !== undefined },
    async ({ connection }) => ({
      answer: (await connection.call('logs.tail', params)) as LogsTailResult,
      from: 'gateway',
    }),
    async (why) => {
      if (files === undefined) throw why ?? new Error('no files to read')
      const reason = why === undefined ? 'No gateway is running here' : `The gateway did not tell (${why.message})`
      context.output.note(`${reason}; these are its files.`)
      return { answer: await files.read(params), from: 'files' }
    },
  )
}

/** The log files of this machine's gateway; undefined when the command is about another one. */
async function ownFiles(context: CommandContext): Promise<FileLogSource | undefined> {
  const own = await ownGateway(context, 'remote')
  if (own === undefined) return undefined
  const { stateDir } = resolveConfigPaths({ env: context.env })
  return new FileLogSource(ownLogDirectory(stateDir, own.loggingDir))
}

interface Following {
  readonly filter: LineFilter
  readonly cursor: number
  readonly files: FileLogSource | undefined
}

async function follow(context: CommandContext, { filter, cursor, files }: Following): Promise<void> {
  const { io, output } = context
  const signal = io.readerGone
  const target = files === undefined ? (await findTargets(context))[0] : (await ownGateway(context, 'remote'))?.target
  await using gateway = target === undefined ? undefined : new GatewayLogSource(context, target, { files, signal })
  const source: LogSource | undefined = gateway ?? files
  if (source === undefined) return
  await followLog(
    {
      source,
      onLines: (lines) =>
        print(
          context,
          lines.filter((line) => filter(parseLogLine(line))),
        ),
      onSkipped: (bytes) =>
        output.note(`-- ${bytes === undefined ? 'lines' : formatBytes(bytes)} of the log went by unseen --`),
      onFailure: (error) => giveUpOrGoOn(error, target),
      pause: (ms) => delay(ms, undefined, { signal }).catch(() => undefined),
      signal,
    },
    cursor,
  )
}

/** What heals by itself is waited for; a refusal that needs a person ends the command with it. */
function giveUpOrGoOn(error: unknown, target: Target | undefined): void {
  if (ClientError.is(error) && target !== undefined && judgeError(error).verdict === 'terminal') {
    throw toCommandError(error, target)
  }
  if (!ClientError.is(error) && (error as NodeJS.ErrnoException).code === undefined) throw error
}

/** With --json one record per line, as it was written. */
function print({ io, output }: CommandContext, lines: readonly string[]): void {
  if (lines.length === 0) return
  io.out(
    output.isJson
      ? lines.map((line) => `${line}\n`).join('')
      : lines.map((line) => renderLogLine(parseLogLine(line), output.style)).join(''),
  )
}
