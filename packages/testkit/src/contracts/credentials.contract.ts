// What every credential store promises, wherever it keeps its records. An implementation's test is one call of
// `credentialsContract` plus the gaps it declares; crashes and power cuts are tested where the files are.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  applyChanges,
  type CredentialStore,
  EMPTY_RECORD,
  findToken,
  type GatewayKey,
  type GatewayRecord,
  gatewayKeyOf,
  type IssuedToken,
  parseEndpoint,
  type RecordChange,
} from '@breakwater/client'
import fc from 'fast-check'

export interface CredentialsSubject extends AsyncDisposable {
  readonly store: CredentialStore
  /** Another store on the same place, as another process, or another tab, has one. */
  other(): Promise<CredentialStore>
  /** The text kept for a gateway, read and written behind the store's back. */
  read(gateway: GatewayKey): Promise<string | undefined>
  write(gateway: GatewayKey, text: string): Promise<void>
  /** Makes writes fail like a full disk, or succeed again. */
  refuseWrites(isRefusing: boolean): void
}

export interface CredentialsContractGaps {
  /** Why nobody else can have the same records. */
  readonly other?: string
  /** Why there is no text to look at. */
  readonly text?: string
  /** Why writing cannot be made to fail from outside. */
  readonly refusedWrites?: string
}

export type OpenCredentialsSubject = () => Promise<CredentialsSubject>

type Skip = { readonly skip: string | false }

export function credentialsContract(
  name: string,
  open: OpenCredentialsSubject,
  gaps: CredentialsContractGaps = {},
): void {
  describe(`credentials contract: ${name}`, () => {
    keeping(open)
    setupTokens(open)
    wholeChanges(open)
    watching(open)
    sharing(open, { skip: gaps.other ?? false })
    texts(open, { skip: gaps.text ?? false })
    refusals(open, { skip: gaps.refusedWrites ?? false })
  })
}

const keyOf = (url: string): GatewayKey => gatewayKeyOf(parseEndpoint(url))
const HOME = keyOf('ws://127.0.0.1:18789')
const ELSEWHERE = keyOf('wss://gateway.example.com')

const issue = (token: string, over: Partial<IssuedToken> = {}): IssuedToken => ({
  deviceId: 'd1',
  role: 'operator',
  token,
  scopes: ['operator.read'],
  ...over,
})
const keep = (issued: IssuedToken, known?: string): RecordChange => ({ type: 'keep-token', issued, known })
const forget = ({ deviceId, role, token }: IssuedToken): RecordChange => ({
  type: 'forget-token',
  deviceId,
  role,
  token,
})
const tokensOf = ({ tokens }: GatewayRecord): string[] => tokens.map(({ token }) => token).sort()

function keeping(open: OpenCredentialsSubject): void {
  it('knows nothing about a gateway it was told nothing about', async () => {
    await using subject = await open()
    assert.deepEqual(await subject.store.load(HOME), EMPTY_RECORD)
  })

  it('keeps, replaces and forgets one token for each role of a device', async () => {
    await using subject = await open()
    const { store } = subject
    const node = issue('n', { role: 'node', scopes: [], issuedAtMs: 5 })
    await store.apply(HOME, [keep(issue('a')), keep(node), keep(issue('c', { deviceId: 'd2' }))])
    const after = await store.apply(HOME, [keep(issue('b', { scopes: ['operator.write', 'operator.read'] }), 'a')])
    assert.deepEqual(await store.load(HOME), after)
    assert.deepEqual(findToken(after, issue('')), issue('b', { scopes: ['operator.write', 'operator.read'] }))
    assert.deepEqual(findToken(after, node), node)
    await store.apply(HOME, [forget(issue('a')), forget(node)])
    assert.deepEqual(tokensOf(await store.load(HOME)), ['b', 'c'], 'only the token that was named')
  })

  it('keeps gateways apart', async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply(HOME, [keep(issue('home'))])
    await store.apply(ELSEWHERE, [keep(issue('elsewhere'))])
    await store.apply(HOME, [forget(issue('home'))])
    assert.deepEqual(tokensOf(await store.load(HOME)), [])
    assert.deepEqual(tokensOf(await store.load(ELSEWHERE)), ['elsewhere'])
  })

  it('keeps any text as it is', async () => {
    await using subject = await open()
    const token = issue('"\\ \u0000 ä \u{1f512} </script>', { deviceId: '__proto__', scopes: ['', '\n'] })
    await subject.store.apply(HOME, [keep(token)])
    const { tokens } = await subject.store.load(HOME)
    assert.deepEqual(
      tokens.map((found) => ({ ...found })),
      [token],
    )
  })
}

function setupTokens(open: OpenCredentialsSubject): void {
  it('keeps a setup token until every token it bought is there (law 5)', async () => {
    await using subject = await open()
    const { store } = subject
    const bootstrap = { token: 'code', role: 'node', isPreferred: true } as const
    const bought = [issue('n', { role: 'node' }), issue('o')]
    const clear: RecordChange = { type: 'clear-bootstrap', token: 'code', bought }
    await store.apply(HOME, [{ type: 'keep-bootstrap', bootstrap }])
    assert.deepEqual((await store.load(HOME)).bootstrap, bootstrap)
    assert.deepEqual((await store.apply(HOME, [keep(issue('n', { role: 'node' })), clear])).bootstrap, bootstrap)
    const demoted = await store.apply(HOME, [{ type: 'demote-bootstrap', token: 'code' }])
    assert.deepEqual(demoted.bootstrap, { ...bootstrap, isPreferred: false })
    await store.apply(HOME, [keep(issue('o')), clear])
    const after = await store.load(HOME)
    assert.equal(after.bootstrap, undefined)
    assert.deepEqual(tokensOf(after), ['n', 'o'])
  })
}

const anyChange: fc.Arbitrary<RecordChange> = fc.oneof(
  fc
    .record({
      deviceId: fc.constantFrom('d1', 'd2'),
      role: fc.constantFrom('operator' as const, 'node' as const),
      token: fc.constantFrom('a', 'b', 'c'),
      known: fc.constantFrom('a', 'b', undefined),
      isKept: fc.boolean(),
    })
    .map(({ known, isKept, ...over }) =>
      isKept ? keep(issue(over.token, over), known) : forget(issue(over.token, over)),
    ),
  fc.record({ token: fc.constantFrom('x', 'y'), isPreferred: fc.boolean() }).map(({ token, isPreferred }) => ({
    type: 'keep-bootstrap' as const,
    bootstrap: { token, isPreferred, role: 'node' as const },
  })),
  fc.constantFrom('x', 'y').map((token) => ({ type: 'demote-bootstrap' as const, token })),
  fc.constantFrom('x', 'y').map((token) => ({ type: 'clear-bootstrap' as const, token, bought: [issue('a')] })),
)

/** Order of the tokens means nothing. */
const comparable = ({ tokens, bootstrap }: GatewayRecord) => ({
  bootstrap: bootstrap && { ...bootstrap },
  tokens: Object.fromEntries(tokens.map((token) => [`${token.deviceId} ${token.role}`, { ...token }])),
})

function wholeChanges(open: OpenCredentialsSubject): void {
  it('does what the changes mean, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyChange, { maxLength: 4 }), { maxLength: 8 }), async (steps) => {
        await using subject = await open()
        let model = EMPTY_RECORD
        for (const changes of steps) {
          model = applyChanges(model, changes)
          assert.deepEqual(comparable(await subject.store.apply(HOME, changes)), comparable(model))
        }
        assert.deepEqual(comparable(await subject.store.load(HOME)), comparable(model))
      }),
      { numRuns: 15 },
    )
  })

  it('shows the changes of one call together or not at all', async () => {
    await using subject = await open()
    const { store } = subject
    for (let round = 0; round < 5; round += 1) {
      const both = [`o${round}`, `n${round}`] as const
      const known = round === 0 ? [undefined, undefined] : [`o${round - 1}`, `n${round - 1}`]
      const writing = store.apply(HOME, [
        keep(issue(both[0]), known[0]),
        keep(issue(both[1], { role: 'node' }), known[1]),
      ])
      const seen = await Promise.all([store.load(HOME), store.load(HOME)])
      await writing
      for (const record of [...seen, await store.load(HOME)]) {
        const rounds = new Set(tokensOf(record).map((token) => token.slice(1)))
        assert.ok(rounds.size <= 1, tokensOf(record).join(' '))
      }
    }
  })

  it('loses nothing when many changes are made at the same time', async () => {
    await using subject = await open()
    const { store } = subject
    const tokens = Array.from({ length: 12 }, (_, at) => issue(`t${at}`, { deviceId: `d${at}` }))
    await Promise.all(tokens.map((token) => store.apply(HOME, [keep(token)])))
    assert.equal((await store.load(HOME)).tokens.length, tokens.length)
  })
}

function watching(open: OpenCredentialsSubject): void {
  it('tells who asked about changes of that gateway, and only about changes', async () => {
    await using subject = await open()
    const { store } = subject
    const seen: string[] = []
    const stop = store.subscribe(HOME, () => seen.push('home'))
    store.subscribe(ELSEWHERE, () => seen.push('elsewhere'))
    await store.apply(HOME, [keep(issue('a'))])
    await store.apply(HOME, [keep(issue('a')), forget(issue('b'))])
    await store.apply(HOME, [])
    assert.deepEqual(seen, ['home'])
    stop()
    await store.apply(HOME, [forget(issue('a'))])
    await store.apply(ELSEWHERE, [keep(issue('a'))])
    assert.deepEqual(seen, ['home', 'elsewhere'])
  })
}

function sharing(open: OpenCredentialsSubject, skip: Skip): void {
  it('finds what another one kept', skip, async () => {
    await using subject = await open()
    await subject.store.apply(HOME, [keep(issue('a'))])
    const other = await subject.other()
    assert.deepEqual(tokensOf(await other.load(HOME)), ['a'])
    await other.apply(HOME, [keep(issue('b'), 'a')])
    assert.deepEqual(tokensOf(await subject.store.load(HOME)), ['b'])
  })

  it('loses nothing when two of them write at the same time', skip, async () => {
    await using subject = await open()
    const stores = [subject.store, await subject.other()]
    const writes = stores.flatMap((store, who) =>
      Array.from({ length: 10 }, (_, at) => store.apply(HOME, [keep(issue('t', { deviceId: `${who}-${at}` }))])),
    )
    await Promise.all(writes)
    assert.equal((await subject.store.load(HOME)).tokens.length, 20)
  })
}

function texts(open: OpenCredentialsSubject, skip: Skip): void {
  it('keeps what a later version added', skip, async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply(HOME, [keep(issue('a')), keep(issue('n', { role: 'node' }))])
    const text = JSON.parse((await subject.read(HOME)) ?? '')
    const later = { ...text, label: 'Home', tokens: { ...text.tokens, d9: { worker: { token: 'w' } } } }
    await subject.write(HOME, JSON.stringify(later))
    await store.apply(HOME, [keep(issue('b'), 'a')])
    const written = JSON.parse((await subject.read(HOME)) ?? '')
    assert.equal(written.label, 'Home')
    assert.deepEqual(written.tokens.d9, { worker: { token: 'w' } })
    assert.equal(written.tokens.d1.operator.token, 'b')
  })

  for (const [title, damage] of [
    ['cut short', (text: string) => text.slice(0, -5)],
    ['emptied', () => ''],
    ['of another gateway', (text: string) => text.replaceAll('18789', '18790')],
    ['of a later version', (text: string) => text.replace('"version": 1', '"version": 2')],
  ] as const) {
    it(`blocks on a record that is ${title}, and never writes over it`, skip, async () => {
      await using subject = await open()
      const { store } = subject
      await store.apply(HOME, [keep(issue('a'))])
      const damaged = damage((await subject.read(HOME)) ?? '')
      await subject.write(HOME, damaged)
      await assert.rejects(store.load(HOME), { code: 'CREDENTIALS_UNAVAILABLE' })
      await assert.rejects(store.apply(HOME, [keep(issue('b'))]), { code: 'CREDENTIALS_UNAVAILABLE' })
      await assert.rejects(store.apply(HOME, []), { code: 'CREDENTIALS_UNAVAILABLE' })
      assert.equal(await subject.read(HOME), damaged)
      await store.apply(ELSEWHERE, [keep(issue('a'))])
      assert.deepEqual(tokensOf(await store.load(ELSEWHERE)), ['a'], 'other gateways are not blocked')
    })
  }
}

function refusals(open: OpenCredentialsSubject, skip: Skip): void {
  it('reports a write that failed, keeps what was there, and goes on when writing works again', skip, async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply(HOME, [keep(issue('a'))])
    subject.refuseWrites(true)
    await assert.rejects(store.apply(HOME, [keep(issue('b'), 'a')]), { code: 'CREDENTIALS_UNAVAILABLE' })
    assert.deepEqual(tokensOf(await store.load(HOME)), ['a'])
    assert.deepEqual(tokensOf(await store.apply(HOME, [keep(issue('a'))])), ['a'], 'nothing new needs no writing')
    subject.refuseWrites(false)
    await store.apply(HOME, [keep(issue('b'), 'a')])
    assert.deepEqual(tokensOf(await store.load(HOME)), ['b'])
  })
}
