// The one precedence rule for credentials, and the scopes that go with them (client notes 4.1 and 4.2). Pure.

import type { ConnectAuth, Role } from '@breakwater/protocol'
import type { ConnectCredentials, CredentialSource } from './authenticator.ts'
import type { StoredToken } from './credential-store.ts'

/** What the caller was given. Values are trimmed; a blank one counts as absent. */
export interface CredentialInput {
  /** The gateway's shared token. */
  readonly token?: string | undefined
  readonly password?: string | undefined
  /** A token the gateway issued to this device, given explicitly instead of through the store. */
  readonly deviceToken?: string | undefined
  /** From a setup code; good for one hand-off. */
  readonly bootstrapToken?: string | undefined
  /** Send the bootstrap token even though other credentials exist, and nothing else with it. */
  readonly preferBootstrapToken?: boolean | undefined
}

export interface ResolveContext {
  readonly stored: StoredToken | undefined
  /** This is the one retry after AUTH_TOKEN_MISMATCH: send the shared token and the stored one together. */
  readonly isFallback: boolean
}

export function resolveCredentials(input: CredentialInput, context: ResolveContext): ConnectCredentials {
  const token = present(input.token)
  const password = present(input.password)
  const deviceToken = present(input.deviceToken)
  const bootstrapToken = present(input.bootstrapToken)
  const { stored, isFallback } = context
  const chosen = (source: CredentialSource, auth: ConnectAuth | undefined) => ({ source, auth, stored })
  const withPassword = password === undefined ? {} : { password }
  if (bootstrapToken !== undefined && input.preferBootstrapToken === true) {
    return chosen('bootstrap-token', { bootstrapToken })
  }
  if (token !== undefined) {
    if (deviceToken !== undefined) return chosen('token', { token, ...withPassword, deviceToken })
    if (!isFallback || stored === undefined) return chosen('token', { token, ...withPassword })
    return chosen('token-with-stored', { token, ...withPassword, deviceToken: stored.token })
  }
  if (deviceToken !== undefined) return chosen('device-token', { token: deviceToken, ...withPassword, deviceToken })
  if (password !== undefined) return chosen('password', { password })
  if (stored !== undefined) return chosen('stored-token', { token: stored.token, deviceToken: stored.token })
  if (bootstrapToken !== undefined) return chosen('bootstrap-token', { bootstrapToken })
  return chosen('none', undefined)
}

const DEFAULT_OPERATOR_SCOPES: readonly string[] = ['operator.admin']

/** Explicit scopes as given; else those of the stored token when it is sent; else admin. A node asks for none. */
export function resolveScopes(
  role: Role,
  explicit: readonly string[] | undefined,
  credentials: ConnectCredentials,
): readonly string[] {
  if (explicit !== undefined) return explicit
  if (role === 'node') return []
  const scopes = sentStoredToken(credentials)?.scopes ?? []
  return scopes.length > 0 ? scopes : DEFAULT_OPERATOR_SCOPES
}

/** The stored token, if it is part of what is sent. */
export const sentStoredToken = ({ source, stored }: ConnectCredentials): StoredToken | undefined =>
  source === 'stored-token' || source === 'token-with-stored' ? stored : undefined

/** True when a secret is given that authenticates without a device. */
export const hasSharedSecret = (input: CredentialInput): boolean =>
  present(input.token) !== undefined || present(input.password) !== undefined

/** The input after the bootstrap token `spent` was redeemed; what it was preferred to is superseded with it. */
export function withoutBootstrap(input: CredentialInput, spent: string | undefined): CredentialInput {
  const bootstrapToken = present(input.bootstrapToken)
  if (bootstrapToken === undefined || bootstrapToken !== spent) return input
  const { token, password, deviceToken, preferBootstrapToken } = input
  return preferBootstrapToken === true ? { deviceToken } : { token, password, deviceToken }
}

/** Trimmed; undefined when nothing is left. */
export function present(value: string | undefined): string | undefined {
  const trimmed = value?.trim()
  return trimmed === '' ? undefined : trimmed
}
