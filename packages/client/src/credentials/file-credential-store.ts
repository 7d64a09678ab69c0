// Credentials in files: one for each gateway, for their owner's eyes only. A change is on disk, and read back from there,
// before it counts; processes that share the directory take turns. A file that makes no sense blocks its gateway and is
// never written over: a fresh one would lock every device in it out.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, type Random, systemClock } from '@breakwater/supervisor'
import { type FileSystem, makePrivateDirectory, nodeFileSystem, replaceDurably } from '../durable-file.ts'
import { ClientError } from '../errors.ts'
import { withFileLock } from '../file-lock.ts'
import type { CredentialStore, GatewayRecord, RecordChange } from './credential-store.ts'
import type { GatewayKey } from './gateway-key.ts'
import { applyChanges } from './gateway-record.ts'
import { decodeRecord, EMPTY_DOCUMENT, encodeRecord, RECORD_PROBLEMS, type RecordDocument } from './record-document.ts'
import { RecordWatchers } from './record-watchers.ts'

export interface FileCredentialStoreComponents {
  readonly files?: FileSystem
  readonly clock?: Clock
  readonly random?: Random
}

export interface FileCredentialStoreOptions {
  /** Made with mode 0700 when missing; one that exists must be its owner's alone. */
  readonly directory: string
  /** How long a change waits for other processes that are writing, in milliseconds. Unset = 5 000. */
  readonly lockTimeoutMs?: number
}

export const DEFAULT_LOCK_TIMEOUT_MS = 5_000

export class FileCredentialStore implements CredentialStore {
  readonly #files: FileSystem
  readonly #clock: Clock
  readonly #random: Random
  readonly #directory: string
  readonly #lockTimeoutMs: number
  readonly #watchers = new RecordWatchers()

  constructor(components: FileCredentialStoreComponents, options: FileCredentialStoreOptions) {
    this.#files = components.files ?? nodeFileSystem
    this.#clock = components.clock ?? systemClock
    this.#random = components.random ?? Math.random
    this.#directory = options.directory
    this.#lockTimeoutMs = options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS
  }

  async load(gateway: GatewayKey): Promise<GatewayRecord> {
    return (await this.#read(gateway)).record
  }

  async apply(gateway: GatewayKey, changes: readonly RecordChange[]): Promise<GatewayRecord> {
    // Most connections bring nothing new: they neither wait for the lock nor write.
    const { record: now } = await this.#read(gateway)
    if (applyChanges(now, changes) === now) return now
    const path = this.pathOf(gateway)
    const { before, after } = await this.#reporting(path, 'written', async () => {
      await this.#prepareDirectory()
      const options = { path: join(this.#directory, '.lock'), timeoutMs: this.#lockTimeoutMs }
      return withFileLock({ clock: this.#clock, random: this.#random }, options, () => this.#change(gateway, changes))
    })
    if (after !== before) this.#watchers.notify(gateway)
    return after
  }

  subscribe(gateway: GatewayKey, listener: () => void): () => void {
    return this.#watchers.subscribe(gateway, listener)
  }

  /** Where the credentials for this gateway lie. The name tells people which it is; the digest tells gateways apart. */
  pathOf(gateway: GatewayKey): string {
    const place = gateway.replace(/^([a-z]+:\/\/[^/?]*).*$/, '$1').replace(/[^A-Za-z0-9.]+/g, '-')
    const digest = createHash('sha256').update(gateway).digest('hex')
    return join(this.#directory, `${place.slice(0, MAX_PLACE_CHARS)}-${digest.slice(0, DIGEST_CHARS)}.json`)
  }

  /** Only while holding the lock. */
  async #change(gateway: GatewayKey, changes: readonly RecordChange[]) {
    const document = await this.#read(gateway)
    const before = document.record
    const next = applyChanges(before, changes)
    if (next === before) return { before, after: before }
    const path = this.pathOf(gateway)
    const text = encodeRecord(document, next, gateway)
    await replaceDurably(this.#files, path, text)
    if ((await this.#files.readFile(path, 'utf8')) !== text) {
      throw new ClientError('CREDENTIALS_UNAVAILABLE', `${path}: what was read back is not what was written`)
    }
    return { before, after: this.#decode(gateway, text).record }
  }

  async #read(gateway: GatewayKey): Promise<RecordDocument> {
    const path = this.pathOf(gateway)
    const text = await this.#reporting(path, 'read', () =>
      this.#files.readFile(path, 'utf8').catch((error) => {
        if (codeOf(error) === 'ENOENT') return undefined
        throw error
      }),
    )
    return text === undefined ? EMPTY_DOCUMENT : this.#decode(gateway, text)
  }

  #decode(gateway: GatewayKey, text: string): RecordDocument {
    const decoded = decodeRecord(text, gateway)
    if (decoded.ok) return decoded.document
    const path = this.pathOf(gateway)
    throw new ClientError(
      'CREDENTIALS_UNAVAILABLE',
      `credentials ${path}: ${RECORD_PROBLEMS[decoded.problem]}. The file is never replaced automatically: restore it, ` +
        'or move it away to pair again.',
      { nextCommand: moveAway(path) },
    )
  }

  async #prepareDirectory(): Promise<void> {
    await makePrivateDirectory(this.#files, this.#directory)
    const { mode } = await this.#files.stat(this.#directory)
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new ClientError(
        'CREDENTIALS_UNAVAILABLE',
        `${this.#directory}: other users can get at it, so no credential is put there`,
        { nextCommand: `chmod 700 ${quote(this.#directory)}` },
      )
    }
  }

  async #reporting<T>(path: string, what: 'read' | 'written', work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (ClientError.is(cause)) throw cause
      const code = codeOf(cause)
      const isPassing = code !== undefined && PASSING.has(code)
      const message = `credentials ${path}: they cannot be ${what}${code === undefined ? '' : ` (${code})`}`
      throw new ClientError(isPassing ? 'CREDENTIALS_BUSY' : 'CREDENTIALS_UNAVAILABLE', message, { cause })
    }
  }
}

const MAX_PLACE_CHARS = 64
const DIGEST_CHARS = 16
/** Permissions of anybody but the owner. */
const OTHERS = 0o077
/** What the system reports when it is out of something for the moment. */
const PASSING: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'EBUSY', 'EINTR', 'ENOMEM', 'ESTALE'])

const moveAway = (path: string): string =>
  process.platform === 'win32' ? `move "${path}" "${path}.damaged"` : `mv -n ${quote(path)} ${quote(`${path}.damaged`)}`

const quote = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
