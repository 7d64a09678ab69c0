// What can go wrong in a store, as data. Faults never cross the wire as they are: the router answers UNAVAILABLE with a
// correlation id, and whether a retry helps is read from this table, never from a message.

export interface StoreFaultEntry {
  /** The same call may succeed later without a restart. */
  readonly retryable: boolean
  /** The store accepts no further changes; reads go on from memory. */
  readonly fatal: boolean
  readonly meaning: string
}

const refused = (retryable: boolean, meaning: string): StoreFaultEntry => ({ retryable, fatal: false, meaning })
const fatal = (meaning: string): StoreFaultEntry => ({ retryable: false, fatal: true, meaning })

export const STORE_FAULTS = {
  STORE_BUSY: refused(true, 'More changes are waiting for the disk than the queue may hold.'),
  STORE_FULL: refused(true, 'The disk or the quota has no room; nothing was changed. Free space and try again.'),
  STORE_READONLY: refused(true, 'The state directory cannot be written; nothing was changed.'),
  STORE_LIMIT: refused(
    false,
    'More records of a kind than the store may hold, or one decision larger than its whole queue.',
  ),
  STORE_CLOSED: refused(false, 'The store was closed.'),
  STORE_OWNED: refused(true, 'Another process owns the state directory.'),
  STORE_TOO_NEW: refused(false, 'The database was written by a later release that this one cannot read.'),
  STORE_MIGRATION_FAILED: refused(false, 'The database could not be brought to this release; it was left as it was.'),
  STORE_RESTORING: refused(false, 'A restore was interrupted half-way and has to be finished first.'),
  STORE_CORRUPT: fatal('The database is damaged and no good snapshot could take its place.'),
  STORE_IO: fatal('Reading or writing failed in a way after which the state of the disk is unknown.'),
  STORE_WORKER_LOST: fatal('The thread that writes to disk ended.'),
} as const satisfies Record<string, StoreFaultEntry>

export type StoreFaultCode = keyof typeof STORE_FAULTS

const STORE_FAULT = Symbol.for('breakwater.StoreFault')

export interface StoreFaultOptions {
  readonly cause?: unknown
  /** Machine-readable particulars, such as the owner's pid. Plain JSON, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** A failure of the store. Branded, so that duplicate copies of this package recognise each other's. */
export class StoreFault extends Error {
  readonly [STORE_FAULT] = true
  readonly code: StoreFaultCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: StoreFaultCode, message: string = STORE_FAULTS[code].meaning, options: StoreFaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StoreFault'
    this.code = code
    this.details = options.details ?? {}
  }

  get retryable(): boolean {
    return STORE_FAULTS[this.code].retryable
  }

  get fatal(): boolean {
    return STORE_FAULTS[this.code].fatal
  }

  static is(value: unknown): value is StoreFault {
    return typeof value === 'object' && value !== null && (value as { [STORE_FAULT]?: boolean })[STORE_FAULT] === true
  }
}
