// Makes the connect frame: credentials and key are fetched while the socket opens, the proof once the challenge is here.
// Sends nothing itself and keeps nothing between attempts.

import { type ConnectParams, encodeRequest, type HelloOk, PAIRING_WAIT_CAP } from '@breakwater/protocol'
import type { Authenticator, ConnectCredentials, CredentialRequest } from '../credentials/authenticator.ts'
import { readReissuedToken } from '../credentials/issued-tokens.ts'
import { resolveScopes } from '../credentials/resolve.ts'
import { ClientError, type ClientErrorCode } from '../errors.ts'
import { type DeviceIdentity, type IdentitySource, resolveIdentity } from '../identity/device-identity.ts'
import { signConnect } from '../identity/sign-connect.ts'
import { type ClientOptions, DEFAULTS, type Manifest } from '../options.ts'
import type { ReadChallenge } from './machine.ts'

export interface HandshakeComponents {
  readonly authenticator: Authenticator
  /** Unset: no device is attached. */
  readonly identity?: IdentitySource | undefined
  readonly isPinned: boolean
}

interface Prelude {
  readonly identity: DeviceIdentity | undefined
  readonly request: CredentialRequest
  readonly credentials: ConnectCredentials
}

export class Handshake {
  readonly #components: HandshakeComponents
  readonly #options: ClientOptions
  readonly #prelude: Promise<Prelude>

  /** Starts fetching the key and the credentials. */
  constructor(components: HandshakeComponents, options: ClientOptions) {
    this.#components = components
    this.#options = options
    this.#prelude = this.#fetch()
    // A failure is reported when the frame is asked for; until then nobody awaits it.
    this.#prelude.catch(() => {})
  }

  /** The connect request as text, and whether it lets the gateway hold its answer. Rejects with a ClientError. */
  async connectFrame(
    id: string,
    challenge: ReadChallenge,
    isWaiting: boolean,
  ): Promise<{ text: string; isHeld: boolean }> {
    const { identity, credentials } = await this.#prelude
    const options = this.#options
    const manifest = await this.#manifest()
    // Who already knows what it waits for, and has the patience stock clients have, lets the gateway hold its answer.
    const isHeld = isWaiting && challenge.canHold && options.helloTimeoutMs >= DEFAULTS.helloTimeoutMs
    const scopes = resolveScopes(options.role, options.scopes, credentials)
    const { auth } = credentials
    const device = identity === undefined ? undefined : await this.#sign(identity, challenge, scopes, credentials)
    const params: ConnectParams = {
      minProtocol: options.minProtocol,
      maxProtocol: options.maxProtocol,
      client: options.client,
      role: options.role,
      scopes,
      ...manifest,
      ...(isHeld ? { caps: [...(manifest.caps ?? []), PAIRING_WAIT_CAP] } : {}),
      ...(auth === undefined ? {} : { auth }),
      ...(device === undefined ? {} : { device }),
      ...(options.locale === undefined ? {} : { locale: options.locale }),
      ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
    }
    return { text: encodeRequest(id, 'connect', params), isHeld }
  }

  /** Rejects with CREDENTIALS_UNAVAILABLE when what was granted could not be stored. */
  async accepted(grant: HelloOk['auth']): Promise<void> {
    const { request, credentials } = await this.#prelude
    await attempt('CREDENTIALS_UNAVAILABLE', 'the granted credential could not be stored', () =>
      this.#components.authenticator.accepted(request, credentials, grant),
    )
  }

  /** Never rejects: what keeps the refusal from being noted is a fault beside the answer. */
  async refused(error: ClientError): Promise<{ hasFallback: boolean; fault?: ClientError }> {
    const toFault = (cause: unknown) =>
      toClientError('CREDENTIALS_UNAVAILABLE', 'the refused credential could not be noted', cause)
    try {
      const { request, credentials } = await this.#prelude
      const { hasFallback, fault } = await this.#components.authenticator.refused(request, credentials, error)
      return fault === undefined ? { hasFallback } : { hasFallback, fault: toFault(fault) }
    } catch (cause) {
      return { hasFallback: false, fault: toFault(cause) }
    }
  }

  /** Keeps the token in an answer to `method`. Rejects with CREDENTIALS_UNAVAILABLE when it could not be stored. */
  async answered(method: string, payload: unknown): Promise<void> {
    const { request } = await this.#prelude
    const { deviceId, role } = request
    const token = deviceId === undefined ? undefined : readReissuedToken(method, payload, { deviceId, role })
    if (token === undefined) return
    await attempt('CREDENTIALS_UNAVAILABLE', 'the new device token could not be stored', () =>
      this.#components.authenticator.reissued(request, token),
    )
  }

  async #fetch(): Promise<Prelude> {
    const { authenticator, identity: source, isPinned } = this.#components
    const { endpoint, role } = this.#options
    const identity =
      source === undefined
        ? undefined
        : await attempt('IDENTITY_UNAVAILABLE', 'the device key is not available', () => resolveIdentity(source))
    const request = { endpoint, role, isPinned, deviceId: identity?.deviceId }
    const credentials = await attempt('CREDENTIALS_UNAVAILABLE', 'the credentials are not available', () =>
      authenticator.select(request),
    )
    return { identity, request, credentials }
  }

  async #manifest(): Promise<Manifest> {
    const { manifest } = this.#options
    if (typeof manifest !== 'function') return manifest ?? {}
    return attempt('INVALID_OPTIONS', 'the manifest could not be built, so nothing was sent', async () => manifest())
  }

  #sign(identity: DeviceIdentity, challenge: ReadChallenge, scopes: readonly string[], used: ConnectCredentials) {
    const { nonce, ts: signedAtMs } = challenge
    if (signedAtMs === undefined) {
      throw new ClientError('INVALID_CHALLENGE', 'the challenge carries no usable time to sign')
    }
    const { client, role } = this.#options
    return attempt('IDENTITY_UNAVAILABLE', 'the device key cannot sign', () =>
      signConnect(identity, { client, role, scopes, auth: used.auth, nonce, signedAtMs }),
    )
  }
}

/** Runs a component; what it rejects with becomes the cause of a ClientError, unless it is one. */
async function attempt<T>(code: ClientErrorCode, message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw toClientError(code, message, cause)
  }
}

const toClientError = (code: ClientErrorCode, message: string, cause: unknown): ClientError =>
  ClientError.is(cause) ? cause : new ClientError(code, message, { cause })
