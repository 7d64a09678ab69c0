// Comparing secrets without telling how much of a guess was right.

import { hash, timingSafeEqual } from 'node:crypto'

const digest = (value: string): Buffer => hash('sha256', value, 'buffer')

/** True when both are the same text; takes the same time for every wrong guess, whatever its length. */
export const isSameSecret = (expected: string, presented: string): boolean =>
  timingSafeEqual(digest(expected), digest(presented))
