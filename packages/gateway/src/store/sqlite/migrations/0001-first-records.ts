// The first tables: one per noun with its record as JSON, and the audit.

import type { Migration } from '../schema-state.ts'

export const firstRecords: Migration = {
  number: 1,
  name: 'first-records',
  readableFrom: 1,
  sql: `
    CREATE TABLE devices (
      id TEXT NOT NULL PRIMARY KEY,
      record TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE pair_requests (
      id TEXT NOT NULL PRIMARY KEY,
      record TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE setup_codes (
      id TEXT NOT NULL PRIMARY KEY,
      record TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE meta (
      id TEXT NOT NULL PRIMARY KEY,
      record TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE sightings (
      id TEXT NOT NULL PRIMARY KEY,
      record TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;

    -- Read newest first and rarely; a scan by seq is fast enough for what maxAuditEntries keeps.
    CREATE TABLE audit (
      seq INTEGER PRIMARY KEY,
      subject TEXT NOT NULL,
      fact TEXT NOT NULL,
      checksum INTEGER NOT NULL
    ) STRICT;
  `,
}
