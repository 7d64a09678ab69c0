// What opening a store found and did, for the log, `status` and `doctor`. Nothing here is lost when it is logged.

import type { LogDamage } from './log-inspection.ts'

export interface StoreOpenReport {
  /** `restored`: the database was damaged or missing and a snapshot took its place. */
  readonly origin: 'created' | 'opened' | 'restored' | 'started-empty'
  readonly schemaVersion: number
  /** The schema the file had before it was upgraded. */
  readonly migratedFrom?: number
  /** The last owner did not close the store; its log was replayed. */
  readonly wasUnclean: boolean
  readonly damage?: DamageReport
  /** Commits could not be read from the write-ahead log; when that is certain, the files as found are in `keptIn`. */
  readonly logDamage?: LogDamage & { readonly keptIn?: string }
  readonly openMs: number
}

export interface DamageReport {
  readonly cause: 'damaged' | 'missing'
  /** What verification found, at most ten lines. */
  readonly problems: readonly string[]
  /** The folder that holds the damaged files. */
  readonly keptIn?: string
  readonly restoredFrom?: string
  /** The state after opening is of this time ... */
  readonly restoredStateOfMs?: number
  /** ... and the damaged files were last written then: what was acknowledged in between is lost. */
  readonly lastWrittenAtMs?: number
  /** Newer snapshots that were damaged as well. */
  readonly badSnapshots: readonly string[]
}

/** Sentences for people; empty when nothing out of the ordinary happened. */
export function describeOpenReport(report: StoreOpenReport): string[] {
  const sentences: string[] = []
  const { damage, logDamage } = report
  if (damage !== undefined) {
    const what =
      damage.cause === 'missing' ? 'The database was missing' : `The database was damaged (${damage.problems[0]})`
    const outcome =
      damage.restoredFrom === undefined
        ? 'no snapshot was good, so the gateway starts empty and every device has to pair again'
        : `the snapshot ${damage.restoredFrom} took its place; changes since ${isoTime(damage.restoredStateOfMs)} are lost`
    const kept = damage.keptIn === undefined ? '' : ` The damaged files are kept in ${damage.keptIn}.`
    sentences.push(`${what}; ${outcome}.${kept}`)
  }
  if (logDamage !== undefined) sentences.push(describeLogDamage(logDamage))
  if (report.migratedFrom !== undefined) {
    sentences.push(`The database was upgraded from schema ${report.migratedFrom} to ${report.schemaVersion}.`)
  }
  return sentences
}

function describeLogDamage({ unreadableCommits, keptIn }: NonNullable<StoreOpenReport['logDamage']>): string {
  if (unreadableCommits === 1) {
    return 'The last write before the crash cannot be read: it was cut off before it was acknowledged, or is lost.'
  }
  const which = unreadableCommits === undefined ? 'The' : `About ${unreadableCommits} of the`
  return `${which} latest commits are lost: the write-ahead log was damaged. The files as found are kept in ${keptIn}.`
}

const isoTime = (atMs: number | undefined): string => (atMs === undefined ? 'then' : new Date(atMs).toISOString())
