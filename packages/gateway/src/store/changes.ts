// Words for writing a decision down: `[put('devices', device), remove('pairRequests', id), append(fact)]`.

import type { DecidedNoun, DecidedRecords } from './nouns.ts'
import type { AuditFact } from './records.ts'
import type { Change } from './store.ts'

/** Adds the record, or replaces the one with its id as a whole. */
export function put<N extends DecidedNoun>(noun: N, record: DecidedRecords[N]): Change {
  return { put: noun, record } as unknown as Change
}

/** Removing what is not there is no error and changes nothing. */
export function remove(noun: DecidedNoun, id: string): Change {
  return { remove: noun, id }
}

export function append(fact: AuditFact): Change {
  return { append: 'audit', fact }
}
