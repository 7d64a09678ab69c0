// The stores of pages, in a real Chromium over its real storage, held against the same contract as all others. A store in
// a page is driven from here: every call crosses as data.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type CredentialsSubject, credentialsContract } from '../../../testkit/src/contracts/credentials.contract.ts'
import type { CredentialStore } from '../../src/credentials/credential-store.ts'
import { RecordWatchers } from '../../src/credentials/record-watchers.ts'
import { ClientError, type ClientErrorCode } from '../../src/errors.ts'
import { keyOf } from '../support/kept-tokens.ts'
import { type ModuleServer, serveModules } from '../support/module-server.ts'

const CHROMIUM = process.env.BREAKWATER_CHROMIUM ?? '/usr/bin/chromium'
const skip = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}; set BREAKWATER_CHROMIUM`
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

const SCRIPT = `
import { IndexedDbCredentialStore } from '@breakwater/client/credentials/indexed-db-credential-store.ts'
import { WebStorageCredentialStore } from '@breakwater/client/credentials/web-storage-credential-store.ts'

const make = {
  'IndexedDB': (place) => new IndexedDbCredentialStore({ indexedDB }, { databaseName: place }),
  'localStorage': (place) =>
    new WebStorageCredentialStore({ storage: localStorage, locks: navigator.locks }, { prefix: place }),
}
const stores = {}
window.call = async (kind, place, method, gateway, changes) => {
  const store = (stores[place] ??= make[kind](place))
  let isNotified = false
  const stop = store.subscribe(gateway, () => { isNotified = true })
  try {
    return { record: await store[method](gateway, changes), isNotified }
  } catch (error) {
    return { code: error.code ?? 'NONE', message: String(error) }
  } finally {
    stop()
  }
}
const request = (place, mode, act) => new Promise((resolve, reject) => {
  const opening = indexedDB.open(place, 1)
  opening.onerror = () => reject(opening.error)
  opening.onsuccess = () => {
    const asked = act(opening.result.transaction('records', mode).objectStore('records'))
    asked.onsuccess = () => { resolve(asked.result); opening.result.close() }
  }
})
window.read = {
  'IndexedDB': (place, gateway) => request(place, 'readonly', (records) => records.get(gateway)),
  'localStorage': (place, gateway) => localStorage.getItem(place + gateway),
}
window.write = {
  'IndexedDB': (place, gateway, text) => request(place, 'readwrite', (records) => records.put(text, gateway)).then(() => null),
  'localStorage': (place, gateway, text) => localStorage.setItem(place + gateway, text),
}
window.isReady = true
`

type Kind = 'IndexedDB' | 'localStorage'
type Answer =
  | { readonly record: Awaited<ReturnType<CredentialStore['load']>>; readonly isNotified: boolean }
  | { readonly code: ClientErrorCode; readonly message: string }

let server: ModuleServer
let browser: Browser
/** Two tabs of one profile. */
let tabs: readonly [Page, Page]
let placeCount = 0

if (skip === false) {
  before(async () => {
    server = await serveModules(SCRIPT)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
    const context = await browser.newContext()
    tabs = [await openPage(context), await openPage(context)]
  })
  after(async () => {
    await browser.close()
    await server[Symbol.asyncDispose]()
  })
}

async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(server.origin)
  await page.waitForFunction('window.isReady === true')
  return page
}

const run = <T>(page: Page, what: string, ...args: readonly unknown[]): Promise<T> =>
  page.evaluate(`window.${what}(${args.map((arg) => JSON.stringify(arg) ?? 'undefined').join(',')})`)

function storeIn(page: Page, kind: Kind, place: string): CredentialStore {
  const watchers = new RecordWatchers()
  const call = async (method: 'load' | 'apply', gateway: string, changes?: unknown) => {
    const answer = await run<Answer>(page, 'call', kind, place, method, gateway, changes)
    if ('code' in answer) throw new ClientError(answer.code, answer.message)
    return answer
  }
  return {
    load: async (gateway) => (await call('load', gateway)).record,
    apply: async (gateway, changes) => {
      const { record, isNotified } = await call('apply', gateway, changes)
      if (isNotified) watchers.notify(gateway)
      return record
    },
    subscribe: (gateway, listener) => watchers.subscribe(gateway, listener),
  }
}

/** A database, or a prefix, of its own. */
function openSubject(kind: Kind): CredentialsSubject & { readonly place: string } {
  placeCount += 1
  const place = `place-${placeCount}.`
  const [page, otherPage] = tabs
  return {
    place,
    store: storeIn(page, kind, place),
    other: async () => storeIn(otherPage, kind, place),
    read: async (gateway) => (await run<string | null | undefined>(page, `read.${kind}`, place, gateway)) ?? undefined,
    write: (gateway, text) => run(page, `write.${kind}`, place, gateway, text),
    refuseWrites: () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

if (skip === false) {
  for (const kind of ['IndexedDB', 'localStorage'] as const) {
    credentialsContract(kind, async () => openSubject(kind), { refusedWrites: 'a page cannot be given a full disk' })
  }
}

test('a page whose storage was cleared under a running store starts with nothing, and stores again', {
  skip,
}, async () => {
  const { store, place } = openSubject('IndexedDB')
  const gateway = keyOf()
  const issued = { deviceId: 'd', role: 'node', token: 't', scopes: [] } as const
  await store.apply(gateway, [{ type: 'keep-token', issued, known: undefined }])
  await tabs[1].evaluate(`new Promise((resolve) => {
    indexedDB.deleteDatabase(${JSON.stringify(place)}).onsuccess = resolve
  })`)
  assert.deepEqual(await store.load(gateway), { tokens: [] })
  await store.apply(gateway, [{ type: 'keep-token', issued, known: undefined }])
  assert.equal((await store.load(gateway)).tokens.length, 1)
})
