// Over a stand-in for `localStorage`; the same contract runs over the real one in browser-credential-stores.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { credentialsContract } from '../../../testkit/src/contracts/credentials.contract.ts'
import { WebStorageCredentialStore } from '../../src/credentials/web-storage-credential-store.ts'
import { GATEWAY_URL, keep, kept, keyOf } from '../support/kept-tokens.ts'

class MapStorage {
  readonly entries = new Map<string, string>()
  isFull = false

  getItem(name: string): string | null {
    return this.entries.get(name) ?? null
  }

  setItem(name: string, value: string): void {
    if (this.isFull) throw new DOMException('full', 'QuotaExceededError')
    this.entries.set(name, value)
  }
}

const PREFIX = 'breakwater.credentials.'

credentialsContract('web storage', async () => {
  const storage = new MapStorage()
  return {
    store: new WebStorageCredentialStore({ storage }),
    other: async () => new WebStorageCredentialStore({ storage }),
    read: async (gateway) => storage.getItem(PREFIX + gateway) ?? undefined,
    write: async (gateway, text) => storage.setItem(PREFIX + gateway, text),
    refuseWrites: (isRefusing) => {
      storage.isFull = isRefusing
    },
    [Symbol.asyncDispose]: async () => {},
  }
})

test('a change waits for the lock its page shares with other tabs', async () => {
  const storage = new MapStorage()
  const held = Promise.withResolvers<void>()
  const asked: string[] = []
  const locks = {
    request: async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      asked.push(name)
      await held.promise
      return work()
    },
  }
  const store = new WebStorageCredentialStore({ storage, locks }, { prefix: 'p:' })
  const keeping = keep(store, { token: 't', scopes: [] })
  await Promise.resolve()
  assert.equal(storage.entries.size, 0)
  held.resolve()
  await keeping
  assert.deepEqual(asked, [`p:${keyOf()}`])
  assert.deepEqual(await kept(store, { url: GATEWAY_URL }), { token: 't', scopes: [] })
  assert.deepEqual([...storage.entries.keys()], [`p:${keyOf()}`])
})
