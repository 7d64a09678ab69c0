// Randomness as a component, and the one way to turn a draw into a wait.
// Not for secrets: a seeded generator is as welcome here as Math.random.

/** A source of uniform numbers in [0, 1). */
export type Random = () => number

/**
 * Maps one draw to an integer in [0, bound), or 0 when the bound is 0. The result stays inside even for a source that
 * returns 1 or not a number, so a rude component cannot push a wait past its limit.
 */
export function drawBelow(fraction: number, bound: number): number {
  const drawn = Math.floor(fraction * bound)
  return drawn > 0 ? Math.min(drawn, bound - 1) : 0
}
