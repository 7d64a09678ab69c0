// Authenticator over what the caller gave and what a store keeps (client notes 4.1 to 4.3). Rules are in resolve.ts,
// issued-tokens.ts, after-refusal.ts and gateway-record.ts; this file remembers the little between two attempts and keeps
// law 5: nothing is dropped before its successor was written and read back.

import type { HelloOk, Role } from '@breakwater/protocol'
import { ClientError } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'
import { afterRefusal, isJudged } from './after-refusal.ts'
import type { AfterRefusal, Authenticator, ConnectCredentials, CredentialRequest } from './authenticator.ts'
import type { CredentialStore, GatewayRecord, IssuedToken, RecordChange, StoredToken } from './credential-store.ts'
import { type GatewayKey, gatewayKeyOf } from './gateway-key.ts'
import { EMPTY_RECORD, findToken } from './gateway-record.ts'
import { readHelloTokens } from './issued-tokens.ts'
import { type CredentialInput, present, resolveCredentials, withoutBootstrap } from './resolve.ts'

/** What the caller gives; a function is asked for every attempt, so that a changed secret needs no new client. */
export type CredentialInputSource = CredentialInput | (() => CredentialInput | Promise<CredentialInput>)

export class StoreAuthenticator implements Authenticator {
  readonly #store: CredentialStore
  #input: CredentialInputSource
  /** Granted tokens that are not on disk yet, because a write failed: this process goes on with them. */
  readonly #unsaved = new Map<Role, IssuedToken>()
  /** The stored token this connection last saw, per role. */
  readonly #known = new Map<Role, string>()
  /** Refused by the gateway, whether or not the store could forget it. */
  #refusedToken: string | undefined
  #redeemedBootstrap: string | undefined
  #sendsBoth = false
  /** The shared and the stored token that were refused together. */
  #spentPair: string | undefined

  constructor(components: { readonly store: CredentialStore }, input: CredentialInputSource) {
    this.#store = components.store
    this.#input = input
  }

  async select(request: CredentialRequest): Promise<ConnectCredentials> {
    // The failure was reported when the token was granted; trying again costs nothing now.
    await this.#save(request).catch(() => {})
    const record = request.deviceId === undefined ? EMPTY_RECORD : await this.#store.load(keyOf(request))
    this.#known.clear()
    for (const { deviceId, role, token } of record.tokens) {
      if (deviceId === request.deviceId) this.#known.set(role, token)
    }
    return this.#choose(request, record)
  }

  async accepted(request: CredentialRequest, used: ConnectCredentials, grant: HelloOk['auth']): Promise<void> {
    this.#sendsBoth = false
    this.#spentPair = undefined
    const { deviceId, role } = request
    if (deviceId === undefined) return
    const bootstrap = used.auth?.bootstrapToken
    const isHandoff = bootstrap !== undefined && isPrivate(request)
    const { tokens, isMalformed } = readHelloTokens(grant, { deviceId, role, isHandoff })
    const news = tokens.filter((token) => token.token !== this.#known.get(token.role))
    for (const token of news) this.#unsaved.set(token.role, token)
    if (bootstrap !== undefined && tokens.length > 0) this.#redeemedBootstrap = bootstrap
    await this.#save(request)
    if (bootstrap !== undefined) await this.#clearBootstrap(request, bootstrap, tokens)
    if (isMalformed) throw new ClientError('INVALID_RESPONSE', 'the gateway issued a token that makes no sense')
  }

  async refused(request: CredentialRequest, used: ConnectCredentials, error: ClientError): Promise<AfterRefusal> {
    const pair = `${used.auth?.token}\n${used.stored?.token}`
    if (isJudged(error)) this.#sendsBoth = false
    const isPeerProven = request.endpoint.isLoopback || request.isPinned
    const step = afterRefusal(error, used, { isPeerProven, areBothSpent: this.#spentPair === pair })
    switch (step.type) {
      case 'keep':
        return { hasFallback: false }
      case 'send-both':
        this.#sendsBoth = true
        this.#spentPair = pair
        return { hasFallback: true }
      case 'forget-stored':
        return this.#forget(request, step.token)
      case 'demote-bootstrap':
        return this.#demote(request, step.token)
    }
  }

  async reissued(request: CredentialRequest, token: IssuedToken): Promise<void> {
    this.#unsaved.set(token.role, token)
    await this.#save(request)
  }

  subscribe(endpoint: GatewayEndpoint, listener: () => void): () => void {
    return this.#store.subscribe(gatewayKeyOf(endpoint), listener)
  }

  async #choose(request: CredentialRequest, record: GatewayRecord): Promise<ConnectCredentials> {
    const given = typeof this.#input === 'function' ? await this.#input() : this.#input
    const withKept = withKeptBootstrap(given, record, request.role)
    const input = withoutBootstrap(withKept, this.#redeemedBootstrap)
    return resolveCredentials(input, { stored: this.#usableToken(request, record), isFallback: this.#sendsBoth })
  }

  /** What is on disk goes first: a gateway may retire it once its successor, which only this process knows, is used. */
  #usableToken({ deviceId, role }: CredentialRequest, record: GatewayRecord): StoredToken | undefined {
    if (deviceId === undefined) return undefined
    const stored = findToken(record, { deviceId, role })
    return stored !== undefined && stored.token !== this.#refusedToken ? stored : this.#unsaved.get(role)
  }

  async #save(request: CredentialRequest): Promise<void> {
    const tokens = [...this.#unsaved.values()]
    if (tokens.length === 0) return
    const gateway = keyOf(request)
    const changes = tokens.map(
      (issued): RecordChange => ({ type: 'keep-token', issued, known: this.#known.get(issued.role) }),
    )
    await this.#store.apply(gateway, changes)
    const record = await this.#store.load(gateway)
    for (const issued of tokens) {
      const found = findToken(record, issued)
      if (found === undefined) throw unsaved()
      this.#known.set(issued.role, found.token)
      if (this.#unsaved.get(issued.role) === issued) this.#unsaved.delete(issued.role)
    }
  }

  async #clearBootstrap(request: CredentialRequest, token: string, bought: readonly IssuedToken[]): Promise<void> {
    const record = await this.#store.apply(keyOf(request), [{ type: 'clear-bootstrap', token, bought }])
    const isProven = bought.length > 0 && bought.every((issued) => findToken(record, issued)?.token === issued.token)
    if (isProven && typeof this.#input !== 'function') this.#input = withoutBootstrap(this.#input, token)
  }

  async #forget(request: CredentialRequest, token: string): Promise<AfterRefusal> {
    const { deviceId, role } = request
    if (deviceId === undefined) return { hasFallback: false }
    this.#refusedToken = token
    if (this.#unsaved.get(role)?.token === token) this.#unsaved.delete(role)
    const change: RecordChange = { type: 'forget-token', deviceId, role, token }
    return this.#afterNoting(
      request,
      change,
      ({ source, stored }) =>
        // Another process may have stored a successor. A setup token goes only where nobody can read along.
        stored !== undefined || (source === 'bootstrap-token' && isPrivate(request)),
    )
  }

  /** One that the caller gave is his to replace; one that was kept may have been redeemed just before a crash. */
  async #demote(request: CredentialRequest, token: string): Promise<AfterRefusal> {
    const given = typeof this.#input === 'function' ? await this.#input() : this.#input
    if (present(given.bootstrapToken) === token) return { hasFallback: false }
    const change: RecordChange = { type: 'demote-bootstrap', token }
    return this.#afterNoting(request, change, ({ source }) => source !== 'bootstrap-token' && source !== 'none')
  }

  async #afterNoting(
    request: CredentialRequest,
    change: RecordChange,
    isWorthwhile: (next: ConnectCredentials) => boolean,
  ): Promise<AfterRefusal> {
    const gateway = keyOf(request)
    let fault: unknown
    const record = await this.#store.apply(gateway, [change]).catch((error) => {
      fault = error
      return this.#store.load(gateway)
    })
    const hasFallback = isWorthwhile(await this.#choose(request, record))
    return fault === undefined ? { hasFallback } : { hasFallback, fault }
  }
}

const keyOf = ({ endpoint }: CredentialRequest): GatewayKey => gatewayKeyOf(endpoint)

/** Nobody on the way can read along: tokens of other roles may be accepted, a setup token may be sent. */
const isPrivate = ({ endpoint }: CredentialRequest): boolean => endpoint.secure || endpoint.isLoopback

function withKeptBootstrap(given: CredentialInput, { bootstrap }: GatewayRecord, role: Role): CredentialInput {
  if (bootstrap === undefined || bootstrap.role !== role || present(given.bootstrapToken) !== undefined) return given
  return { ...given, bootstrapToken: bootstrap.token, preferBootstrapToken: bootstrap.isPreferred }
}

const unsaved = (): ClientError =>
  new ClientError('CREDENTIALS_UNAVAILABLE', 'a granted token was stored, but is not found when read back')
