// A store without a disk, for tests and throw-away gateways: same order, staging, limits and faults, nothing survives.

import { type Clock, systemClock } from '@breakwater/supervisor'
import { type Logger, silentLogger } from '../observe/logger.ts'
import type { StoreBackend, WriteGroup } from './backend.ts'
import { resolveStoreOptions, type StoreOptions } from './options.ts'
import type { AuditEntry, AuditFact } from './records.ts'
import { StagedStore } from './staged-store.ts'
import type { AuditPage, AuditQuery, Store } from './store.ts'

export interface MemoryStoreComponents {
  readonly clock?: Clock
  readonly log?: Logger
  /** Runs before each group is accepted; a rejection with a StoreFault is a disk that refused, a delay a slow one. */
  readonly beforeCommit?: (group: WriteGroup) => void | Promise<void>
}

export function openMemoryStore(components: MemoryStoreComponents = {}, options: Partial<StoreOptions> = {}): Store {
  const { clock = systemClock, log = silentLogger, beforeCommit } = components
  return new StagedStore({ backend: new MemoryBackend(beforeCommit), clock, log }, resolveStoreOptions(options))
}

class MemoryBackend implements StoreBackend {
  readonly #beforeCommit: MemoryStoreComponents['beforeCommit']
  readonly #audit: AuditEntry[] = []

  constructor(beforeCommit: MemoryStoreComponents['beforeCommit']) {
    this.#beforeCommit = beforeCommit
  }

  async commit(group: WriteGroup): Promise<void> {
    await this.#beforeCommit?.(group)
    for (const write of group.writes) {
      if ('append' in write) this.#audit.push({ ...(JSON.parse(write.fact) as AuditFact), seq: this.#audit.length + 1 })
    }
  }

  async listAudit({ subject, beforeSeq = Number.POSITIVE_INFINITY, limit }: AuditQuery): Promise<AuditPage> {
    const matching = this.#audit.filter(
      (entry) => entry.seq < beforeSeq && (subject === undefined || entry.subject === subject),
    )
    const entries = matching.slice(-(limit ?? matching.length)).reverse()
    const last = entries.at(-1)
    const hasMore = matching.length > entries.length && last !== undefined
    return { entries, ...(hasMore ? { nextBeforeSeq: last.seq } : {}), damagedSeqs: [] }
  }

  async close(): Promise<void> {}
}
