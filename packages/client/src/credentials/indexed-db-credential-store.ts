// Credentials in a page's IndexedDB, next to the device key, which only IndexedDB can hold without exposing it. One entry
// per gateway; a change is one transaction, so that tabs cannot overwrite each other's.

import { ClientError } from '../errors.ts'
import type { CredentialStore, GatewayRecord, RecordChange } from './credential-store.ts'
import type { GatewayKey } from './gateway-key.ts'
import { applyChanges } from './gateway-record.ts'
import { EMPTY_DOCUMENT, encodeRecord, type RecordDocument, readRecord } from './record-document.ts'
import { RecordWatchers } from './record-watchers.ts'

/** The part of IndexedDB that is used; `globalThis.indexedDB` fits. */
export interface IndexedDb {
  open(name: string, version: number): DbRequest<Database>
}

interface Target {
  addEventListener(type: string, listener: () => void): void
}

interface DbRequest<T> extends Target {
  readonly result: T
  readonly error: unknown
}

interface Database extends Target {
  createObjectStore(name: string): unknown
  transaction(store: string, mode: 'readonly' | 'readwrite', options: { readonly durability: 'strict' }): DbTransaction
  close(): void
}

interface DbTransaction extends Target {
  objectStore(name: string): { get(key: string): DbRequest<unknown>; put(value: string, key: string): unknown }
  abort(): void
  readonly error: unknown
}

export interface IndexedDbCredentialStoreOptions {
  /** Unset = `breakwater-credentials`. */
  readonly databaseName?: string
}

const DEFAULT_DATABASE = 'breakwater-credentials'
const VERSION = 1
const RECORDS = 'records'

export class IndexedDbCredentialStore implements CredentialStore {
  readonly #indexedDb: IndexedDb
  readonly #databaseName: string
  readonly #watchers = new RecordWatchers()
  #opening: Promise<Database> | undefined

  constructor(components: { readonly indexedDB: IndexedDb }, options: IndexedDbCredentialStoreOptions = {}) {
    this.#indexedDb = components.indexedDB
    this.#databaseName = options.databaseName ?? DEFAULT_DATABASE
  }

  async load(gateway: GatewayKey): Promise<GatewayRecord> {
    return (await this.#read(gateway)).record
  }

  async apply(gateway: GatewayKey, changes: readonly RecordChange[]): Promise<GatewayRecord> {
    let isChanged = false
    await this.#transact('readwrite', gateway, (text, put) => {
      const document = toDocument(text, gateway)
      const next = applyChanges(document.record, changes)
      if (next === document.record) return
      isChanged = true
      put(encodeRecord(document, next, gateway))
    })
    const { record } = await this.#read(gateway)
    if (isChanged) this.#watchers.notify(gateway)
    return record
  }

  subscribe(gateway: GatewayKey, listener: () => void): () => void {
    return this.#watchers.subscribe(gateway, listener)
  }

  async #read(gateway: GatewayKey): Promise<RecordDocument> {
    let found: unknown
    await this.#transact('readonly', gateway, (text) => {
      found = text
    })
    return toDocument(found, gateway)
  }

  /** Resolves when the transaction is on disk; what `act` throws undoes it. */
  async #transact(mode: 'readonly' | 'readwrite', gateway: GatewayKey, act: Act): Promise<void> {
    const database = await this.#open()
    try {
      await transact(database, mode, gateway, act)
    } catch (cause) {
      if (ClientError.is(cause)) throw cause
      // It may have been closed under us (storage cleared, browser upgrade): it is opened anew next time.
      database.close()
      this.#opening = undefined
      throw toFault(cause)
    }
  }

  #open(): Promise<Database> {
    this.#opening ??= this.#openOnce().catch((cause: unknown) => {
      this.#opening = undefined
      throw toFault(cause)
    })
    return this.#opening
  }

  #openOnce(): Promise<Database> {
    const { promise, resolve, reject } = Promise.withResolvers<Database>()
    const request = this.#indexedDb.open(this.#databaseName, VERSION)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(RECORDS))
    request.addEventListener('error', () => reject(request.error))
    request.addEventListener('blocked', () => reject(new Error('another tab keeps an older version of it open')))
    request.addEventListener('success', () => {
      const database = request.result
      // A later version in another tab goes first.
      database.addEventListener('versionchange', () => {
        database.close()
        this.#opening = undefined
      })
      resolve(database)
    })
    return promise
  }
}

type Act = (text: unknown, put: (text: string) => void) => void

async function transact(database: Database, mode: 'readonly' | 'readwrite', key: string, act: Act): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const transaction = database.transaction(RECORDS, mode, { durability: 'strict' })
  let fault: unknown
  transaction.addEventListener('complete', () => resolve())
  transaction.addEventListener('abort', () => reject(fault ?? transaction.error))
  const records = transaction.objectStore(RECORDS)
  const request = records.get(key)
  request.addEventListener('success', () => {
    try {
      act(request.result, (text) => records.put(text, key))
    } catch (error) {
      fault = error
      transaction.abort()
    }
  })
  return promise
}

const toDocument = (text: unknown, gateway: GatewayKey): RecordDocument =>
  text === undefined ? EMPTY_DOCUMENT : readRecord(typeof text === 'string' ? text : '', gateway)

const toFault = (cause: unknown): ClientError =>
  ClientError.is(cause)
    ? cause
    : new ClientError('CREDENTIALS_UNAVAILABLE', "the page's database cannot be used", { cause })
