// Where the JSON-lines log lies, as readers see it: one endless stream of bytes cut into files, one per day.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One file of the log. */
export interface LogSegment {
  readonly path: string
  /** Offset of the file's first byte in the whole log. */
  readonly startBytes: number
}

export interface LogFiles {
  /** The file that is being written. */
  current(): string
  /** Files that still exist, oldest first, the current one last. Every file but the last ends with a newline. */
  segments(): Promise<readonly LogSegment[]>
}

/** A log that is never rotated. */
export const singleLogFile = (path: string): LogFiles => ({
  current: () => path,
  segments: async () => [{ path, startBytes: 0 }],
})

const DAILY_NAME = /^breakwater-\d{4}-\d{2}-\d{2}\.log$/
/** The newest files may still grow: around midnight the last lines of a day land in its file late. */
const GROWING_FILES = 2

export interface DailyLogFilesOptions {
  readonly directory: string
  readonly current: () => string
}

/**
 * The files of `FileLogger`. Offsets count every byte since the oldest file this process has seen, so they stay right
 * when old files are removed while it runs; a reader from before a restart is told to start over when they no longer fit.
 */
export class DailyLogFiles implements LogFiles {
  readonly #directory: string
  readonly #current: () => string
  /** Sizes of files that no longer grow, in order of their names, removed ones included. */
  readonly #closedBytes = new Map<string, number>()

  constructor({ directory, current }: DailyLogFilesOptions) {
    this.#directory = directory
    this.#current = current
  }

  current(): string {
    return this.#current()
  }

  async segments(): Promise<readonly LogSegment[]> {
    const names = (await readdir(this.#directory)).filter((name) => DAILY_NAME.test(name)).sort()
    for (const name of names.slice(0, -GROWING_FILES)) {
      if (!this.#closedBytes.has(name)) this.#closedBytes.set(name, await this.#bytes(name))
    }
    const segments: LogSegment[] = []
    let startBytes = 0
    for (const [name, bytes] of this.#closedBytes) {
      if (names.includes(name)) segments.push({ path: this.#path(name), startBytes })
      startBytes += bytes
    }
    for (const name of names.filter((candidate) => !this.#closedBytes.has(candidate))) {
      segments.push({ path: this.#path(name), startBytes })
      startBytes += await this.#bytes(name)
    }
    return segments
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  async #bytes(name: string): Promise<number> {
    return (await stat(this.#path(name))).size
  }
}
