// Notices that the configuration file, or a file it includes, may have changed, and hands over what it then holds.
// Watches directories, because editors replace files and a watched file's inode goes with them; polls as well, because
// network file systems, containers and symbolic links tell watchers nothing. Judges nothing: a half-written file is
// handed over as the invalid load it is, and whoever keeps the last good configuration decides.

import { watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { LoadResult } from './load-config.ts'

export interface WatchComponents {
  readonly load: () => Promise<LoadResult>
  /** Called with each load that differs from the one before. */
  readonly onLoad: (load: LoadResult) => void
  /** A fault of loading or of `onLoad`; watching goes on. */
  readonly onError: (error: unknown) => void
  readonly watchDirectory?: WatchDirectory
  readonly fileVersion?: (path: string) => Promise<string>
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

export interface WatchOptions {
  /** Quiet time after the last sign of a change, in milliseconds; lets editors finish. 0: the next turn of the loop. */
  readonly debounceMs: number
  /** Longest time a steady stream of signs may put off loading, in milliseconds. */
  readonly maxDelayMs: number
  /** Interval of polling in milliseconds. 0: no polling. */
  readonly pollMs: number
}

export const WATCH_DEFAULTS: WatchOptions = { debounceMs: 150, maxDelayMs: 2_000, pollMs: 5_000 }

/** Undefined when the directory cannot be watched. `onChange` without a name means anything in it. */
export type WatchDirectory = (
  directory: string,
  onChange: (name: string | undefined) => void,
  onEnd: () => void,
) => { close(): void } | undefined

export class ConfigWatcher {
  readonly #components: Required<WatchComponents>
  readonly #options: WatchOptions
  readonly #watched = new Map<string, { close(): void }>()
  #last: LoadResult
  #versions = ''
  #debounce: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined
  #firstSignAt: number | undefined
  #running: Promise<void> | undefined
  #isDirty = false
  #isStopped = true

  /** `initial` is the load the caller already has; it is not handed over again. */
  constructor(components: WatchComponents, initial: LoadResult, options: Partial<WatchOptions> = {}) {
    this.#components = { ...NODE_COMPONENTS, ...components }
    this.#options = { ...WATCH_DEFAULTS, ...options }
    this.#last = initial
  }

  start(): void {
    this.#isStopped = false
    this.#watchDirectories()
    // A change between the initial load and now has left no sign.
    this.#sign()
    if (this.#options.pollMs > 0) this.#poll = setInterval(() => this.#pollOnce(), this.#options.pollMs).unref()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#debounce)
    clearInterval(this.#poll)
    for (const watcher of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  /** Loads now. Resolves when what the file held at the time of the call has been handed over. */
  check(): Promise<void> {
    this.#isDirty = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    while (this.#isDirty && !this.#isStopped) {
      this.#isDirty = false
      try {
        this.#versions = await this.#readVersions()
        this.#deliver(await this.#components.load())
      } catch (error) {
        this.#components.onError(error)
      }
    }
  }

  #deliver(load: LoadResult): void {
    if (this.#isStopped || fingerprint(load) === fingerprint(this.#last)) return
    this.#last = load
    this.#watchDirectories()
    this.#components.onLoad(load)
  }

  #sign(): void {
    if (this.#isStopped) return
    const now = this.#components.now()
    this.#firstSignAt ??= now
    const latestMs = this.#firstSignAt + this.#options.maxDelayMs - now
    clearTimeout(this.#debounce)
    this.#debounce = setTimeout(
      () => {
        this.#firstSignAt = undefined
        void this.check()
      },
      Math.max(0, Math.min(this.#options.debounceMs, latestMs)),
    ).unref()
  }

  async #pollOnce(): Promise<void> {
    this.#watchDirectories()
    try {
      if ((await this.#readVersions()) !== this.#versions) this.#sign()
    } catch (error) {
      this.#components.onError(error)
    }
  }

  async #readVersions(): Promise<string> {
    const paths = this.#last.sourcePaths
    return (await Promise.all(paths.map(this.#components.fileVersion))).join('\n')
  }

  /** Also tries again where watching failed: a directory may only have come into being now. */
  #watchDirectories(): void {
    const wanted = new Set(this.#last.sourcePaths.map((path) => dirname(path)))
    for (const [directory, watcher] of this.#watched) {
      if (wanted.has(directory)) continue
      watcher.close()
      this.#watched.delete(directory)
    }
    for (const directory of wanted) {
      if (!this.#watched.has(directory)) this.#watchOne(directory)
    }
  }

  #watchOne(directory: string): void {
    const isOurs = (name: string) => this.#last.sourcePaths.some((path) => basename(path) === name)
    const watcher = this.#components.watchDirectory(
      directory,
      (name) => {
        if (name === undefined || isOurs(name)) this.#sign()
      },
      () => {
        this.#watched.delete(directory)
        this.#sign()
      },
    )
    if (watcher !== undefined) this.#watched.set(directory, watcher)
  }
}

/** Equal for loads that say the same: environment and includes count, not only the file itself. */
const fingerprint = ({ hash, exists, valid, source, issues, sourcePaths }: LoadResult): string =>
  JSON.stringify([hash, exists, valid, source, issues, sourcePaths])

const watchWithNode: WatchDirectory = (directory, onChange, onEnd) => {
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) => onChange(name ?? undefined))
    const end = () => {
      watcher.close()
      onEnd()
    }
    return watcher.on('error', end)
  } catch {
    return undefined // Not there yet, or no watches left: polling covers it, and tries again.
  }
}

async function statVersion(path: string): Promise<string> {
  const info = await stat(path, { bigint: true }).catch(() => undefined)
  return info === undefined ? 'none' : `${info.ino}:${info.size}:${info.mtimeNs}:${info.ctimeNs}`
}

const NODE_COMPONENTS = { watchDirectory: watchWithNode, fileVersion: statVersion, now: () => performance.now() }
