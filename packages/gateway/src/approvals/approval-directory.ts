// What waits for a human decision, and what was decided. Today nothing; the approval engine replaces the inside.

import type { ApprovalHistoryResult, QuestionListResult } from '@openclaw/gateway-protocol'

export type ApprovalKind = 'exec' | 'plugin' | 'system-agent'

/** A pending approval as its list method shows it. */
export interface PendingApproval {
  readonly id: string
  readonly approvalKind: ApprovalKind
  readonly request: Readonly<Record<string, unknown>>
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export type SettledApproval = ApprovalHistoryResult['items'][number]
export type Question = QuestionListResult['questions'][number]

export interface ApprovalDirectory {
  pending(kind: ApprovalKind): readonly PendingApproval[]
  /** Terminal records, newest first. */
  settled(): readonly SettledApproval[]
  questions(): readonly Question[]
}

export class MemoryApprovalDirectory implements ApprovalDirectory {
  readonly #settled: readonly SettledApproval[]

  constructor({ settled = [] }: { readonly settled?: readonly SettledApproval[] } = {}) {
    this.#settled = settled
  }

  pending(): readonly PendingApproval[] {
    return []
  }

  settled(): readonly SettledApproval[] {
    return this.#settled
  }

  questions(): readonly Question[] {
    return []
  }
}
