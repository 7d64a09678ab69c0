// Setup codes: the text a person scans or pastes to bring a device in (pairing notes section 6). Encoding, decoding and
// the form of what is inside, for both ends. Who may redeem a code, and whether its address is safe to dial, is not
// decided here.

import { fromBase64Url, toBase64Url } from './base64url.ts'

export interface SetupCodePayload {
  /** Where the gateway is reached, in the form `normaliseGatewayUrl` gives. */
  readonly url: string
  /** Every address of the gateway, `url` first, when there are several. */
  readonly urls?: readonly string[]
  readonly bootstrapToken: string
  /** Epoch milliseconds; codes of older gateways have none. */
  readonly expiresAtMs?: number
  /** SHA-256 of the certificate, 64 lower-case hex digits. */
  readonly tlsFingerprint?: string
}

export const SETUP_CODE_LIMITS = {
  codeChars: 2_048,
  jsonChars: 4_096,
  tokenChars: 512,
  minUrls: 1,
  maxUrls: 8,
} as const

/** Links that open an app with a code in them. */
const LINK_PREFIX = 'oc-pair://'

export type SetupCodeProblem =
  | 'empty'
  | 'too-long'
  | 'not-a-code'
  | 'bad-url'
  | 'bad-token'
  | 'bad-fingerprint'
  | 'expired'

export type DecodedSetupCode =
  | { readonly ok: true; readonly payload: SetupCodePayload }
  | { readonly ok: false; readonly problem: SetupCodeProblem }

export function encodeSetupCode(payload: SetupCodePayload): string {
  const { url, urls, bootstrapToken, expiresAtMs, tlsFingerprint } = payload
  const json = JSON.stringify({ url, urls, bootstrapToken, expiresAtMs, tlsFingerprint })
  return toBase64Url(new TextEncoder().encode(json))
}

export const setupCodeLink = (code: string): string => `${LINK_PREFIX}${code}`

/** Reads a pasted code or link. Unknown members of the payload are ignored; expiry is judged at `nowMs`. */
export function decodeSetupCode(text: string, nowMs: number): DecodedSetupCode {
  const code = withoutLink(text.trim())
  if (code === '') return refuse('empty')
  if (code.length > SETUP_CODE_LIMITS.codeChars) return refuse('too-long')
  const members = parseMembers(code)
  if (members === undefined) return refuse('not-a-code')
  return readPayload(members, nowMs)
}

function withoutLink(text: string): string {
  const isLink = text.slice(0, LINK_PREFIX.length).toLowerCase() === LINK_PREFIX
  // Browsers add a slash to links without a path.
  return isLink ? text.slice(LINK_PREFIX.length).replace(/\/$/, '') : text
}

function parseMembers(code: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(code)) return undefined
  const bytes = fromBase64Url(code)
  if (bytes === undefined) return undefined
  try {
    const json = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const value: unknown = json.length > SETUP_CODE_LIMITS.jsonChars ? undefined : JSON.parse(json)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

function readPayload(members: Readonly<Record<string, unknown>>, nowMs: number): DecodedSetupCode {
  const { url, urls, bootstrapToken, expiresAtMs, tlsFingerprint } = members
  if (!isNormalUrl(url)) return refuse('bad-url')
  if (urls !== undefined && !isUrlList(urls)) return refuse('bad-url')
  if (!isToken(bootstrapToken)) return refuse('bad-token')
  if (expiresAtMs !== undefined && !isTime(expiresAtMs)) return refuse('not-a-code')
  if (tlsFingerprint !== undefined && !isFingerprint(tlsFingerprint)) return refuse('bad-fingerprint')
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return refuse('expired')
  return {
    ok: true,
    payload: {
      url,
      ...(urls === undefined ? {} : { urls }),
      bootstrapToken,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(tlsFingerprint === undefined ? {} : { tlsFingerprint: normaliseFingerprint(tlsFingerprint) }),
    },
  }
}

/**
 * The one spelling of a gateway address: `ws(s)://host[:port][/path]`, http read as ws and https as wss. Undefined for
 * anything else, and for addresses that carry a user name, a query or a fragment.
 */
export function normaliseGatewayUrl(text: string): string | undefined {
  const url = URL.parse(text.trim().replace(/^http(s?):\/\//i, 'ws$1://'))
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.hostname === '') return undefined
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
}

const isNormalUrl = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && normaliseGatewayUrl(value) === value

const isUrlList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.length >= SETUP_CODE_LIMITS.minUrls &&
  value.length <= SETUP_CODE_LIMITS.maxUrls &&
  value.every(isNormalUrl)

const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= SETUP_CODE_LIMITS.tokenChars

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const FINGERPRINT = /^(?:sha256:)?(?:[0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})$/

const isFingerprint = (value: unknown): value is string =>
  typeof value === 'string' && FINGERPRINT.test(value.trim().toLowerCase())

const normaliseFingerprint = (value: string): string =>
  value
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
    .replaceAll(':', '')

const refuse = (problem: SetupCodeProblem): DecodedSetupCode => ({ ok: false, problem })
