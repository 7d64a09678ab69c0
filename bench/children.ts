// Every process and temporary directory of a run, so that none outlives it: however the run ends short of SIGKILL,
// the exit handler ends them. Each child leads a process group of its own, which is how its own children go with it.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const STOP_GRACE_MS = 5_000

const children = new Set<ChildProcess>()
const directories = new Set<string>()

export function startChild(args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(process.execPath, args, { ...options, detached: true })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Asks the child to stop, ends its whole group when it does not, and resolves when it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const forced = setTimeout(() => killGroup(child), STOP_GRACE_MS)
  await gone
  clearTimeout(forced)
  // Whatever it left behind in its group would outlive the run.
  killGroup(child)
}

export function createTemporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'breakwater-bench-'))
  directories.add(path)
  return path
}

export function removeTemporaryDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  directories.delete(path)
}

export function removeEverythingAtExit(): void {
  process.once('exit', () => {
    for (const child of children) killGroup(child)
    for (const path of directories) rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  })
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
