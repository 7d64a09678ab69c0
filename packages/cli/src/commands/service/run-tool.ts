// Runs a program of the system and says how it went.

import { execFile } from 'node:child_process'
import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'

export interface ToolResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

export type RunTool = (program: string, ...args: readonly string[]) => Promise<ToolResult>

const TOOL_TIMEOUT_MS = 60_000
/** What shells answer for a program that is not there. */
export const NOT_FOUND = 127

export const runTool: RunTool = (program, ...args) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: TOOL_TIMEOUT_MS, encoding: 'utf8', windowsHide: true }, (error, out, err) => {
      const { code } = (error ?? {}) as { code?: unknown }
      if (code === 'ENOENT') resolve({ code: NOT_FOUND, out, err: `${program} is not installed` })
      else resolve({ code: error === null ? 0 : typeof code === 'number' ? code : 1, out, err })
    })
  })

/** Rejects with CommandError when the program fails. */
export async function insist(run: RunTool, program: string, ...args: readonly string[]): Promise<ToolResult> {
  const result = await run(program, ...args)
  if (result.code === 0) return result
  const said = (result.err || result.out).trim().split('\n').slice(0, 3).join(' ')
  throw new CommandError({
    code: 'SERVICE_MANAGER_REFUSED',
    message: `${[program, ...args].join(' ')} failed (${result.code}): ${said}`,
    exitCode: EXIT.failed,
    nextStep: 'Run that command yourself to see more, or breakwater gateway in a terminal.',
  })
}
