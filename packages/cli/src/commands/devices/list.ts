// `breakwater devices list`: who waits for an answer, who is paired, who is connected.

import { foreignText } from '@breakwater/client'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { count, formatMs } from '../../output/quantity.ts'
import type { Style } from '../../output/style.ts'
import { renderTable } from '../../output/table.ts'
import { asksFor, type DeviceList, nameOf, type PairedRow, type PendingRow, shortId } from './device-rows.ts'
import { withDevices } from './with-devices.ts'

export async function listDevices(context: CommandContext): Promise<ExitCode> {
  const report = await withDevices(context, 'list', async (api) => ({ from: api.at, ...(await api.list()) }))
  context.output.result(report, (list, style) => renderDevices(list, Date.now(), style))
  return EXIT.ok
}

export function renderDevices(list: DeviceList, nowMs: number, style: Style): string {
  const { pending, paired } = list
  const waiting =
    pending.length === 0
      ? 'No device waits'
      : `${count(pending.length, 'device')} ${pending.length === 1 ? 'waits' : 'wait'}`
  const connected = paired.filter((row) => row.connected === true).length
  const verdict = `${waiting} for approval; ${paired.length} paired, ${connected} connected.\n`
  return (
    (pending.length === 0 ? verdict : style.warning(verdict)) +
    pendingTable(pending, nowMs, style) +
    pairedTable(paired, nowMs, style)
  )
}

const ago = (atMs: number | undefined, nowMs: number): string =>
  atMs === undefined ? 'never' : `${formatMs(Math.max(0, nowMs - atMs))} ago`

export function pendingTable(pending: readonly PendingRow[], nowMs: number, style: Style): string {
  const [first] = pending
  if (first === undefined) return ''
  const rows = pending.map((row) => [
    foreignText(row.requestId),
    nameOf(row),
    shortId(row.deviceId),
    `${asksFor(row)}${row.isRepair === true ? ' (paired before)' : ''}`,
    foreignText(row.platform ?? ''),
    foreignText(row.remoteIp ?? 'this machine'),
    ago(row.ts, nowMs),
  ])
  const next = `${style.strong('next:')} breakwater devices approve ${foreignText(first.requestId)}\n`
  return `${next}\n${renderTable(['REQUEST', 'NAME', 'DEVICE', 'ASKS FOR', 'PLATFORM', 'FROM', 'ASKED'].map(style.quiet), rows)}`
}

function pairedTable(paired: readonly PairedRow[], nowMs: number, style: Style): string {
  if (paired.length === 0) return ''
  const rows = paired.map((row) => [
    shortId(row.deviceId),
    nameOf(row),
    asksFor(row),
    foreignText(row.platform ?? ''),
    row.approvedVia ?? '',
    stateOf(row, nowMs, style),
  ])
  return `\n${renderTable(['DEVICE', 'NAME', 'MAY', 'PLATFORM', 'APPROVED BY', 'SEEN'].map(style.quiet), rows)}`
}

function stateOf({ connected, lastSeenAtMs, tokens = [] }: PairedRow, nowMs: number, style: Style): string {
  const seen = connected === true ? style.good('connected') : ago(lastSeenAtMs, nowMs)
  const revoked = tokens.filter(({ revokedAtMs }) => revokedAtMs !== undefined).map(({ role }) => role)
  return revoked.length === 0 ? seen : `${seen}, ${style.warning(`${revoked.join(', ')} revoked`)}`
}
