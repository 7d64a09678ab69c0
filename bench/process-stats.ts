// CPU time and memory of a process and everything it started, read from Linux /proc. It only reads; who is measured
// and when is the caller's business.
import { readdirSync, readFileSync } from 'node:fs'

export interface CpuReading {
  /** Scheduler run time per thread, in nanoseconds, keyed `pid/tid`. */
  readonly threadNs: ReadonlyMap<string, number>
  /** User + system time of the tree in clock ticks; coarse, but it keeps the time of threads that have ended. */
  readonly ticks: number
}

export interface MemoryReading {
  /** Resident memory; pages shared between the tree's processes count once per process. */
  readonly rssBytes: number
  /** Proportional share: shared pages divided among every process of the machine that maps them. */
  readonly pssBytes: number
}

/** USER_HZ, fixed at 100 in the kernel's user interface on every platform Node runs on. */
const TICK_MS = 10

export function readCpu(rootPid: number): CpuReading {
  const threadNs = new Map<string, number>()
  let ticks = 0
  for (const pid of processTree(rootPid)) {
    const fields = statFields(pid)
    if (fields === undefined) continue
    // Fields 14-17 of proc(5): utime, stime and the same of children already waited for.
    ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    for (const tid of listDirectory(`/proc/${pid}/task`)) {
      const runNs = readOrUndefined(`/proc/${pid}/task/${tid}/schedstat`)?.split(' ')[0]
      if (runNs !== undefined) threadNs.set(`${pid}/${tid}`, Number(runNs))
    }
  }
  return { threadNs, ticks }
}

/** CPU time spent between two readings, in milliseconds: nanosecond-exact unless a thread ended in between. */
export function cpuMsBetween(before: CpuReading, after: CpuReading): number {
  const threadEnded = [...before.threadNs.keys()].some((key) => !after.threadNs.has(key))
  if (threadEnded || after.threadNs.size === 0) return (after.ticks - before.ticks) * TICK_MS
  let spentNs = 0
  for (const [key, runNs] of after.threadNs) spentNs += runNs - (before.threadNs.get(key) ?? 0)
  return spentNs / 1e6
}

export function readMemory(rootPid: number): MemoryReading {
  const total = { rssBytes: 0, pssBytes: 0 }
  for (const pid of processTree(rootPid)) {
    const rollup = readOrUndefined(`/proc/${pid}/smaps_rollup`)
    if (rollup === undefined) continue
    total.rssBytes += kilobytesOf(rollup, 'Rss') * 1024
    total.pssBytes += kilobytesOf(rollup, 'Pss') * 1024
  }
  if (total.rssBytes === 0) throw new Error(`no memory figures for process ${rootPid}: has it ended?`)
  return total
}

/** `rootPid` and all its living descendants. */
export function processTree(rootPid: number): number[] {
  const childrenOf = Map.groupBy(
    listDirectory('/proc').filter((name) => /^\d+$/.test(name)),
    (pid) => statFields(Number(pid))?.[1] ?? 'gone',
  )
  const tree = [rootPid]
  for (const pid of tree) tree.push(...(childrenOf.get(String(pid)) ?? []).map(Number))
  return tree
}

/** The fields of /proc/<pid>/stat after the command name, which may itself hold blanks and brackets; [1] is the parent. */
function statFields(pid: number): string[] | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function kilobytesOf(rollup: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN)
}

/** A process or thread may end between listing and reading: that is an answer here, other errors are not. */
function readOrUndefined(path: string): string | undefined {
  return whileItLives(() => readFileSync(path, 'utf8'))
}

function listDirectory(path: string): string[] {
  return whileItLives(() => readdirSync(path)) ?? []
}

function whileItLives<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
