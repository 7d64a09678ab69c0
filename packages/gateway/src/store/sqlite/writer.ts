// Writes groups into the open database, reads the audit back, keeps the log short. Synchronous on purpose: it has a
// thread to itself, and one group is one transaction.

import { statSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Write } from '../backend.ts'
import { NOUN_NAMES, NOUNS, type NounName } from '../nouns.ts'
import type { AuditEntry, AuditFact } from '../records.ts'
import type { AuditPage, AuditQuery } from '../store.ts'
import { rowChecksum } from './row-checksum.ts'
import { logOf } from './store-files.ts'

/** The log is folded into the database when it has grown to this size. */
const MAX_LOG_BYTES = 4 * 1024 * 1024

const AUDIT_COLUMNS = 'seq, subject, fact, checksum'

interface NounStatements {
  readonly put: StatementSync
  readonly remove: StatementSync
}

export class Writer {
  readonly #database: DatabaseSync
  readonly #log: string
  readonly #maxAuditEntries: number
  readonly #nouns: Readonly<Record<NounName, NounStatements>>
  readonly #append: StatementSync
  readonly #trim: StatementSync
  #nextSeq: number

  constructor(database: DatabaseSync, path: string, maxAuditEntries: number) {
    this.#database = database
    this.#log = logOf(path)
    this.#maxAuditEntries = maxAuditEntries
    this.#nouns = Object.fromEntries(
      NOUN_NAMES.map((noun) => [noun, prepareNoun(database, NOUNS[noun].table)]),
    ) as unknown as Record<NounName, NounStatements>
    this.#append = database.prepare(`INSERT INTO audit (${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?)`)
    this.#trim = database.prepare('DELETE FROM audit WHERE seq <= ?')
    this.#nextSeq = this.#newestSeq() + 1
  }

  /** All of it or, when it throws, nothing. */
  commit(writes: readonly Write[]): void {
    let seq = this.#nextSeq
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const write of writes) {
        if ('append' in write) {
          this.#append.run(seq, write.subject, write.fact, auditChecksum(seq, write))
          seq += 1
        } else this.#writeRecord(write)
      }
      if (seq > this.#nextSeq) this.#trim.run(seq - 1 - this.#maxAuditEntries)
      this.#database.exec('COMMIT')
    } catch (error) {
      // SQLite has already rolled back after some errors, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
    this.#nextSeq = seq
  }

  get isLogLong(): boolean {
    return (statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES
  }

  /** Folds the log into the database and empties it. Commits are durable with or without it. */
  checkpoint(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  listAudit({ subject, beforeSeq = Number.MAX_SAFE_INTEGER, limit }: AuditQuery & { limit: number }): AuditPage {
    const bySubject = subject === undefined ? '' : 'AND subject = ?'
    const statement = this.#database.prepare(
      `SELECT ${AUDIT_COLUMNS} FROM audit WHERE seq < ? ${bySubject} ORDER BY seq DESC LIMIT ?`,
    )
    const rows = statement.all(beforeSeq, ...(subject === undefined ? [] : [subject]), limit + 1)
    const entries: AuditEntry[] = []
    const damagedSeqs: number[] = []
    for (const row of rows.slice(0, limit)) {
      const { seq, subject, fact, checksum } = row as unknown as AuditRow
      if (auditChecksum(seq, { subject, fact }) !== checksum) damagedSeqs.push(seq)
      else entries.push({ ...(JSON.parse(fact) as AuditFact), seq })
    }
    const last = rows.length > limit ? (rows[limit - 1] as unknown as AuditRow) : undefined
    return { entries, ...(last === undefined ? {} : { nextBeforeSeq: last.seq }), damagedSeqs }
  }

  close(): void {
    this.#database.close()
  }

  #writeRecord(write: Exclude<Write, { readonly append: 'audit' }>): void {
    if ('remove' in write) {
      this.#nouns[write.remove].remove.run(write.id)
      return
    }
    const { put: noun, id, record } = write
    this.#nouns[noun].put.run(id, record, rowChecksum(NOUNS[noun].table, id, record))
  }

  #newestSeq(): number {
    const row = this.#database.prepare('SELECT max(seq) AS newest FROM audit').get() as { newest: number | null }
    return row.newest ?? 0
  }
}

interface AuditRow {
  readonly seq: number
  readonly subject: string
  readonly fact: string
  readonly checksum: number
}

const auditChecksum = (seq: number, { subject, fact }: Pick<AuditRow, 'subject' | 'fact'>): number =>
  rowChecksum('audit', seq, `${subject}\0${fact}`)

function prepareNoun(database: DatabaseSync, table: string): NounStatements {
  return {
    put: database.prepare(
      `INSERT INTO ${table} (id, record, checksum) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record, checksum = excluded.checksum`,
    ),
    remove: database.prepare(`DELETE FROM ${table} WHERE id = ?`),
  }
}
