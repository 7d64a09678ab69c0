// Where the JSON-lines log lies, as readers see it: one endless stream of bytes cut into files. Works beside the gateway
// that writes it, and without one.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type LogDisk, listLogFiles, nodeDisk } from './log-disk.ts'
import { adoptFiles, dayOfName, LOG_INDEX_NAME, type LogIndex, logFileName, parseLogIndex } from './log-index.ts'

/** One file of the log. */
export interface LogSegment {
  readonly path: string
  /** Offset of the file's first byte in the whole log. */
  readonly startBytes: number
  /** Offset behind the last byte there is. */
  readonly endBytes: number
}

export interface LogLayout {
  /** The newest file. */
  readonly file: string
  /** Files without a gap between them, oldest first, the newest one last. Every file but the last ends with a newline. */
  readonly segments: readonly LogSegment[]
}

export interface LogFiles {
  layout(): Promise<LogLayout>
}

/** A log that is never rotated. */
export const singleLogFile = (path: string): LogFiles => ({
  layout: async () => {
    const endBytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    )
    return { file: path, segments: [{ path, startBytes: 0, endBytes }] }
  },
})

export interface DirectoryLogFilesComponents {
  /** The index of the process that writes the log; undefined: the one on disk is read. */
  readonly index?: () => LogIndex | undefined
  readonly disk?: LogDisk
  readonly now?: () => Date
}

/** The files a `LogWriter` leaves in a directory. */
export class DirectoryLogFiles implements LogFiles {
  readonly #components: Required<DirectoryLogFilesComponents>
  readonly #directory: string

  constructor(components: DirectoryLogFilesComponents, { directory }: { readonly directory: string }) {
    this.#components = { index: () => undefined, disk: nodeDisk, now: () => new Date(), ...components }
    this.#directory = directory
  }

  async layout(): Promise<LogLayout> {
    const { disk, now } = this.#components
    // The index first: a file that is removed or begun meanwhile is then missing or left out, never misplaced.
    const index = this.#components.index() ?? (await this.#readIndex())
    const files = await listLogFiles(disk, this.#directory, (name) => dayOfName(name) !== undefined)
    const bytesOf = new Map(files.map(({ name, bytes }) => [name, bytes]))
    const segments: LogSegment[] = []
    let nextStartBytes: number | undefined
    for (const { name, startBytes } of (index ?? adoptFiles([], files)).toReversed()) {
      const bytes = bytesOf.get(name)
      // Whoever was behind a gap starts over behind it.
      if (bytes === undefined || (nextStartBytes !== undefined && startBytes + bytes < nextStartBytes)) break
      segments.unshift({
        path: join(this.#directory, name),
        startBytes,
        endBytes: nextStartBytes ?? startBytes + bytes,
      })
      nextStartBytes = startBytes
    }
    return { file: segments.at(-1)?.path ?? join(this.#directory, logFileName(now())), segments }
  }

  async #readIndex(): Promise<LogIndex | undefined> {
    return parseLogIndex((await this.#components.disk.readText(join(this.#directory, LOG_INDEX_NAME))) ?? '')
  }
}
