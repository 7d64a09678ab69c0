// All migrations in order. A released one is never edited: its number is what databases in the field say about themselves.

import type { Migration } from '../schema-state.ts'
import { firstRecords } from './0001-first-records.ts'

export const MIGRATIONS: readonly Migration[] = [firstRecords]
