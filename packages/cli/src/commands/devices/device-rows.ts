// Devices and pairing requests as `device.pair.list` tells them, and finding the one a person means. Pure. Names are the
// devices' own words: whatever is shown of them goes through `foreignText`.

import { foreignText } from '@breakwater/client'
import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'

export interface DeviceNames {
  readonly deviceId: string
  readonly displayName?: string
  readonly operatorLabel?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly clientId?: string
  readonly remoteIp?: string
}

export interface PendingRow extends DeviceNames {
  readonly requestId: string
  readonly role?: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly isRepair?: boolean
  /** When it was last asked for, epoch milliseconds. */
  readonly ts: number
}

export interface TokenRow {
  readonly role: string
  readonly scopes: readonly string[]
  readonly createdAtMs: number
  readonly rotatedAtMs?: number
  readonly revokedAtMs?: number
  readonly lastUsedAtMs?: number
}

export interface PairedRow extends DeviceNames {
  readonly role?: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly tokens?: readonly TokenRow[]
  readonly connected?: boolean
  readonly approvedVia?: string
  readonly approvedAtMs?: number
  readonly lastSeenAtMs?: number
}

export interface DeviceList {
  readonly pending: readonly PendingRow[]
  readonly paired: readonly PairedRow[]
}

const SHORT_ID_CHARS = 12

export const shortId = (id: string): string => foreignText(id).slice(0, SHORT_ID_CHARS)

/** What a person calls it: the owner's label, the device's own name, else its id. */
export const nameOf = ({ operatorLabel, displayName, deviceId }: DeviceNames): string =>
  foreignText(operatorLabel ?? displayName ?? '') || shortId(deviceId)

export const rolesOf = ({ roles, role }: Pick<PendingRow, 'roles' | 'role'>): readonly string[] =>
  roles ?? (role === undefined ? [] : [role])

/** `operator: read, write; node`. Scopes without their common beginning. */
export function asksFor({ scopes = [], ...row }: PendingRow | PairedRow): string {
  const roles = rolesOf(row).map((role) => {
    const own = scopes.filter((scope) => scope.startsWith(`${role}.`)).map((scope) => scope.slice(role.length + 1))
    return own.length === 0 ? role : `${role}: ${own.join(', ')}`
  })
  return foreignText(roles.join('; '))
}

/** The request meant by an id, the beginning of one, or the device that asks. Throws CommandError. */
export function findRequest({ pending }: DeviceList, text: string): PendingRow {
  const exact = pending.find(({ requestId }) => requestId === text)
  if (exact !== undefined) return exact
  const found = firstNonEmpty([
    pending.filter(({ requestId }) => isPrefix(text, requestId)),
    pending.filter((row) => isDevice(row, text)),
  ])
  return onlyOne(found, text, {
    none: `no pairing request ${JSON.stringify(text)} is waiting`,
    many: 'fits several pairing requests',
    list: found.map(({ requestId }) => requestId),
  })
}

/** The paired device meant by an id, the beginning of one, or its name. Throws CommandError. */
export function findDevice({ paired }: DeviceList, text: string): PairedRow {
  const exact = paired.find(({ deviceId }) => deviceId === text)
  if (exact !== undefined) return exact
  const found = firstNonEmpty([
    paired.filter(({ deviceId }) => isPrefix(text, deviceId)),
    paired.filter((row) => isDevice(row, text)),
  ])
  return onlyOne(found, text, {
    none: `no device ${JSON.stringify(text)} is paired`,
    many: 'fits several devices',
    list: found.map(({ deviceId }) => shortId(deviceId)),
  })
}

const MIN_PREFIX_CHARS = 4

const isPrefix = (text: string, id: string): boolean =>
  text.length >= MIN_PREFIX_CHARS && id.toLowerCase().startsWith(text.toLowerCase())

const isDevice = (row: DeviceNames, text: string): boolean =>
  isPrefix(text, row.deviceId) || row.operatorLabel === text || row.displayName === text

const firstNonEmpty = <T>(groups: readonly (readonly T[])[]): readonly T[] =>
  groups.find((group) => group.length > 0) ?? []

interface Wording {
  readonly none: string
  readonly many: string
  readonly list: readonly string[]
}

function onlyOne<T>(found: readonly T[], text: string, { none, many, list }: Wording): T {
  const [first, ...others] = found
  if (first !== undefined && others.length === 0) return first
  const isNone = first === undefined
  throw new CommandError({
    code: isNone ? 'NOT_FOUND' : 'AMBIGUOUS',
    message: isNone ? none : `${JSON.stringify(text)} ${many}: ${list.join(', ')}`,
    exitCode: EXIT.failed,
    nextCommand: 'breakwater devices list',
  })
}
