// The event loop's end of the writer thread: starts it, sends calls, matches answers, and turns the thread's death into
// a fault for everyone who waits. Holds no records.

import { SHARE_ENV, Worker } from 'node:worker_threads'
import type { Clock } from '@breakwater/supervisor'
import type { Logger } from '../../observe/logger.ts'
import type { LoadedRecords, StoreBackend, WriteGroup } from '../backend.ts'
import { StoreFault } from '../fault.ts'
import type { AuditPage, AuditQuery, StoreStatus } from '../store.ts'
import {
  type FaultData,
  type FromWriter,
  fromFaultData,
  type WriterCall,
  type WriterCalls,
  type WriterSetup,
} from './messages.ts'
import type { StoreOpenReport } from './open-report.ts'
import type { SqliteStoreOptions } from './options.ts'
import { SnapshotSchedule } from './snapshot-schedule.ts'

export interface WorkerBackendComponents {
  readonly clock: Clock
  readonly log: Logger
}

interface OpenedWriter {
  readonly report: StoreOpenReport
  readonly records: LoadedRecords
}

/**
 * The thread's heap, in MiB: room to hold every record once while opening, and little to scavenge, because each MiB of
 * young generation costs one of resident memory.
 */
const WRITER_LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 }

/** Calls the thread has not answered; audit listings are the only ones that can pile up. */
const MAX_WAITING_CALLS = 256

// The compiler rewrites import specifiers, not URLs, so the file's own extension says which one is there.
const WORKER_URL = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

export class WorkerBackend implements StoreBackend {
  readonly #worker: Worker
  readonly #log: Logger
  readonly #schedule: SnapshotSchedule
  readonly #opened = Promise.withResolvers<OpenedWriter>()
  readonly #ended: Promise<void>
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>()
  #lastId = 0
  #lost: StoreFault | undefined

  constructor({ clock, log }: WorkerBackendComponents, setup: WriterSetup, options: SqliteStoreOptions) {
    this.#log = log
    this.#schedule = new SnapshotSchedule(
      {
        clock,
        take: () => this.#call('snapshot', undefined),
        onFailure: (error) => log.warn('store snapshot failed; the older ones stay', faultFields(error)),
      },
      options,
    )
    // No inherited flags: a debugger or a preloaded module of the process has no business in this thread.
    this.#worker = new Worker(WORKER_URL, {
      workerData: setup,
      env: SHARE_ENV,
      execArgv: [],
      resourceLimits: WRITER_LIMITS,
      name: 'breakwater-store',
    })
    this.#worker.on('message', (message: FromWriter) => this.#onMessage(message))
    this.#worker.on('error', (error) => this.#onLost(error))
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#onLost(undefined)
        resolve()
      })
    })
  }

  /** Resolves when the database is verified and loaded; rejects with the fault that prevented it. */
  async opened(): Promise<OpenedWriter> {
    const opened = await this.#opened.promise
    if (opened.report.origin !== 'opened' || opened.report.wasUnclean) this.#schedule.changed()
    return opened
  }

  async commit({ writes, isLossy }: WriteGroup): Promise<void> {
    await this.#call('commit', writes)
    if (!isLossy) this.#schedule.changed()
  }

  listAudit(query: AuditQuery & { readonly limit: number }): Promise<AuditPage> {
    return this.#call('audit', query)
  }

  snapshots(): NonNullable<StoreStatus['snapshots']> {
    return this.#schedule.status()
  }

  async close(): Promise<void> {
    if (this.#lost === undefined) {
      await this.#schedule.close()
      // A failure to close cleanly costs nothing but a replay of the log on the next start.
      await this.#call('close', undefined).catch((error) => this.#log.warn('store close failed', faultFields(error)))
    }
    await this.#ended
  }

  #call<C extends WriterCall>(call: C, ask: WriterCalls[C]['ask']): Promise<WriterCalls[C]['answer']> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    if (call === 'audit' && this.#pending.size >= MAX_WAITING_CALLS) return Promise.reject(new StoreFault('STORE_BUSY'))
    const pending = Promise.withResolvers<unknown>()
    this.#lastId += 1
    this.#pending.set(this.#lastId, pending)
    this.#worker.postMessage({ call, id: this.#lastId, ask })
    return pending.promise as Promise<WriterCalls[C]['answer']>
  }

  #onMessage(message: FromWriter): void {
    switch (message.is) {
      case 'opened':
        this.#opened.resolve(message)
        return
      case 'refused':
        this.#opened.reject(fromFaultData(message.fault))
        return
      case 'answer':
        this.#take(message.id)?.resolve(message.answer)
        return
      case 'failure':
        this.#take(message.id)?.reject(fromFaultData(message.fault))
        return
      case 'warning':
        this.#log.warn('store upkeep failed; it will be tried again', warningFields(message.fault))
        return
    }
  }

  #take(id: number): PromiseWithResolvers<unknown> | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  /** The first reason counts: an error is followed by the exit it causes. */
  #onLost(cause: unknown): void {
    this.#lost ??= new StoreFault('STORE_WORKER_LOST', undefined, cause === undefined ? {} : { cause })
    this.#schedule.stop()
    this.#opened.reject(this.#lost)
    for (const id of this.#pending.keys()) this.#take(id)?.reject(this.#lost)
  }
}

const warningFields = ({ code, message }: FaultData) => ({ code, error: message })

const faultFields = (error: unknown) =>
  StoreFault.is(error) ? { code: error.code, error: error.message } : { error: String(error) }
