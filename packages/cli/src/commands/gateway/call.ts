// `breakwater call <method>`: any method of the gateway, with the least scope it needs.

import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { methodAccess } from '@breakwater/protocol'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { usageError } from '../../failure.ts'
import { toJson } from '../../output/output.ts'
import { withSession } from '../../target/connect.ts'

export interface CallFlags {
  /** JSON, `@file` or `-` for standard input. */
  readonly params?: string
  readonly expectFinal?: boolean
}

/** The result is JSON in any case; `--json` only changes how an error looks. */
export async function call(context: CommandContext, method: string, flags: CallFlags): Promise<ExitCode> {
  const { output, timeoutMs } = context
  const params = flags.params === undefined ? undefined : await readParams(flags.params)
  const answer = await withSession(context, { scopes: scopesFor(method) }, ({ connection }) =>
    connection.call(method, params as never, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(flags.expectFinal === true
        ? {
            expectFinal: true,
            onAccepted: (payload: unknown) => output.note(`accepted: ${JSON.stringify(payload)}`),
          }
        : {}),
    }),
  )
  // A method may succeed without saying anything.
  output.result(answer ?? null, toJson)
  return EXIT.ok
}

/** Methods outside the contract may need anything, so their caller asks for everything. */
export function scopesFor(method: string): readonly string[] {
  const access = methodAccess(method)
  if (access === undefined) return ['operator.admin']
  return access.scope === undefined ? [] : [access.scope]
}

async function readParams(source: string): Promise<unknown> {
  const [json, from] = await readSource(source)
  try {
    return JSON.parse(json) as unknown
  } catch (cause) {
    throw usageError(
      `--params: ${from} is not JSON: ${(cause as Error).message}`,
      `Quote it for the shell: --params '{"limit":5}', or name a file: --params @params.json`,
    )
  }
}

async function readSource(source: string): Promise<readonly [json: string, from: string]> {
  if (source === '-') return [await text(process.stdin), 'standard input']
  if (!source.startsWith('@')) return [source, 'the text']
  const file = source.slice(1)
  try {
    return [await readFile(file, 'utf8'), file]
  } catch (cause) {
    throw usageError(`--params: ${file} cannot be read: ${(cause as Error).message}`)
  }
}
