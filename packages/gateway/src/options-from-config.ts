// From the configuration a person wrote to what a gateway is told at its start. Pure; everything was checked before.

import type { AuthPolicy } from './auth/auth-policy.ts'
import type { ResolvedConfig } from './config/schema.ts'
import type { LogThreshold } from './observe/logger.ts'
import type { WsLogMode } from './observe/ws-log.ts'
import { GATEWAY_DEFAULTS, type GatewayOptions, type TlsOptions } from './options.ts'
import { StartFault } from './start-fault.ts'

export interface StartPlace {
  readonly stateDir: string
  readonly configPath: string
  /** From the command line: the configuration has no place for what only concerns this terminal. */
  readonly wsLog?: WsLogMode
  /** Whether the console shows everything. */
  readonly isVerbose?: boolean
}

/** Throws StartFault when trusted-proxy authentication lacks its header, which the configuration's own rules refuse too. */
export function toGatewayOptions(config: ResolvedConfig, place: StartPlace): GatewayOptions {
  const { gateway, logging, metrics, discovery } = config
  const level = LOG_LEVELS[logging.level]
  const autoApprove = gateway.auth.trustedProxy.deviceAutoApprove
  return {
    stateDir: place.stateDir,
    configPath: place.configPath,
    bind: gateway.bind,
    port: gateway.port,
    unixSocket: gateway.unixSocket && process.platform !== 'win32',
    tls: toTlsOptions(config),
    auth: toAuthPolicy(config),
    trustedProxies: gateway.trustedProxies,
    allowRealIpFallback: gateway.allowRealIpFallback,
    allowedOrigins: gateway.controlUi.allowedOrigins,
    allowedHosts: gateway.allowedHosts,
    handshake: gateway.handshake,
    autoApproveLocal: gateway.nodes.pairing.autoApproveLocal,
    autoApproveCidrs: gateway.nodes.pairing.autoApproveCidrs,
    proxyAutoApproveScopes: autoApprove.enabled ? autoApprove.scopes : undefined,
    remoteUrl: gateway.remote.url,
    maxConnections: GATEWAY_DEFAULTS.maxConnections,
    logging: {
      level,
      consoleLevel: place.isVerbose === true ? 'debug' : level,
      consoleStyle: logging.consoleStyle,
      retentionDays: logging.retentionDays,
      maxBytes: logging.maxBytes,
    },
    mdns: discovery.mdns.enabled,
    metricsEnabled: metrics.enabled,
    wsLog: place.wsLog ?? GATEWAY_DEFAULTS.wsLog,
  }
}

/** The log knows four levels; the configuration also takes the ecosystem's other names. */
const LOG_LEVELS: Readonly<Record<ResolvedConfig['logging']['level'], LogThreshold>> = {
  silent: 'silent',
  fatal: 'error',
  error: 'error',
  warn: 'warn',
  info: 'info',
  debug: 'debug',
  trace: 'debug',
}

function toTlsOptions({ gateway: { tls } }: ResolvedConfig): TlsOptions | undefined {
  if (!tls.enabled) return undefined
  const { certPath, keyPath, caPath, autoGenerate } = tls
  return { certPath, keyPath, caPath, autoGenerate }
}

function toAuthPolicy({ gateway: { auth } }: ResolvedConfig): AuthPolicy {
  switch (auth.mode) {
    case 'none':
      return { mode: 'none' }
    case 'token':
      return { mode: 'token', token: auth.token }
    case 'password':
      return { mode: 'password', password: auth.password }
    case 'trusted-proxy': {
      const { userHeader, requiredHeaders, allowUsers, allowLoopback } = auth.trustedProxy
      if (userHeader === undefined) {
        throw new StartFault(
          'TRUSTED_PROXY_UNSET',
          'gateway.auth.mode is trusted-proxy but no header names the user',
          'Set gateway.auth.trustedProxy.userHeader to the header your proxy sets.',
        )
      }
      return {
        mode: 'trusted-proxy',
        proxy: {
          userHeader: userHeader.toLowerCase(),
          requiredHeaders: requiredHeaders.map((name) => name.toLowerCase()),
          allowUsers,
          allowLoopback,
        },
        password: auth.password,
      }
    }
  }
}
