// Builds hello-ok. The large parts (features, presence, health) are encoded once per change by their owners and only
// joined here: a handshake encodes a few hundred bytes of its own.

import { type HelloOk, LIMITS, PROTOCOL_VERSION } from '@breakwater/protocol'
import type { Authorised, OtherRoleToken } from './candidate.ts'

/** What every hello of this process shares; the JSON members are already encoded. */
export interface HelloSource {
  readonly version: string
  readonly bootId: string
  readonly featuresJson: () => string
  readonly presenceJson: () => string
  readonly healthJson: () => string
  readonly stateVersion: () => { readonly presence: number; readonly health: number }
  readonly uptimeMs: () => number
  readonly appliedConfigHash: () => string | null
  /** Shown to administrators only. */
  readonly adminInfo: () => { readonly configPath: string; readonly stateDir: string; readonly authMode: string }
}

const POLICY: HelloOk['policy'] = {
  maxPayload: LIMITS.maxPayloadBytes,
  maxBufferedBytes: LIMITS.maxBufferedBytes,
  tickIntervalMs: LIMITS.tickIntervalMs,
  attachments: { maxBytes: 19_464_192, maxImageBytes: 6_291_456 },
}

const SESSION_DEFAULTS = {
  defaultAgentId: 'main',
  mainKey: 'main',
  mainSessionKey: 'agent:main:main',
  scope: 'per-sender',
}

const otherTokenRow = ({ token, role, scopes, issuedAtMs }: OtherRoleToken) => ({
  deviceToken: token,
  role,
  scopes,
  issuedAtMs,
})

/** Bytes of a shared part, made again only when its text has changed. */
class SharedPart {
  #json = ''
  #bytes = Buffer.alloc(0)

  bytesOf(json: string): Buffer {
    if (json !== this.#json) {
      this.#json = json
      this.#bytes = Buffer.from(json, 'utf8')
    }
    return this.#bytes
  }
}

const NO_PRESENCE = '[]'
const TAIL = `,"policy":${JSON.stringify(POLICY)}}}`

/** Encodes the response frame that ends a successful handshake: shared bytes are copied, never encoded again. */
export class HelloEncoder {
  readonly #source: HelloSource
  readonly #features = new SharedPart()
  readonly #presence = new SharedPart()
  readonly #health = new SharedPart()

  constructor(source: HelloSource) {
    this.#source = source
  }

  encode(candidate: Authorised, seesPresence: boolean): Buffer {
    const source = this.#source
    const server = { version: source.version, bootId: source.bootId, connId: candidate.connId }
    const head =
      `{"type":"res","id":${JSON.stringify(candidate.requestId)},"ok":true,"payload":{"type":"hello-ok","protocol":${PROTOCOL_VERSION}` +
      `,"server":${JSON.stringify(server)},"auth":${JSON.stringify(authOf(candidate))},"snapshot":${JSON.stringify(snapshotOf(source, candidate)).slice(0, -1)},"presence":`
    return Buffer.concat([
      Buffer.from(head, 'utf8'),
      seesPresence ? this.#presence.bytesOf(source.presenceJson()) : Buffer.from(NO_PRESENCE),
      HEALTH_KEY,
      this.#health.bytesOf(source.healthJson()),
      FEATURES_KEY,
      this.#features.bytesOf(source.featuresJson()),
      TAIL_BYTES,
    ])
  }
}

const HEALTH_KEY = Buffer.from(',"health":')
/** The snapshot ends with its health. */
const FEATURES_KEY = Buffer.from('},"features":')
const TAIL_BYTES = Buffer.from(TAIL)

const authOf = (candidate: Authorised) => ({
  method: candidate.method,
  role: candidate.role,
  scopes: candidate.grantedScopes,
  ...(candidate.deviceToken === undefined
    ? {}
    : { deviceToken: candidate.deviceToken.token, issuedAtMs: candidate.deviceToken.issuedAtMs }),
  ...(candidate.otherTokens === undefined ? {} : { deviceTokens: candidate.otherTokens.map(otherTokenRow) }),
})

const snapshotOf = (source: HelloSource, { grantedScopes }: Authorised) => ({
  suspension: { phase: 'accepting' },
  stateVersion: source.stateVersion(),
  uptimeMs: source.uptimeMs(),
  appliedConfigHash: source.appliedConfigHash(),
  sessionDefaults: SESSION_DEFAULTS,
  ...(grantedScopes.includes('operator.admin') ? source.adminInfo() : {}),
})
