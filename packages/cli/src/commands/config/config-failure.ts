// How work on the configuration fails: each with the place and the next command.

import { type ConfigIssue, type ConfigTools, type Environment, resolveConfigPaths } from '@breakwater/gateway/local'
import { EXIT } from '../../exit-codes.ts'
import { CommandError, usageError } from '../../failure.ts'

export const wrongPath = (path: string): CommandError =>
  usageError(`${JSON.stringify(path)} is not a path like a.b[0].c`, 'All keys: breakwater config schema')

export function unknownPath(tools: ConfigTools, path: string): CommandError {
  const meant = nearestPath(tools, path)
  return new CommandError({
    code: 'CONFIG_PATH_UNKNOWN',
    message: `there is no key ${path}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    exitCode: EXIT.failed,
    nextCommand: 'breakwater config schema',
  })
}

/** A neighbour of the wrong key where its parent exists, else a key of that name anywhere. */
function nearestPath({ CONFIG_LEAVES, nearestKey }: ConfigTools, path: string): string | undefined {
  const dot = path.lastIndexOf('.')
  const parent = path.slice(0, dot + 1)
  const all = CONFIG_LEAVES.map((entry) => entry.path)
  const siblings = all.filter((candidate) => candidate.startsWith(parent))
  const names = new Set(siblings.map((sibling) => parent + (sibling.slice(parent.length).split('.')[0] ?? '')))
  return nearestKey(path.slice(dot + 1), [...names], all)
}

export interface EditRefusal {
  readonly reason: string
  readonly message: string
  readonly issues: readonly ConfigIssue[]
}

export const editRefused = (path: string, { reason, message, issues }: EditRefusal, cause?: unknown): CommandError =>
  new CommandError(
    {
      code: reason === 'invalid-config' ? 'CONFIG_INVALID' : 'CONFIG_EDIT_REFUSED',
      message: `nothing was changed: ${message}`,
      exitCode: EXIT.failed,
      nextStep: `breakwater config schema ${path} (what it takes), or breakwater config validate (what the file says now)`,
      details: { reason, issues },
    },
    cause,
  )

/** Undefined for errors that do not come from the disk. */
export function diskFailure(error: unknown, env: Environment): CommandError | undefined {
  const { code, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return undefined
  const { configPath } = resolveConfigPaths({ env })
  return new CommandError(
    {
      code: 'CONFIG_NOT_WRITTEN',
      message: `${configPath} could not be written: ${message}`,
      exitCode: EXIT.failed,
      nextStep: `Make ${configPath} and its directory writable for this user; nothing was changed.`,
    },
    error,
  )
}
