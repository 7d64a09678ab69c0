// Everything that must hold besides the tests: types, lint and format, generated files, links of the documents.
// Usage: node scripts/check.ts

import { spawnSync } from 'node:child_process'

interface Check {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

const node = (...args: string[]): readonly [string, ...string[]] => [process.execPath, ...args]

const CHECKS: readonly Check[] = [
  { name: 'types', command: node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit') },
  { name: 'lint and format', command: node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings') },
  { name: 'generated protocol data', command: node('scripts/generate-protocol.ts', '--check') },
  { name: 'generated reference', command: node('--conditions=source', 'scripts/docs.ts', '--check') },
  { name: 'document links', command: node('scripts/check-links.ts') },
]

const failed = CHECKS.filter(({ name, command: [file, ...args] }) => {
  const run = spawnSync(file, args, { stdio: 'inherit', env: { ...process.env, NODE_NO_WARNINGS: '1' } })
  console.log(`${run.status === 0 ? 'ok  ' : 'FAIL'} ${name}`)
  return run.status !== 0
})
process.exit(failed.length === 0 ? 0 : 1)
