// Guesses what a person meant by a key nobody knows. Pure.

/** Longer names are not compared: the cost grows with the product of the lengths, and nobody mistypes that much. */
const MAX_COMPARED_CHARS = 64

/**
 * The key that was probably meant: a neighbour in the same section that differs by few letters, else a key of that very
 * name elsewhere (`port` at the top is `gateway.port`). Undefined: no guess is better than a wild one.
 */
export function nearestKey(
  key: string,
  siblingPaths: readonly string[],
  allPaths: readonly string[],
): string | undefined {
  if (key.length > MAX_COMPARED_CHARS) return undefined
  const wanted = key.toLowerCase()
  const tolerated = Math.ceil(wanted.length / 3)
  let best: string | undefined
  let bestDistance = tolerated + 1
  for (const path of siblingPaths) {
    const distance = editDistance(wanted, lastKey(path).toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [path, distance]
  }
  return best ?? allPaths.find((path) => lastKey(path).toLowerCase() === wanted)
}

const lastKey = (path: string): string => path.slice(path.lastIndexOf('.') + 1)

/** Levenshtein: the least number of inserted, removed or replaced characters. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
