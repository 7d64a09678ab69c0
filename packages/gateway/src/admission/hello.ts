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

/** The response frame that ends a successful handshake. */
export function encodeHello(source: HelloSource, candidate: Authorised, seesPresence: boolean): string {
  const auth = {
    method: candidate.method,
    role: candidate.role,
    scopes: candidate.grantedScopes,
    ...(candidate.deviceToken === undefined
      ? {}
      : { deviceToken: candidate.deviceToken.token, issuedAtMs: candidate.deviceToken.issuedAtMs }),
    ...(candidate.otherTokens === undefined ? {} : { deviceTokens: candidate.otherTokens.map(otherTokenRow) }),
  }
  const isAdmin = candidate.grantedScopes.includes('operator.admin')
  const snapshot = {
    suspension: { phase: 'accepting' },
    stateVersion: source.stateVersion(),
    uptimeMs: source.uptimeMs(),
    appliedConfigHash: source.appliedConfigHash(),
    sessionDefaults: SESSION_DEFAULTS,
    ...(isAdmin ? source.adminInfo() : {}),
  }
  const server = { version: source.version, bootId: source.bootId, connId: candidate.connId }
  return (
    `{"type":"res","id":${JSON.stringify(candidate.requestId)},"ok":true,"payload":{"type":"hello-ok","protocol":${PROTOCOL_VERSION}` +
    `,"server":${JSON.stringify(server)},"features":${source.featuresJson()}` +
    `,"snapshot":{"presence":${seesPresence ? source.presenceJson() : '[]'},"health":${source.healthJson()},${JSON.stringify(snapshot).slice(1)}` +
    `,"auth":${JSON.stringify(auth)},"policy":${JSON.stringify(POLICY)}}}`
  )
}
