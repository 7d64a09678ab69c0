// Hands lines to the files of the log behind the caller's back. A disk that is full or slow costs lines, which are
// counted and told about once, and never the gateway. Touches the files only from `begin` on: before it another process
// may own them.

import { type LogDisk, nodeDisk } from './log-disk.ts'
import type { LogIndex } from './log-index.ts'
import type { RetentionOptions } from './log-retention.ts'
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts'

export interface LogWriterComponents {
  readonly now: () => Date
  /** Told once when the disk begins to refuse, and once when it takes lines again. */
  readonly onTrouble: (problem: string) => void
  readonly onRecovery: (lostLines: number) => void
  readonly disk?: LogDisk
}

/** Lines waiting for the disk, in bytes; beyond it new ones are lost. */
export const MAX_WAITING_BYTES = 4_194_304
/** How long a disk that failed is left alone. */
export const RETRY_MS = 1_000
/** Time a wrong clock has to be corrected before files are removed for their age. */
const FIRST_AGE_CHECK_MS = 600_000
const AGE_CHECK_MS = 3_600_000

export class LogWriter {
  readonly #components: LogWriterComponents
  readonly #file: RotatingFile
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Begun and not yet closed: the files are ours. */
  #isOpen = false
  #isClosed = false
  /** The last thing that was asked of the files; each waits for the one before. */
  #last: Promise<void> = Promise.resolve()
  #isWriting = false
  #retry: NodeJS.Timeout | undefined
  #ageCheck: NodeJS.Timeout | undefined
  #isInTrouble = false
  #untoldLostCount = 0
  /** Lines that reached no file. */
  lostCount = 0

  constructor(components: LogWriterComponents, options: RotatingFileOptions) {
    const { now, disk = nodeDisk } = components
    this.#components = components
    this.#file = new RotatingFile({ now, disk, onRotationFailed: (error) => this.#tell(error) }, options)
  }

  /** The file that is written, or will be. */
  get path(): string {
    return this.#file.path
  }

  /** Where each file begins in the whole log; undefined while the files are not ours. */
  get index(): LogIndex | undefined {
    return this.#isOpen ? this.#file.index : undefined
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get removedCount(): number {
    return this.#file.removedCount
  }

  /** Takes the files over. Resolves when what was waiting is written, or the disk has refused it. */
  async begin(): Promise<void> {
    if (this.#isClosed || this.#isOpen) return await this.flush()
    this.#isOpen = true
    this.#scheduleAgeCheck(FIRST_AGE_CHECK_MS)
    await this.#queue(() => this.#file.open())
    await this.flush()
  }

  setRetention(retention: RetentionOptions): void {
    this.#file.setRetention(retention)
    if (this.#isOpen) void this.#queue(() => this.#file.prune(undefined))
  }

  /** `line` ends with a newline and holds no other. */
  append(line: string): void {
    const bytes = Buffer.from(line, 'utf8')
    if (this.#isClosed || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#lose(1)
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    void this.#drain()
  }

  /** Resolves when what was waiting is written, or the disk has refused it, and nothing else is being done. */
  async flush(): Promise<void> {
    await this.#drain()
    do await this.#last
    while (this.#isWriting)
  }

  /** Writes what waits before it returns: for a process that is about to end. Never throws. */
  flushSync(): void {
    const lines = this.#take()
    if (lines.length === 0) return
    try {
      this.#file.appendSync(Buffer.concat(lines))
    } catch (error) {
      this.#lose(lines.length)
      this.#tell(error)
    }
  }

  /** Writes what waits and lets the files go. Lines after it are lost. */
  async close(): Promise<void> {
    clearTimeout(this.#ageCheck)
    clearTimeout(this.#retry)
    this.#retry = undefined
    if (this.#isOpen) await this.flush()
    else this.flushSync()
    this.#isClosed = true
    this.#isOpen = false
    clearTimeout(this.#retry)
    this.#lose(this.#take().length)
    await this.#queue(() => this.#file.close())
  }

  /** Never rejects. */
  #queue(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(work).catch((error: unknown) => this.#tell(error))
    return this.#last
  }

  /** Resolves when nothing waits, or the disk has refused. */
  async #drain(): Promise<void> {
    if (!this.#isOpen || this.#isWriting || this.#retry !== undefined) return await this.#last
    this.#isWriting = true
    try {
      while (this.#waiting.length > 0 && this.#retry === undefined) await this.#queue(() => this.#writeWaiting())
    } finally {
      this.#isWriting = false
    }
  }

  async #writeWaiting(): Promise<void> {
    const lines = this.#take()
    const { left, error } = await this.#file.append(lines)
    if (left.length < lines.length) this.#recover()
    if (left.length > 0) this.#putBack(left)
    if (error === undefined) return
    this.#tell(error)
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      void this.#drain()
    }, RETRY_MS).unref()
  }

  #take(): Buffer[] {
    this.#waitingBytes = 0
    return this.#waiting.splice(0)
  }

  /** Before those that came meanwhile; what then does not fit any more is lost, newest first. */
  #putBack(lines: readonly Buffer[]): void {
    this.#waiting = [...lines, ...this.#waiting]
    this.#waitingBytes = this.#waiting.reduce((sum, line) => sum + line.length, 0)
    for (let last = this.#waiting.at(-1); last !== undefined; last = this.#waiting.at(-1)) {
      if (this.#waitingBytes <= MAX_WAITING_BYTES) return
      this.#waiting.pop()
      this.#waitingBytes -= last.length
      this.#lose(1)
    }
  }

  #scheduleAgeCheck(afterMs: number): void {
    this.#ageCheck = setTimeout(() => {
      void this.#queue(() => this.#file.prune(this.#components.now()))
      this.#scheduleAgeCheck(AGE_CHECK_MS)
    }, afterMs).unref()
  }

  #lose(lines: number): void {
    this.lostCount += lines
    this.#untoldLostCount += lines
  }

  #tell(error: unknown): void {
    if (this.#isInTrouble) return
    this.#isInTrouble = true
    this.#components.onTrouble(error instanceof Error ? error.message : String(error))
  }

  #recover(): void {
    if (!this.#isInTrouble && this.#untoldLostCount === 0) return
    const lost = this.#untoldLostCount
    this.#isInTrouble = false
    this.#untoldLostCount = 0
    this.#components.onRecovery(lost)
  }
}
