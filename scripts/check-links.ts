// Finds links in Markdown files that point at nothing in this repository.
// Usage: node scripts/check-links.ts

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const files = globSync('**/*.md', { exclude: (name) => name.includes('node_modules') || name.includes('dist') })
const broken = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/i.test(target) && !existsSync(join(dirname(file), target)))
    .map((target) => `${file}: ${target}`),
)
for (const link of broken) console.error(`broken link in ${link}`)
process.exit(broken.length === 0 ? 0 : 1)
