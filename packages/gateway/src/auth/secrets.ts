// Comparing secrets without telling how much of a guess was right.

import { hash, timingSafeEqual } from 'node:crypto'

/** Secrets up to this many bytes are compared side by side; longer ones by their digests. */
const SIDE_BYTES = 512
const expectedSide = Buffer.alloc(SIDE_BYTES)
const presentedSide = Buffer.alloc(SIDE_BYTES)

/** True when both are the same text; takes the same time for every wrong guess of a length. */
export function isSameSecret(expected: string, presented: string): boolean {
  // Three bytes are the most that UTF-8 takes for one UTF-16 unit.
  const mayFit = Math.max(expected.length, presented.length) * 3 <= SIDE_BYTES
  return mayFit ? isSameSide(expected, presented) : timingSafeEqual(digest(expected), digest(presented))
}

const digest = (value: string): Buffer => hash('sha256', value, 'buffer')

function isSameSide(expected: string, presented: string): boolean {
  const expectedBytes = expectedSide.write(expected, 'utf8')
  const presentedBytes = presentedSide.write(presented, 'utf8')
  expectedSide.fill(0, expectedBytes)
  presentedSide.fill(0, presentedBytes)
  const hasSameBytes = timingSafeEqual(expectedSide, presentedSide)
  expectedSide.fill(0)
  presentedSide.fill(0)
  return hasSameBytes && expectedBytes === presentedBytes
}
