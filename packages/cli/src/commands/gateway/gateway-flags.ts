// The flags of `breakwater gateway` as changes to the configuration: what is typed wins over the file. Pure.

import { resolve } from 'node:path'
import type { ConfigOverride } from '@breakwater/gateway'
import { usageError } from '../../failure.ts'

export interface GatewayFlags {
  readonly port?: string
  readonly bind?: string
  readonly token?: string
  readonly password?: string
  readonly tls?: boolean
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly allowUnconfigured?: boolean
  readonly verbose?: boolean
  readonly wsLog?: 'auto' | 'compact' | 'full'
}

/** Throws CommandError for flags that contradict each other. */
export function toOverrides(flags: GatewayFlags, cwd: string): readonly ConfigOverride[] {
  const { port, bind, token, password, tls, tlsCert, tlsKey } = flags
  if (token !== undefined && password !== undefined) {
    throw usageError('--token and --password exclude each other: a gateway has one shared secret', 'Give one of them.')
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw usageError('--tls-cert and --tls-key belong together', 'Give both, or neither to have a certificate made.')
  }
  const isTls = tls === true || tlsCert !== undefined
  return [
    ...override('gateway.port', port, '--port'),
    ...override('gateway.bind', bind, '--bind'),
    ...override('gateway.auth.token', token, '--token'),
    ...override('gateway.auth.password', password, '--password'),
    ...override('gateway.auth.mode', modeOf(flags), token === undefined ? '--password' : '--token'),
    ...override('gateway.tls.enabled', isTls || undefined, '--tls'),
    ...override('gateway.tls.certPath', tlsCert && resolve(cwd, tlsCert), '--tls-cert'),
    ...override('gateway.tls.keyPath', tlsKey && resolve(cwd, tlsKey), '--tls-key'),
  ]
}

const modeOf = ({ token, password }: GatewayFlags): string | undefined =>
  token !== undefined ? 'token' : password !== undefined ? 'password' : undefined

const override = (path: string, value: unknown, origin: string): ConfigOverride[] =>
  value === undefined ? [] : [{ path, value, origin }]

/**
 * Secrets of the environment, for leaves the file leaves open: flags, then the file, then these, then a generated token
 * (client notes 4.1).
 */
export function environmentSecrets(
  source: Readonly<Record<string, unknown>>,
  env: { readonly token: string | undefined; readonly password: string | undefined },
): readonly ConfigOverride[] {
  const auth = memberOf(memberOf(source, 'gateway'), 'auth')
  const open = (key: string, value: string | undefined): string | undefined =>
    memberOf(auth, key) === undefined && value?.trim() !== '' ? value : undefined
  const isProxied = memberOf(auth, 'mode') === 'trusted-proxy'
  return [
    // A shared token would be a way around the proxy.
    ...(isProxied ? [] : override('gateway.auth.token', open('token', env.token), 'BREAKWATER_GATEWAY_TOKEN')),
    ...override('gateway.auth.password', open('password', env.password), 'BREAKWATER_GATEWAY_PASSWORD'),
  ]
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
