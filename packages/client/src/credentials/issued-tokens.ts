// Reads the tokens a gateway hands out: in hello-ok, and in answers to a rotation or a scope upgrade on a live connection
// (client notes 4.3). The other side is not trusted to stay in shape or size. Pure; keeping them is done elsewhere.

import { type HelloOk, isRecord, type Role } from '@breakwater/protocol'
import type { IssuedToken } from './credential-store.ts'

/** Bounds of what is kept from a gateway: a token, its scopes, and each of them, in UTF-16 units. */
export const ISSUED_TOKEN_LIMITS = { tokenChars: 4_096, scopes: 256, scopeChars: 256 } as const

export interface HandOver {
  readonly deviceId: string
  /** The role that connected. */
  readonly role: Role
  /** A setup token was redeemed over TLS or on this machine: the tokens of the other roles are ours to keep as well. */
  readonly isHandoff: boolean
}

export interface IssuedTokens {
  /** The first one is the connecting role's own, if there is one. */
  readonly tokens: readonly IssuedToken[]
  /** The gateway also sent something that is no token anybody could keep. */
  readonly isMalformed: boolean
}

export function readHelloTokens(grant: HelloOk['auth'], { deviceId, role, isHandoff }: HandOver): IssuedTokens {
  const auth: Readonly<Record<string, unknown>> = grant
  const offered: IssuedToken[] = []
  let isMalformed = false
  const take = (value: Readonly<Record<string, unknown>>, ofRole: Role): void => {
    const token = readToken(value, { deviceId, role: ofRole, token: value.deviceToken, issuedAtMs: value.issuedAtMs })
    if (token === undefined) isMalformed = true
    else if (!offered.some((earlier) => earlier.role === token.role)) offered.push(token)
  }
  if (auth.deviceToken !== undefined) take(auth, readRole(auth.role) ?? role)
  for (const entry of isHandoff && Array.isArray(auth.deviceTokens) ? auth.deviceTokens : []) {
    const ofRole = isRecord(entry) ? readRole(entry.role) : undefined
    // Roles of a later protocol are none this client can connect with.
    if (isRecord(entry) && ofRole !== undefined) take(entry, ofRole)
  }
  return { tokens: offered, isMalformed }
}

/** The new token in the answer to `method`, if it is one for this device; undefined for every other answer. */
export function readReissuedToken(
  method: string,
  payload: unknown,
  device: { readonly deviceId: string; readonly role: Role },
): IssuedToken | undefined {
  const read = REISSUING.get(method)
  return read === undefined || !isRecord(payload) ? undefined : read(payload, device)
}

/** True for methods whose answer may hold a token that must not be lost. */
export const isReissuing = (method: string): boolean => REISSUING.has(method)

type ReadAnswer = (
  payload: Readonly<Record<string, unknown>>,
  device: { readonly deviceId: string; readonly role: Role },
) => IssuedToken | undefined

const REISSUING: ReadonlyMap<string, ReadAnswer> = new Map([
  [
    'device.token.rotate',
    (payload, { deviceId, role }) => {
      // Of another device the token is withheld.
      if (payload.deviceId !== deviceId || payload.token === undefined) return undefined
      const { token, rotatedAtMs: issuedAtMs } = payload
      return readToken(payload, { deviceId, role: readRole(payload.role) ?? role, token, issuedAtMs })
    },
  ],
  [
    'device.scopes.waitUpgrade',
    (payload, { deviceId, role }) =>
      payload.status === 'approved'
        ? readToken(payload, { deviceId, role, token: payload.deviceToken, issuedAtMs: undefined })
        : undefined,
  ],
] satisfies [string, ReadAnswer][])

function readToken(
  { scopes = [] }: Readonly<Record<string, unknown>>,
  found: {
    readonly deviceId: string
    readonly role: Role
    readonly token: unknown
    readonly issuedAtMs: unknown
  },
): IssuedToken | undefined {
  const { deviceId, role, token, issuedAtMs } = found
  const { tokenChars, scopes: maxScopes, scopeChars } = ISSUED_TOKEN_LIMITS
  const isScope = (scope: unknown): scope is string => typeof scope === 'string' && scope.length <= scopeChars
  if (typeof token !== 'string' || token.trim() === '' || token.length > tokenChars) return undefined
  if (!Array.isArray(scopes) || scopes.length > maxScopes || !scopes.every(isScope)) return undefined
  const time = typeof issuedAtMs === 'number' && Number.isFinite(issuedAtMs) ? { issuedAtMs } : {}
  return { deviceId, role, token, scopes: [...scopes], ...time }
}

const readRole = (role: unknown): Role | undefined => (role === 'operator' || role === 'node' ? role : undefined)
