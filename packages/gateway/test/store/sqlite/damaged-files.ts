// Database files for damage tests: made once, copied for each case, damaged in one place, opened without a thread.

import { closeSync, copyFileSync, cpSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { approvalOf, SAMPLE_PUTS } from '../../../../testkit/src/contracts/store-samples.ts'
import type { Write } from '../../../src/store/backend.ts'
import { NOUNS } from '../../../src/store/nouns.ts'
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts'
import { type OpenedDatabase, openDatabase } from '../../../src/store/sqlite/open-database.ts'
import { logOf, storeFiles } from '../../../src/store/sqlite/store-files.ts'
import { Writer } from '../../../src/store/sqlite/writer.ts'
import type { Change } from '../../../src/store/store.ts'

export const MAX_AUDIT = 100_000

export function openHere(stateDir: string, more: Partial<Parameters<typeof openDatabase>[1]> = {}): OpenedDatabase {
  return openDatabase(storeFiles(stateDir), { migrations: MIGRATIONS, startEmpty: false, nowMs: Date.now(), ...more })
}

export function writerOf(stateDir: string, { database }: OpenedDatabase): Writer {
  return new Writer(database, storeFiles(stateDir).database, MAX_AUDIT)
}

export function toWrites(changes: readonly Change[]): Write[] {
  return changes.map((change): Write => {
    if ('append' in change) {
      return { append: 'audit', subject: change.fact.subject, fact: JSON.stringify(change.fact) }
    }
    if ('remove' in change) return { remove: change.remove, id: change.id }
    const idOf = NOUNS[change.put].idOf as (record: unknown) => string
    return { put: change.put, id: idOf(change.record), record: JSON.stringify(change.record) }
  })
}

/** The records found, as text that can be compared. */
export function contentsOf({ records }: OpenedDatabase): string {
  return JSON.stringify(records)
}

export const commitNumber = (number: number): Write[] =>
  toWrites([...approvalOf(number), SAMPLE_PUTS.pairRequests(number + 1_000), SAMPLE_PUTS.meta(number % 50)])

/** Copies a template's store into `stateDir`, replacing what is there. */
export function copyStore(template: string, stateDir: string): void {
  const to = storeFiles(stateDir).directory
  rmSync(to, { recursive: true, force: true })
  cpSync(storeFiles(template).directory, to, { recursive: true })
}

/** Copies only the live files, as a crash would leave them. */
export function copyLiveFiles(template: string, stateDir: string): void {
  const from = storeFiles(template)
  const to = storeFiles(stateDir)
  copyFileSync(from.database, to.database)
  copyFileSync(logOf(from.database), logOf(to.database))
}

export function flipBit(file: string, bit: number): void {
  const descriptor = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  const offset = Math.floor(bit / 8)
  readSync(descriptor, byte, 0, 1, offset)
  byte[0] = (byte[0] ?? 0) ^ (1 << (bit % 8))
  writeSync(descriptor, byte, 0, 1, offset)
  closeSync(descriptor)
}

export function overwrite(file: string, offset: number, bytes: Buffer): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, offset)
  closeSync(descriptor)
}

export const cutTo = (file: string, bytes: number): void => truncateSync(file, bytes)

export const bitsIn = (file: string): number => statSync(file).size * 8

export const databaseIn = (stateDir: string): string => storeFiles(stateDir).database
export const logIn = (stateDir: string): string => logOf(databaseIn(stateDir))
export const snapshotsIn = (stateDir: string): string => join(storeFiles(stateDir).directory, 'snapshots')
