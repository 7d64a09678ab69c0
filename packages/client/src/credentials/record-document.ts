// A gateway's record as text, the one format of every store that outlives the process. What a later version added is kept
// where it was found; what cannot be understood is refused, so that nobody writes over it.

import { isRecord } from '@breakwater/protocol'
import { ClientError } from '../errors.ts'
import type { GatewayRecord, IssuedToken, KeptBootstrap } from './credential-store.ts'
import { type GatewayKey, gatewayLabel } from './gateway-key.ts'
import { EMPTY_RECORD } from './gateway-record.ts'

const VERSION = 1
const ROLES = ['operator', 'node'] as const

type Members = Readonly<Record<string, unknown>>

export interface RecordDocument {
  readonly record: GatewayRecord
  /** The text's members, also those this version does not know. */
  readonly members: Members
}

export type RecordProblem =
  | 'not-json'
  | 'unknown-format'
  | 'later-version'
  | 'other-gateway'
  | 'bad-token'
  | 'bad-bootstrap'

export type DecodedRecord =
  | { readonly ok: true; readonly document: RecordDocument }
  | { readonly ok: false; readonly problem: RecordProblem }

/** What is wrong with them, for people. */
export const RECORD_PROBLEMS: Readonly<Record<RecordProblem, string>> = {
  'not-json': 'they are not readable as JSON',
  'unknown-format': 'they have no known format',
  'later-version': 'they were written by a later version',
  'other-gateway': 'they belong to another gateway',
  'bad-token': 'they hold a device token that makes no sense',
  'bad-bootstrap': 'they hold a setup token that makes no sense',
}

export const EMPTY_DOCUMENT: RecordDocument = { record: EMPTY_RECORD, members: {} }

export function decodeRecord(text: string, gateway: GatewayKey): DecodedRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, problem: 'not-json' }
  }
  return isRecord(value) ? readMembers(value, gateway) : { ok: false, problem: 'unknown-format' }
}

/** The same where there is no file to point at. Throws CREDENTIALS_UNAVAILABLE. */
export function readRecord(text: string, gateway: GatewayKey): RecordDocument {
  const decoded = decodeRecord(text, gateway)
  if (decoded.ok) return decoded.document
  throw new ClientError(
    'CREDENTIALS_UNAVAILABLE',
    `the credentials kept for ${gatewayLabel(gateway)}: ${RECORD_PROBLEMS[decoded.problem]}. They are never replaced ` +
      'automatically: remove them to pair again.',
  )
}

/** The document with `record` in it, as text. */
export function encodeRecord({ members }: RecordDocument, record: GatewayRecord, gateway: GatewayKey): string {
  const { bootstrap: before, ...others } = members
  const bootstrap = record.bootstrap === undefined ? {} : { bootstrap: writeBootstrap(before, record.bootstrap) }
  const tokens = writeTokens(isRecord(members.tokens) ? members.tokens : {}, record.tokens)
  return `${JSON.stringify({ ...others, version: VERSION, gateway, tokens, ...bootstrap }, null, 2)}\n`
}

function readMembers(members: Members, gateway: GatewayKey): DecodedRecord {
  const { version, gateway: owner, tokens: byDevice = {}, bootstrap } = members
  if (typeof version === 'number' && version > VERSION) return { ok: false, problem: 'later-version' }
  if (version !== VERSION || !isRecord(byDevice)) return { ok: false, problem: 'unknown-format' }
  if (owner !== gateway) return { ok: false, problem: 'other-gateway' }
  const tokens = readTokens(byDevice)
  if (tokens === undefined) return { ok: false, problem: 'bad-token' }
  if (bootstrap === undefined) return { ok: true, document: { members, record: { tokens } } }
  if (!isBootstrap(bootstrap)) return { ok: false, problem: 'bad-bootstrap' }
  const { token, role, isPreferred } = bootstrap
  return { ok: true, document: { members, record: { tokens, bootstrap: { token, role, isPreferred } } } }
}

function readTokens(byDevice: Members): readonly IssuedToken[] | undefined {
  const tokens: IssuedToken[] = []
  for (const [deviceId, byRole] of Object.entries(byDevice)) {
    if (!isRecord(byRole)) return undefined
    for (const role of ROLES) {
      const entry = Object.hasOwn(byRole, role) ? byRole[role] : undefined
      if (entry === undefined) continue
      if (!isTokenEntry(entry)) return undefined
      const { token, scopes, issuedAtMs } = entry
      tokens.push({ deviceId, role, token, scopes, ...(issuedAtMs === undefined ? {} : { issuedAtMs }) })
    }
  }
  return tokens
}

function writeTokens(byDevice: Members, tokens: readonly IssuedToken[]): Members {
  const deviceIds = new Set([...Object.keys(byDevice), ...tokens.map(({ deviceId }) => deviceId)])
  const devices = [...deviceIds].map((deviceId) => {
    const before = isRecord(byDevice[deviceId]) ? byDevice[deviceId] : {}
    const strangers = Object.entries(before).filter(([role]) => !ROLES.some((known) => known === role))
    const own = tokens.filter((token) => token.deviceId === deviceId).map((token) => writeToken(before, token))
    return [deviceId, Object.fromEntries([...strangers, ...own])] as const
  })
  return Object.fromEntries(devices.filter(([, byRole]) => Object.keys(byRole).length > 0))
}

/** What was noted about a token goes with it; its successor starts afresh. */
function writeToken(byRole: Members, { role, token, scopes, issuedAtMs }: IssuedToken): readonly [string, Members] {
  const before = byRole[role]
  const kept = isRecord(before) && before.token === token ? before : {}
  return [role, { ...kept, token, scopes, ...(issuedAtMs === undefined ? {} : { issuedAtMs }) }]
}

const writeBootstrap = (before: unknown, bootstrap: KeptBootstrap): Members => ({
  ...(isRecord(before) && before.token === bootstrap.token ? before : {}),
  ...bootstrap,
})

interface TokenEntry {
  readonly token: string
  readonly scopes: readonly string[]
  readonly issuedAtMs?: number
}

const isTokenEntry = (value: unknown): value is TokenEntry =>
  isRecord(value) &&
  isText(value.token) &&
  Array.isArray(value.scopes) &&
  value.scopes.every((scope) => typeof scope === 'string') &&
  (value.issuedAtMs === undefined || Number.isFinite(value.issuedAtMs))

const isBootstrap = (value: unknown): value is KeptBootstrap =>
  isRecord(value) &&
  isText(value.token) &&
  ROLES.some((role) => role === value.role) &&
  typeof value.isPreferred === 'boolean'

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''
