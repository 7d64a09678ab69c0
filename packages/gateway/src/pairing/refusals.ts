// Why a decision about devices was not taken, and how the wire says it (pairing notes section 7). Values, not throws:
// the gateway's methods and the owner's offline commands share them.

import { type ErrorOptions, WireError } from '@breakwater/protocol'

export type PairingRefusal =
  | { readonly reason: 'unknown-request' }
  | { readonly reason: 'unknown-device' }
  | { readonly reason: 'denied'; readonly what: DeniedDecision }
  | { readonly reason: 'missing-scope'; readonly scope: string }
  | { readonly reason: 'scope-outside-roles'; readonly scope: string }
  | { readonly reason: 'blank-label' }
  | { readonly reason: 'not-paired' }
  | { readonly reason: 'scopes-narrowed' }
  | { readonly reason: 'too-many-requests'; readonly max: number }
  | { readonly reason: 'too-many-waiting'; readonly max: number }
  | { readonly reason: 'too-many-codes'; readonly max: number }
  | { readonly reason: 'auth-none' }
  | { readonly reason: 'join-needs-node-profile' }
  | { readonly reason: 'bad-url'; readonly url: string }
  | { readonly reason: 'insecure-url'; readonly url: string }
  | { readonly reason: 'loopback-only' }

export type DeniedDecision =
  | 'device pairing approval'
  | 'device pairing rejection'
  | 'device pairing removal'
  | 'device rename'
  | 'device token rotation'
  | 'device token revocation'

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: PairingRefusal }

export const decided = <T>(value: T): Outcome<T> => ({ ok: true, value })
export const refused = (refusal: PairingRefusal): Outcome<never> => ({ ok: false, refusal })

const LIST = 'breakwater devices list'
const RETRY_AFTER_MS = 5_000

type Words = ErrorOptions & { readonly message: string; readonly isBusy?: boolean }

/** A refusal as the wire says it. Codes and reasons are for programs, messages for people. */
export function toPairingError(refusal: PairingRefusal): WireError {
  const { isBusy = false, details, ...words } = wordsOf(refusal)
  return new WireError(isBusy ? 'BUSY' : 'INVALID_PARAMS', {
    ...words,
    details: { reason: refusal.reason, ...details },
    ...(isBusy ? { retryAfterMs: RETRY_AFTER_MS } : {}),
  })
}

function wordsOf(refusal: PairingRefusal): Words {
  switch (refusal.reason) {
    case 'unknown-request':
      return { message: 'unknown requestId', nextCommand: LIST }
    case 'unknown-device':
      return { message: 'unknown deviceId', nextCommand: LIST }
    case 'denied':
      return { message: `${refusal.what} denied`, nextCommand: LIST }
    case 'missing-scope':
      return {
        message: `missing scope: ${refusal.scope}`,
        details: { missingScope: refusal.scope },
        nextCommand: 'breakwater devices approve <requestId>',
      }
    case 'scope-outside-roles':
      return {
        message: `invalid scope for requested roles: ${refusal.scope}`,
        details: { scope: refusal.scope },
        nextCommand: 'breakwater devices reject <requestId>',
      }
    case 'blank-label':
      return { message: 'a label needs at least one character that is not a space' }
    case 'not-paired':
      return { message: 'a scope upgrade needs a paired device; connect with a device identity first' }
    case 'scopes-narrowed':
      return { message: 'a scope upgrade must include the scopes the session has already' }
    case 'too-many-requests':
      return {
        isBusy: true,
        message: `${refusal.max} pairing requests are waiting already`,
        details: { limit: refusal.max },
        nextCommand: LIST,
      }
    case 'too-many-waiting':
      return {
        isBusy: true,
        message: `${refusal.max} callers are waiting for approvals already`,
        details: { limit: refusal.max },
      }
    case 'too-many-codes':
      return {
        isBusy: true,
        message: `${refusal.max} setup codes are open already; they expire ten minutes after they were made`,
        details: { limit: refusal.max },
      }
    default:
      return setupWordsOf(refusal)
  }
}

type SetupRefusal = Extract<
  PairingRefusal,
  { reason: 'auth-none' | 'join-needs-node-profile' | 'bad-url' | 'insecure-url' | 'loopback-only' }
>

function setupWordsOf(refusal: SetupRefusal): Words {
  switch (refusal.reason) {
    case 'auth-none':
      return {
        message:
          'setup codes need a gateway with token or password authentication; with mode none everyone is in already',
        nextCommand: 'breakwater config set gateway.auth.mode token',
      }
    case 'join-needs-node-profile':
      return { message: 'a join URL is for nodes: it needs bootstrapProfile "node"' }
    case 'bad-url':
      return { message: `not a gateway address: ${refusal.url.slice(0, 128)}; write it like wss://gateway.example.com` }
    case 'insecure-url':
      return {
        message: `${refusal.url.slice(0, 128)} would carry the code in clear text over a public network; use wss://`,
        nextCommand: 'breakwater config set gateway.tls.enabled true',
      }
    case 'loopback-only':
      return {
        message:
          'this gateway listens on loopback only, so no other machine could use the code; ' +
          'set gateway.bind to lan, or name the address of your proxy or tunnel as publicUrl',
        nextCommand: 'breakwater config set gateway.bind lan',
      }
  }
}
