// Runs the test suites. Without arguments all of them, sized for continuous integration.
// Usage: node scripts/test.ts [suite...] [--full] [--only <text in file name>]
//   --full runs the long forms (more seeds, more inputs); suites are listed below.
// Of conformance: --url <ws://...> --token <secret> --dialect ours|official --configuration <name>, see
// test/conformance/targets.ts; --report writes docs/compatibility.md.

import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'

interface Suite {
  readonly patterns: readonly string[]
  /** Test files that may run at the same time: those that measure or load the machine run alone. */
  readonly concurrency: number
}

const SUITES: Readonly<Record<string, Suite>> = {
  unit: {
    patterns: ['packages/*/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'test/static/**/*.test.ts'],
    concurrency: 2,
  },
  conformance: { patterns: ['test/conformance/**/*.test.ts'], concurrency: 1 },
  e2e: { patterns: ['test/e2e/**/*.test.ts'], concurrency: 1 },
  interop: { patterns: ['test/interop/**/*.test.ts'], concurrency: 1 },
  security: { patterns: ['test/security/**/*.test.ts'], concurrency: 1 },
  chaos: { patterns: ['test/chaos/**/*.test.ts'], concurrency: 1 },
}

const { values, positionals: named } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    url: { type: 'string' },
    token: { type: 'string' },
    dialect: { type: 'string' },
    configuration: { type: 'string' },
    report: { type: 'boolean', default: false },
  },
})
const { only } = values
const unknown = named.filter((name) => !Object.hasOwn(SUITES, name))
if (unknown.length > 0) {
  console.error(`unknown suite ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`)
  process.exit(2)
}

const env = {
  ...process.env,
  NODE_NO_WARNINGS: '1',
  ...(values.full ? { BREAKWATER_FULL: '1' } : {}),
  ...(values.url === undefined ? {} : { BREAKWATER_CONFORMANCE_URL: values.url }),
  ...(values.token === undefined ? {} : { BREAKWATER_CONFORMANCE_TOKEN: values.token }),
  ...(values.dialect === undefined ? {} : { BREAKWATER_CONFORMANCE_DIALECT: values.dialect }),
  ...(values.configuration === undefined ? {} : { BREAKWATER_CONFORMANCE_CONFIGURATION: values.configuration }),
  ...(values.report ? { BREAKWATER_CONFORMANCE_REPORT: '1' } : {}),
}
const failed: string[] = []
for (const [name, { patterns, concurrency }] of Object.entries(SUITES)) {
  if (named.length > 0 && !named.includes(name)) continue
  const files = patterns
    .flatMap((pattern) => globSync(pattern))
    .filter((file) => only === undefined || file.includes(only))
  if (files.length === 0) continue
  console.log(`\n── ${name}: ${files.length} files`)
  const startedAt = performance.now()
  const run = spawnSync(
    process.execPath,
    [
      '--conditions=source',
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-reporter=spec',
      '--test-timeout=300000',
      ...files.sort(),
    ],
    { stdio: 'inherit', env },
  )
  console.log(
    `── ${name}: ${run.status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  )
  if (run.status !== 0) failed.push(name)
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`)
  process.exit(1)
}
