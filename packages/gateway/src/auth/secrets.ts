// Comparing secrets without telling how much of a guess was right.

import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (value: string): Buffer => createHash('sha256').update(value, 'utf8').digest()

/** True when both are the same text; takes the same time for every wrong guess, whatever its length. */
export const isSameSecret = (expected: string, presented: string): boolean =>
  timingSafeEqual(digest(expected), digest(presented))
