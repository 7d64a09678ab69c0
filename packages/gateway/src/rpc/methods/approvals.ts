// Methods about what waits for a human decision, and the policy that decides when one is needed.

import type { ApprovalHistoryParams, ApprovalHistoryResult } from '@openclaw/gateway-protocol'
import type { ApprovalDirectory, ApprovalKind } from '../../approvals/approval-directory.ts'
import type { PolicyDocument } from '../../approvals/policy-document.ts'
import { limitOf } from '../../page.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'

export interface ApprovalMethodComponents {
  readonly approvals: ApprovalDirectory
  readonly execPolicy: PolicyDocument
}

const HISTORY_LIMIT = { byDefault: 50, atMost: 100 }

/** List methods, each of one kind of approval. */
const PENDING_LISTS: Readonly<Record<string, ApprovalKind>> = {
  'exec.approval.list': 'exec',
  'plugin.approval.list': 'plugin',
  'openclaw.approval.list': 'system-agent',
}

export const approvalMethods = ({ approvals, execPolicy }: ApprovalMethodComponents): MethodDefinition[] => [
  ...Object.entries(PENDING_LISTS).map(([method, kind]) => defineMethod(method, () => approvals.pending(kind))),
  defineMethod<ApprovalHistoryParams>('approval.history', (params) => historyPage(approvals, params)),
  defineMethod('question.list', () => ({ questions: approvals.questions() })),
  defineMethod('exec.approvals.get', () => execPolicy.read()),
]

/** Newest first; the cursor is the id of the last record a page showed, so that new records do not shift pages. */
function historyPage(
  approvals: ApprovalDirectory,
  { cursor, kind, limit }: ApprovalHistoryParams,
): ApprovalHistoryResult {
  const all = approvals.settled().filter(({ presentation }) => kind === undefined || presentation.kind === kind)
  const start = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1
  // An unknown cursor names a record that is no longer kept: nothing older is either.
  if (cursor !== undefined && start === 0) return { items: [] }
  const items = all.slice(start, start + limitOf(limit, HISTORY_LIMIT))
  const last = items.at(-1)
  const hasMore = last !== undefined && start + items.length < all.length
  return { items, ...(hasMore ? { nextCursor: last.id } : {}) }
}
