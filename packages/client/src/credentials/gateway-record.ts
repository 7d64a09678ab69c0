// What each change means for a record, as a pure function: the one place that decides which of two tokens stays and when
// a setup token may go. A change without effect returns the very same record.

import type {
  GatewayRecord,
  IssuedToken,
  KeptBootstrap,
  RecordChange,
  StoredToken,
  TokenKey,
} from './credential-store.ts'

export const EMPTY_RECORD: GatewayRecord = Object.freeze({ tokens: Object.freeze([]) })

export const findToken = ({ tokens }: GatewayRecord, key: TokenKey): IssuedToken | undefined =>
  tokens.find((token) => isSameKey(token, key))

export const applyChanges = (record: GatewayRecord, changes: readonly RecordChange[]): GatewayRecord =>
  changes.reduce(applyChange, record)

function applyChange(record: GatewayRecord, change: RecordChange): GatewayRecord {
  switch (change.type) {
    case 'keep-token':
      return keepToken(record, change)
    case 'forget-token':
      return holds(record, change) ? withTokens(record, withoutKey(record, change)) : record
    case 'keep-bootstrap':
      return isSameBootstrap(record.bootstrap, change.bootstrap) ? record : { ...record, bootstrap: change.bootstrap }
    case 'demote-bootstrap': {
      const { bootstrap } = record
      if (bootstrap?.token !== change.token || !bootstrap.isPreferred) return record
      return { ...record, bootstrap: { ...bootstrap, isPreferred: false } }
    }
    case 'clear-bootstrap': {
      const { bootstrap, ...rest } = record
      const isProven = change.bought.length > 0 && change.bought.every((token) => holds(record, token))
      return bootstrap?.token === change.token && isProven ? rest : record
    }
  }
}

/** The same token keeps what it was issued with: the session that brought it may have asked for less. */
function keepToken(
  record: GatewayRecord,
  { issued, known }: Extract<RecordChange, { type: 'keep-token' }>,
): GatewayRecord {
  const current = findToken(record, issued)
  if (current?.token === issued.token || isOvertaken(current, issued, known)) return record
  return withTokens(record, [...withoutKey(record, issued), issued])
}

/** Another connection has stored a token meanwhile, and ours is either no news or the older of the two. */
function isOvertaken(current: StoredToken | undefined, issued: StoredToken, known: string | undefined): boolean {
  if (current === undefined || current.token === known) return false
  if (issued.token === known) return true
  const { issuedAtMs: currentAt } = current
  // The gateway's clock may have been set back: it is asked only when two tokens raced, never about a plain successor.
  return currentAt !== undefined && issued.issuedAtMs !== undefined && issued.issuedAtMs < currentAt
}

const withTokens = (record: GatewayRecord, tokens: readonly IssuedToken[]): GatewayRecord => ({ ...record, tokens })

const withoutKey = ({ tokens }: GatewayRecord, key: TokenKey): readonly IssuedToken[] =>
  tokens.filter((token) => !isSameKey(token, key))

const holds = (record: GatewayRecord, wanted: TokenKey & { readonly token: string }): boolean =>
  findToken(record, wanted)?.token === wanted.token

const isSameKey = (a: TokenKey, b: TokenKey): boolean => a.deviceId === b.deviceId && a.role === b.role

const isSameBootstrap = (a: KeptBootstrap | undefined, b: KeptBootstrap): boolean =>
  a?.token === b.token && a.role === b.role && a.isPreferred === b.isPreferred
