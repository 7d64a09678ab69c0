// The settings cases are written for, once for this gateway and once as a configuration file of the official one.

import type { GatewayOptions } from '@breakwater/gateway'

export const CONFORMANCE_SECRET = 'conformance-0123456789abcdef'
export const LISTED_ORIGIN = 'https://gw.example.com'
export const PROXY_USER = 'owner@example.com'
/** Long enough for a busy machine to get through a handshake, short enough to wait for. */
export const SHORT_HANDSHAKE_MS = 1_500

export interface Configuration {
  /** What a target must have for the cases of this configuration; shown when they are skipped. */
  readonly meaning: string
  readonly ours: Partial<GatewayOptions>
  readonly official: {
    readonly gateway: Readonly<Record<string, unknown>>
    readonly env?: Readonly<Record<string, string>>
  }
}

const TOKEN = { mode: 'token', token: CONFORMANCE_SECRET } as const
const PASSWORD = { mode: 'password', password: CONFORMANCE_SECRET } as const
const BEHIND_LOOPBACK_PROXY = { trustedProxies: ['127.0.0.1'] }
const USER_PROXY = {
  userHeader: 'x-forwarded-user',
  requiredHeaders: ['x-forwarded-proto'],
  allowUsers: [PROXY_USER],
  allowLoopback: true,
}

export const CONFIGURATIONS = {
  token: {
    meaning: 'token authentication, nothing else',
    ours: { auth: TOKEN },
    official: { gateway: { auth: TOKEN } },
  },
  proxied: {
    meaning: `token authentication, 127.0.0.1 in gateway.trustedProxies, ${LISTED_ORIGIN} in gateway.controlUi.allowedOrigins`,
    ours: { auth: TOKEN, ...BEHIND_LOOPBACK_PROXY, allowedOrigins: [LISTED_ORIGIN] },
    official: { gateway: { auth: TOKEN, ...BEHIND_LOOPBACK_PROXY, controlUi: { allowedOrigins: [LISTED_ORIGIN] } } },
  },
  password: {
    meaning: 'password authentication',
    ours: { auth: PASSWORD },
    official: { gateway: { auth: PASSWORD } },
  },
  none: {
    meaning: 'no authentication, bound to loopback',
    ours: { auth: { mode: 'none' } },
    official: { gateway: { auth: { mode: 'none' } } },
  },
  'trusted-proxy': {
    meaning: `trusted-proxy authentication by 127.0.0.1: x-forwarded-user names ${PROXY_USER}, x-forwarded-proto required`,
    ours: { auth: { mode: 'trusted-proxy', proxy: USER_PROXY, password: undefined }, ...BEHIND_LOOPBACK_PROXY },
    official: { gateway: { auth: { mode: 'trusted-proxy', trustedProxy: USER_PROXY }, ...BEHIND_LOOPBACK_PROXY } },
  },
  'short-handshake': {
    meaning: `token authentication, ${SHORT_HANDSHAKE_MS} ms for the handshake`,
    ours: { auth: TOKEN, handshake: { localMs: SHORT_HANDSHAKE_MS, remoteMs: SHORT_HANDSHAKE_MS } },
    official: { gateway: { auth: TOKEN }, env: { OPENCLAW_HANDSHAKE_TIMEOUT_MS: String(SHORT_HANDSHAKE_MS) } },
  },
} as const satisfies Record<string, Configuration>

export type ConfigurationName = keyof typeof CONFIGURATIONS

export const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as ConfigurationName[]
