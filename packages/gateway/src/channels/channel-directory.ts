// Which chat channels are configured and how each account is doing. Today none; the channel host fills it.

import type { ChannelsStatusResult } from '@openclaw/gateway-protocol'

export type ChannelAccount = ChannelsStatusResult['channelAccounts'][string][number]

export interface ChannelRow {
  readonly id: string
  readonly label: string
  readonly detailLabel: string
  readonly systemImage?: string
  readonly defaultAccountId: string
  readonly accounts: readonly ChannelAccount[]
  /** Channel-wide state in the channel's own words. */
  readonly summary: Readonly<Record<string, unknown>>
}

export interface ChannelDirectory {
  /** In the order people see. */
  list(): readonly ChannelRow[]
}

export class MemoryChannelDirectory implements ChannelDirectory {
  readonly #rows: readonly ChannelRow[]

  constructor(rows: readonly ChannelRow[] = []) {
    this.#rows = rows
  }

  list(): readonly ChannelRow[] {
    return this.#rows
  }
}
