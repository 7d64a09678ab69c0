// When an announcement counts as stuck and how long to leave it alone then. Pure: an observation in, what to do out.

/** As the responder names it. Anything but `announced` is on its way there, or lost. */
export type MdnsState = 'unannounced' | 'probing' | 'probed' | 'announcing' | 'announced'

export const MDNS_WATCH = {
  /** Between two looks, in milliseconds. */
  lookEveryMs: 15_000,
  /** Probing and announcing take about two seconds. */
  stuckAfterMs: 20_000,
  firstRetryMs: 5_000,
  maxRetryMs: 300_000,
  /** After so long announced, the next trouble is a new one. */
  healthyAfterMs: 60_000,
} as const

export type MdnsVerdict = 'well' | 'wait' | 'again'

/** `sinceMs`: how long the service has been in that state, or on its way to be announced. */
export function judgeMdns(state: MdnsState, sinceMs: number): MdnsVerdict {
  if (state === 'announced') return 'well'
  return sinceMs < MDNS_WATCH.stuckAfterMs ? 'wait' : 'again'
}

export const retryAfterMs = (failures: number): number =>
  Math.min(MDNS_WATCH.maxRetryMs, MDNS_WATCH.firstRetryMs * 2 ** Math.max(0, failures - 1))

/** The third time and then ever more rarely: a network without multicast is nothing to fill a log with. */
export const isWorthALine = (failures: number): boolean =>
  failures === 3 || (failures > 3 && Number.isInteger(Math.log2(failures)))
