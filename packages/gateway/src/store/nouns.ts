// The kinds of record the store keeps in memory, as data. Adding one: its type in records.ts, a line in each table
// here, a migration per database that creates its table. The compiler then asks for the field of StagedStore and for a
// sample in the test kit; staging, committing, loading, verifying and the contract suite follow from this table.
// The audit is no noun: it is never loaded, only appended to and queried.

import type { DeviceRecord, MetaRecord, PairRequestRecord, SetupCodeRecord, Sighting } from './records.ts'

/** Nouns changed by decisions: acknowledged means on disk. */
export interface DecidedRecords {
  devices: DeviceRecord
  pairRequests: PairRequestRecord
  setupCodes: SetupCodeRecord
  meta: MetaRecord
}

/** Plus those that are saved in batches and may lose the last one. */
export interface NounRecords extends DecidedRecords {
  sightings: Sighting
}

export type DecidedNoun = keyof DecidedRecords
export type NounName = keyof NounRecords

export interface Noun<R> {
  /** Table in the databases. */
  readonly table: string
  /** Most records kept; a change that would exceed it is refused with STORE_LIMIT. */
  readonly limit: number
  idOf(record: R): string
}

const MAX_DEVICES = 10_000
const MAX_PAIR_REQUESTS = 2_048

export const NOUNS: { readonly [N in NounName]: Noun<NounRecords[N]> } = {
  devices: { table: 'devices', limit: MAX_DEVICES, idOf: (device) => device.deviceId },
  pairRequests: { table: 'pair_requests', limit: MAX_PAIR_REQUESTS, idOf: (request) => request.requestId },
  setupCodes: { table: 'setup_codes', limit: 1_024, idOf: (code) => code.tokenSha256 },
  meta: { table: 'meta', limit: 256, idOf: (fact) => fact.name },
  // Only what is paired or waiting is noted, so this limit follows from the two above.
  sightings: { table: 'sightings', limit: MAX_DEVICES + MAX_PAIR_REQUESTS, idOf: (sighting) => sighting.id },
}

export const NOUN_NAMES = Object.keys(NOUNS) as readonly NounName[]
export const DECIDED_NOUNS = NOUN_NAMES.filter((noun): noun is DecidedNoun => noun !== 'sightings')
