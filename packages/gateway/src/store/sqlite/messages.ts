// What the event loop and the writer thread say to each other. Faults travel as data: a thrown object would lose its
// code and its brand on the way.

import type { LoadedRecords, WriteGroup } from '../backend.ts'
import { StoreFault, type StoreFaultCode } from '../fault.ts'
import type { AuditPage, AuditQuery } from '../store.ts'
import type { StoreOpenReport } from './open-report.ts'

/** Given to the thread when it starts. */
export interface WriterSetup {
  readonly stateDir: string
  readonly maxAuditEntries: number
  readonly keptSnapshots: number
  readonly startEmpty: boolean
}

/** Requests, by name: what is asked and what is answered. */
export interface WriterCalls {
  commit: { readonly ask: WriteGroup['writes']; readonly answer: undefined }
  audit: { readonly ask: AuditQuery & { readonly limit: number }; readonly answer: AuditPage }
  snapshot: { readonly ask: undefined; readonly answer: { readonly takenAtMs: number } }
  close: { readonly ask: undefined; readonly answer: undefined }
}
export type WriterCall = keyof WriterCalls

export type ToWriter = {
  [C in WriterCall]: { readonly call: C; readonly id: number; readonly ask: WriterCalls[C]['ask'] }
}[WriterCall]

export type FromWriter =
  | { readonly is: 'opened'; readonly report: StoreOpenReport; readonly records: LoadedRecords }
  | { readonly is: 'refused'; readonly fault: FaultData }
  | { readonly is: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly is: 'failure'; readonly id: number; readonly fault: FaultData }
  /** Something nobody waits for went wrong, such as a checkpoint; it will be tried again. */
  | { readonly is: 'warning'; readonly fault: FaultData }

export interface FaultData {
  readonly code: StoreFaultCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  readonly cause?: {
    readonly name: string
    readonly message: string
    readonly code?: string
    readonly errcode?: number
  }
}

export function toFaultData({ code, message, details, cause }: StoreFault): FaultData {
  if (!(cause instanceof Error)) return { code, message, details }
  const { errcode } = cause as { errcode?: unknown }
  const { code: causeCode } = cause as { code?: unknown }
  return {
    code,
    message,
    details,
    cause: {
      name: cause.name,
      message: cause.message,
      ...(typeof causeCode === 'string' ? { code: causeCode } : {}),
      ...(typeof errcode === 'number' ? { errcode } : {}),
    },
  }
}

export function fromFaultData({ code, message, details, cause }: FaultData): StoreFault {
  if (cause === undefined) return new StoreFault(code, message, { details })
  return new StoreFault(code, message, { details, cause: Object.assign(new Error(cause.message), cause) })
}
