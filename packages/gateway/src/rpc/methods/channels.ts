// Methods about chat channels.

import type { ChannelsStatusParams, ChannelsStatusResult } from '@openclaw/gateway-protocol'
import type { ChannelDirectory, ChannelRow } from '../../channels/channel-directory.ts'
import type { Clock } from '../../observe/clock.ts'
import type { LoopMonitor } from '../../observe/loop-monitor.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'

export interface ChannelMethodComponents {
  readonly clock: Clock
  readonly channels: ChannelDirectory
  readonly loop: Pick<LoopMonitor, 'health'>
}

export const channelMethods = ({ clock, channels, loop }: ChannelMethodComponents): MethodDefinition[] => [
  defineMethod<ChannelsStatusParams>('channels.status', ({ channel }): ChannelsStatusResult => {
    const rows = channels.list().filter(({ id }) => channel === undefined || id === channel)
    const byId = <Value>(read: (row: ChannelRow) => Value): Record<string, Value> =>
      Object.fromEntries(rows.map((row) => [row.id, read(row)]))
    const health = loop.health()
    return {
      ts: clock.nowMs(),
      channelOrder: rows.map(({ id }) => id),
      channelLabels: byId(({ label }) => label),
      channelDetailLabels: byId(({ detailLabel }) => detailLabel),
      channelSystemImages: Object.fromEntries(
        rows.flatMap(({ id, systemImage }) => (systemImage === undefined ? [] : [[id, systemImage]])),
      ),
      channelMeta: rows.map(({ id, label, detailLabel, systemImage }) => ({
        id,
        label,
        detailLabel,
        ...(systemImage === undefined ? {} : { systemImage }),
      })),
      channels: byId(({ summary }) => summary),
      channelAccounts: byId(({ accounts }) => [...accounts]),
      channelDefaultAccountId: byId(({ defaultAccountId }) => defaultAccountId),
      eventLoop: { ...health, reasons: [...health.reasons] },
    }
  }),
]
