// One process per state directory. The lock itself is the kernel's, held through SQLite on an empty file: it dies with
// the process however it dies, and a reused pid cannot inherit it. Who holds it is written beside it, for people.
//
// Nothing in this process may open the lock file by other means: on POSIX systems, closing any descriptor of a file
// drops the process's locks on it. That is why the owner's name is in a file of its own.

import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { StoreFault } from '../fault.ts'
import { isBusy, toStoreFault } from './sqlite-error.ts'

export interface OwnerLockOptions {
  readonly stateDir: string
  /** What this process is, as the next one will be told: `breakwater gateway`. */
  readonly owner: string
  /** What a person runs who is refused, because the owner does it for them. */
  readonly nextCommand: string
}

/** Contents of `owner.json`. */
export interface Owner {
  readonly pid: number
  readonly owner: string
  readonly sinceMs: number
  /** Start time in the kernel's clock ticks where the system tells; tells a reused pid from the owner. */
  readonly startTicks?: string
}

export interface OwnerLock extends Disposable {
  readonly stateDir: string
  /** Why others who are refused will not be told who holds the lock. */
  readonly nameFault?: StoreFault
  /** Idempotent. */
  release(): void
}

/** A lock nobody refers to would be collected, closed and thereby released; the process keeps it until `release`. */
const heldByThisProcess = new Set<DatabaseSync>()

/** An owner that has the lock but has not written its name yet gets this long to do so. */
const NAME_ATTEMPTS = 10
const NAME_WAIT_MS = 20

/** Rejects with STORE_OWNED, whose details name the owner, when another process (or this one) has the directory. */
export async function acquireOwnerLock(options: OwnerLockOptions): Promise<OwnerLock> {
  const { stateDir } = options
  try {
    makeStateDirectory(stateDir)
    for (let attempt = 1; ; attempt += 1) {
      const held = tryLock(join(stateDir, 'owner.lock'))
      if (held !== undefined) return own(held, options)
      const owner = readLiveOwner(ownerFile(stateDir))
      if (owner !== undefined || attempt === NAME_ATTEMPTS) throw owned(options, owner)
      await delay(NAME_WAIT_MS)
    }
  } catch (error) {
    throw toStoreFault(error, `locking the state directory ${stateDir}`)
  }
}

const ownerFile = (stateDir: string): string => join(stateDir, 'owner.json')

/** Who holds the directory, as far as its name is known: for people, and for whoever wants to ask that process to stop. */
export const liveOwner = (stateDir: string): Owner | undefined => readLiveOwner(ownerFile(stateDir))

function makeStateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  // It may have existed with wider permissions; what is in it is for its owner only.
  chmodSync(path, 0o700)
}

function tryLock(file: string): DatabaseSync | undefined {
  createOnce(file)
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    // Without a journal file, so that the lock can be had on a full disk.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    if (isBusy(error)) return undefined
    throw error
  }
}

/** Exclusive creation fails on an existing file without ever opening it. */
function createOnce(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function own(lock: DatabaseSync, options: OwnerLockOptions): OwnerLock {
  const { stateDir } = options
  heldByThisProcess.add(lock)
  const nameFault = leaveName(options)
  const release = () => {
    if (!heldByThisProcess.delete(lock)) return
    rmSync(ownerFile(stateDir), { force: true })
    lock.close()
  }
  return { stateDir, ...(nameFault === undefined ? {} : { nameFault }), release, [Symbol.dispose]: release }
}

/** The name is a courtesy: a full disk must not keep a gateway from starting with what it has. */
function leaveName({ stateDir, owner }: OwnerLockOptions): StoreFault | undefined {
  const file = ownerFile(stateDir)
  const startTicks = startTicksOf(process.pid)
  const self: Owner = {
    pid: process.pid,
    owner,
    sinceMs: Date.now(),
    ...(startTicks === undefined ? {} : { startTicks }),
  }
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(self)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    return undefined
  } catch (error) {
    return toStoreFault(error, `naming the owner in ${file}`)
  }
}

function owned({ stateDir, nextCommand }: OwnerLockOptions, owner: Owner | undefined): StoreFault {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} (${owner.owner})`
  return new StoreFault('STORE_OWNED', `${stateDir} is in use by ${who}. Run \`${nextCommand}\` instead.`, {
    details: { stateDir, nextCommand, ...(owner === undefined ? {} : { owner }) },
  })
}

/** The owner on record, if that very process is still alive; a name left behind by a killed one is nobody's. */
function readLiveOwner(file: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Owner
    return isAlive(owner.pid) && startTicksOf(owner.pid) === owner.startTicks ? owner : undefined
  } catch {
    // Absent or half-read: the caller asks again, and then reports an owner without a name.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Field 22 of /proc/<pid>/stat; the command name before it may hold spaces and parentheses. */
function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    // Not Linux, or gone.
    return undefined
  }
}
