// Limits and intervals every store shares, resolved once. Those of one database live in its own folder.

export interface StoreOptions {
  /** Changes that may wait for the disk, the running group included; beyond it STORE_BUSY. 1..1,000,000. */
  readonly maxWaitingChanges: number
  /** Their records as UTF-16 JSON, in bytes; beyond it STORE_BUSY. 65,536 or more. */
  readonly maxWaitingBytes: number
  /** Changes committed together at most; a single decision that is larger goes alone. 1..100,000. */
  readonly maxGroupChanges: number
  /** How long a sighting may stay unsaved, in milliseconds: what a crash may lose. 1,000..3,600,000. */
  readonly sightingIntervalMs: number
}

export const STORE_DEFAULTS = {
  maxWaitingChanges: 8_192,
  maxWaitingBytes: 16 * 1024 * 1024,
  maxGroupChanges: 1_000,
  sightingIntervalMs: 30_000,
} as const satisfies StoreOptions

const RANGES: Readonly<Record<keyof StoreOptions, readonly [min: number, max: number]>> = {
  maxWaitingChanges: [1, 1_000_000],
  maxWaitingBytes: [65_536, Number.MAX_SAFE_INTEGER],
  maxGroupChanges: [1, 100_000],
  sightingIntervalMs: [1_000, 3_600_000],
}

/** Throws a RangeError that names the option, its range and what was given. */
export function resolveStoreOptions(input: Partial<StoreOptions> = {}): StoreOptions {
  return resolveWithin({ ...STORE_DEFAULTS, ...input }, RANGES)
}

/** Keeps the named whole numbers within their ranges; other fields pass through. */
export function resolveWithin<O extends object>(
  options: O,
  ranges: Readonly<Partial<Record<keyof O, readonly [min: number, max: number]>>>,
): Readonly<O> {
  for (const [name, range] of Object.entries(ranges) as [keyof O, readonly [number, number]][]) {
    const value = options[name]
    const [min, max] = range
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new RangeError(`store option ${String(name)} must be a whole number in ${min}..${max}, not ${value}`)
    }
  }
  return Object.freeze(options)
}
