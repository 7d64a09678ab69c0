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
  readonly preferBootstrapToken?: boolean
}

export interface ResolveContext {
  readonly stored: StoredToken | undefined
  /** This is the one retry after AUTH_TOKEN_MISMATCH: send the shared token and the stored one together. */
  readonly isFallback: boolean
  /** Loopback, or TLS with a pin: the stored token may be tried after the shared one was refused. */
  readonly isFallbackTrusted: boolean
}

export function resolveCredentials(input: CredentialInput, context: ResolveContext): ConnectCredentials {
  const token = present(input.token)
  const password = present(input.password)
  const deviceToken = present(input.deviceToken)
  const bootstrapToken = present(input.bootstrapToken)
  const { stored } = context
  if (bootstrapToken !== undefined && input.preferBootstrapToken === true) {
    return chosen('bootstrap-token', { bootstrapToken })
  }
  if (token !== undefined) {
    if (context.isFallback && stored !== undefined) {
      return chosen('token-with-stored', { token, deviceToken: stored.token }, stored.scopes)
    }
    const hasFallback = stored !== undefined && deviceToken === undefined && context.isFallbackTrusted
    const auth = password === undefined ? { token } : { token, password }
    return { ...chosen('token', auth), hasFallback: hasFallback && !context.isFallback }
  }
  if (deviceToken !== undefined) return chosen('device-token', { token: deviceToken, deviceToken })
  if (password !== undefined) return chosen('password', { password })
  if (stored !== undefined) {
    return chosen('stored-token', { token: stored.token, deviceToken: stored.token }, stored.scopes)
  }
  if (bootstrapToken !== undefined) return chosen('bootstrap-token', { bootstrapToken })
  return chosen('none', undefined)
}

const DEFAULT_OPERATOR_SCOPES: readonly string[] = ['operator.admin']

/** Explicit scopes as given; else those of the stored token; else admin. A node asks for none. */
export function resolveScopes(
  role: Role,
  explicit: readonly string[] | undefined,
  credentials: ConnectCredentials,
): readonly string[] {
  if (explicit !== undefined) return explicit
  if (role === 'node') return []
  const isStored = credentials.source === 'stored-token' && credentials.storedScopes.length > 0
  return isStored ? credentials.storedScopes : DEFAULT_OPERATOR_SCOPES
}

/** True when a secret is given that authenticates without a device. */
export const hasSharedSecret = (input: CredentialInput): boolean =>
  present(input.token) !== undefined || present(input.password) !== undefined

const chosen = (
  source: CredentialSource,
  auth: ConnectAuth | undefined,
  storedScopes: readonly string[] = [],
): ConnectCredentials => ({ source, auth, storedScopes, hasFallback: false })

function present(value: string | undefined): string | undefined {
  const trimmed = value?.trim()
  return trimmed === '' ? undefined : trimmed
}
