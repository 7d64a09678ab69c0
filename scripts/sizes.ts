// Prints how long the hand-written source files are: the distribution and the ten longest. Informs, never fails.
// Usage: node scripts/sizes.ts

import { globSync, readFileSync } from 'node:fs'

const files = globSync('packages/*/src/**/*.ts').filter((file) => !file.includes('generated'))
const sizes = files
  .map((file) => {
    const lines = readFileSync(file, 'utf8').split('\n')
    const filled = lines.filter((line) => line.trim() !== '')
    const comments = filled.filter((line) => /^\s*(\/\/|\/\*|\*)/.test(line))
    return { file, lines: lines.length, commentShare: comments.length / Math.max(1, filled.length) }
  })
  .sort((a, b) => a.lines - b.lines)
const at = (share: number): number => sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * share))]?.lines ?? 0
const comments = sizes.reduce((sum, { commentShare }) => sum + commentShare, 0) / Math.max(1, sizes.length)

console.log(
  `${sizes.length} files · median ${at(0.5)} · p90 ${at(0.9)} · max ${at(1)} lines · comments ${(100 * comments).toFixed(0)} %`,
)
for (const { file, lines } of sizes.slice(-10).reverse()) console.log(`${String(lines).padStart(5)}  ${file}`)
