// What a gateway is told at its start. Resolved values only: files, environment and flags were read by the caller.

import type { Tier } from './admission/deadline.ts'
import type { AuthPolicy } from './auth/auth-policy.ts'
import { LOG_DEFAULTS, type LogSettings } from './observe/file-logger.ts'
import type { WsLogMode } from './observe/ws-log.ts'

export interface TlsOptions {
  /** PEM certificate, leaf first; with `keyPath`. Unset: a certificate of our own is made once and kept. */
  readonly certPath?: string | undefined
  readonly keyPath?: string | undefined
  /** PEM certificates of further issuers, sent after those of `certPath`. Unset: none. */
  readonly caPath?: string | undefined
  readonly autoGenerate: boolean
}

export interface GatewayOptions {
  /** Where everything the gateway keeps lives: created with mode 0700. */
  readonly stateDir: string
  /** The configuration file that was (or would be) read; named to administrators. */
  readonly configPath: string
  /** `loopback`, `lan`, or one address. */
  readonly bind: string
  /** TCP port, 0 for a free one. */
  readonly port: number
  /** Whether the owner's socket `<stateDir>/run/gateway.sock` is opened. */
  readonly unixSocket: boolean
  readonly tls: TlsOptions | undefined
  /** For mode `token` without a token: the one generated on first start is used. */
  readonly auth: AuthPolicy
  /** Addresses and ranges of proxies that are believed. */
  readonly trustedProxies: readonly string[]
  readonly allowRealIpFallback: boolean
  readonly allowedOrigins: readonly string[]
  readonly allowedHosts: readonly string[]
  /** Silence allowed per leg of a handshake, in milliseconds. */
  readonly handshake: { readonly localMs: number; readonly remoteMs: number }
  /** Whether programs on this machine are paired without a question. */
  readonly autoApproveLocal: boolean
  /** Addresses and ranges whose new nodes are paired without a question. */
  readonly autoApproveCidrs: readonly string[]
  /** Most an operator device of a user the proxy vouches for is given at once; undefined: it asks like others. */
  readonly proxyAutoApproveScopes: readonly string[] | undefined
  /** Where this gateway is reached from afar, for setup codes; undefined: nobody said. */
  readonly remoteUrl: string | undefined
  /** Open sockets in all; more are dropped at accept and counted. */
  readonly maxConnections: number
  readonly logging: LogSettings
  /** Whether a gateway that others can reach is announced on the local network. */
  readonly mdns: boolean
  /** Whether figures for a monitoring system are collected and served. */
  readonly metricsEnabled: boolean
  readonly wsLog: WsLogMode
}

export const GATEWAY_DEFAULTS = {
  bind: 'loopback',
  port: 18_789,
  unixSocket: true,
  tls: undefined,
  auth: { mode: 'token', token: undefined },
  trustedProxies: [],
  allowRealIpFallback: false,
  allowedOrigins: [],
  allowedHosts: [],
  handshake: { localMs: 10_000, remoteMs: 3_000 },
  autoApproveLocal: true,
  autoApproveCidrs: [],
  proxyAutoApproveScopes: undefined,
  remoteUrl: undefined,
  maxConnections: 16_384,
  logging: { ...LOG_DEFAULTS, level: 'info', consoleLevel: 'info' },
  mdns: true,
  metricsEnabled: false,
  wsLog: 'auto',
} as const satisfies Omit<GatewayOptions, 'stateDir' | 'configPath'>

/** Responsive time a remote connection has from accept to hello in all, in legs. */
const REMOTE_TOTAL_MS = 10_000

/** The deadline tiers: people on this machine are patient with themselves, strangers get what a slow phone needs. */
export function handshakeTiers({ localMs, remoteMs }: GatewayOptions['handshake']): {
  readonly local: Tier
  readonly remote: Tier
} {
  return {
    local: { legMs: localMs, totalMs: Number.POSITIVE_INFINITY },
    remote: { legMs: remoteMs, totalMs: Math.max(REMOTE_TOTAL_MS, remoteMs) },
  }
}
