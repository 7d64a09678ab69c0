// Credentials in the key-value storage of a page (`localStorage`), for browsers without IndexedDB. One entry per gateway.
// Any script of the page's origin can read them: a device key that cannot be exported is what keeps them from being used
// elsewhere.

import { ClientError } from '../errors.ts'
import type { CredentialStore, GatewayRecord, RecordChange } from './credential-store.ts'
import { type GatewayKey, gatewayLabel } from './gateway-key.ts'
import { applyChanges } from './gateway-record.ts'
import { EMPTY_DOCUMENT, encodeRecord, type RecordDocument, readRecord } from './record-document.ts'
import { RecordWatchers } from './record-watchers.ts'

export interface WebStorageCredentialStoreComponents {
  /** `localStorage`, or `sessionStorage` to forget with the tab. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem'>
  /** `navigator.locks`: keeps tabs apart that change the same entry. Unset = they may overwrite each other's changes. */
  readonly locks?: PageLocks
}

export interface PageLocks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>
}

export interface WebStorageCredentialStoreOptions {
  /** Begins the name of every entry. Unset = `breakwater.credentials.`. */
  readonly prefix?: string
}

const DEFAULT_PREFIX = 'breakwater.credentials.'

export class WebStorageCredentialStore implements CredentialStore {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>
  readonly #locks: PageLocks | undefined
  readonly #prefix: string
  readonly #watchers = new RecordWatchers()

  constructor(components: WebStorageCredentialStoreComponents, options: WebStorageCredentialStoreOptions = {}) {
    this.#storage = components.storage
    this.#locks = components.locks
    this.#prefix = options.prefix ?? DEFAULT_PREFIX
  }

  async load(gateway: GatewayKey): Promise<GatewayRecord> {
    return this.#read(gateway).record
  }

  async apply(gateway: GatewayKey, changes: readonly RecordChange[]): Promise<GatewayRecord> {
    const work = async () => this.#change(gateway, changes)
    const { before, after } = await (this.#locks?.request(this.#prefix + gateway, work) ?? work())
    if (after !== before) this.#watchers.notify(gateway)
    return after
  }

  subscribe(gateway: GatewayKey, listener: () => void): () => void {
    return this.#watchers.subscribe(gateway, listener)
  }

  /** Without a pause in between, so that nothing else of this page comes between reading and writing. */
  #change(gateway: GatewayKey, changes: readonly RecordChange[]) {
    const document = this.#read(gateway)
    const before = document.record
    const next = applyChanges(before, changes)
    if (next === before) return { before, after: before }
    try {
      this.#storage.setItem(this.#prefix + gateway, encodeRecord(document, next, gateway))
    } catch (cause) {
      throw new ClientError(
        'CREDENTIALS_UNAVAILABLE',
        `credentials for ${gatewayLabel(gateway)}: the page may not store them`,
        {
          cause,
        },
      )
    }
    return { before, after: this.#read(gateway).record }
  }

  #read(gateway: GatewayKey): RecordDocument {
    const text = this.#storage.getItem(this.#prefix + gateway)
    return text === null ? EMPTY_DOCUMENT : readRecord(text, gateway)
  }
}
