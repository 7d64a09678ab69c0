// Order statistics over small samples. Nearest-rank, no interpolation: every figure printed was really observed.

/** The nearest-rank percentile of `values`; NaN when there are none. `percent` is 0..100. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** The middle value, or the mean of the two middle ones; NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (lower + upper) / 2
}

/**
 * The median of round-by-round ratios. Rounds are neighbours in time, so a slow minute of the machine hits both sides
 * of a pair and cancels; the ratio of two medians would keep it.
 */
export function pairedRatio(values: readonly number[], reference: readonly number[]): number {
  const pairs = Math.min(values.length, reference.length)
  return median(Array.from({ length: pairs }, (_, i) => (values[i] ?? Number.NaN) / (reference[i] ?? Number.NaN)))
}

/** A total in milliseconds as microseconds per unit; an unknown total stays unknown. */
export function microsecondsPer(count: number, totalMs: number | undefined): number | undefined {
  return totalMs === undefined ? undefined : (totalMs * 1_000) / count
}
