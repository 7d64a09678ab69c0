// The generated gateway token as a file that may change while the gateway runs: `breakwater token rotate` replaces it,
// and every reader learns of it here. A file that vanished, is empty or cannot be read changes nothing: the last good
// token stays (law 5). Decides nothing about connections that used the old one.

import { randomBytes } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'
import type { Logger } from '../observe/logger.ts'
import { readSecret } from './secret-file.ts'
import { isSameSecret } from './secrets.ts'

const TOKEN_BYTES = 32

/** Puts a new token in the file's place, durably and readable by the owner only, and resolves with it. */
export async function rotateTokenFile(path: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  await replaceFile(path, `${token}\n`)
  return token
}

export interface TokenFileComponents {
  readonly log: Logger
  /** Called with each new token, never with the one before. */
  readonly onChange: (token: string) => void
  /** Undefined when there is no such file. Rejects when it is empty or unreadable. */
  readonly read?: (path: string) => Promise<string | undefined>
  /** Calls back at signs of a change of a name in the directory. Undefined when it cannot be watched. */
  readonly watchDirectory?: (directory: string, onSign: (name: string | null) => void) => FSWatcher | undefined
}

export interface TokenFileOptions {
  readonly path: string
  /** What the caller has read from it already. */
  readonly token: string
  /** How often the file is read without any sign, for file systems that give none. Milliseconds, at least 1. */
  readonly pollMs?: number
}

/** The file is small and on a local disk as a rule: reading it costs less than asking whether it changed. */
const POLL_MS = 5_000

export class TokenFile {
  readonly #components: Required<TokenFileComponents>
  readonly #path: string
  readonly #pollMs: number
  #token: string
  #problem: string | undefined
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #isSigned = false
  #isStopped = true

  constructor(components: TokenFileComponents, { path, token, pollMs = POLL_MS }: TokenFileOptions) {
    this.#components = { read: readSecret, watchDirectory: watchWithNode, ...components }
    this.#path = path
    this.#pollMs = pollMs
    this.#token = token
  }

  get token(): string {
    return this.#token
  }

  start(): void {
    this.#isStopped = false
    const name = basename(this.#path)
    this.#watcher = this.#components.watchDirectory(dirname(this.#path), (changed) => {
      if (changed === null || changed === name) void this.check()
    })
    this.#timer = setInterval(() => void this.check(), this.#pollMs).unref()
    // A change between the caller's reading and now has left no sign.
    void this.check()
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#timer)
    this.#watcher?.close()
    this.#watcher = undefined
  }

  /** Resolves when what the file held at the time of the call is in effect. Never rejects. */
  check(): Promise<void> {
    this.#isSigned = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    while (this.#isSigned) {
      this.#isSigned = false
      await this.#readOnce()
    }
  }

  async #readOnce(): Promise<void> {
    const { read, log, onChange } = this.#components
    try {
      const token = await read(this.#path)
      if (this.#isStopped) return
      if (token === undefined) return this.#complain(`${this.#path} is gone`)
      this.#problem = undefined
      if (isSameSecret(this.#token, token)) return
      this.#token = token
      log.info('gateway token replaced', { path: this.#path })
      onChange(token)
    } catch (error) {
      this.#complain((error as Error).message)
    }
  }

  /** Once per problem, not once per reading. */
  #complain(problem: string): void {
    if (this.#problem === problem) return
    this.#problem = problem
    this.#components.log.warn('gateway token not readable; the last one stays in effect', {
      problem,
      nextStep: 'breakwater token rotate',
    })
  }
}

function watchWithNode(directory: string, onSign: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (_, name) => onSign(name))
    return watcher.on('error', () => watcher.close())
  } catch {
    return undefined // No watches left, or none on this file system: reading at intervals covers it.
  }
}
