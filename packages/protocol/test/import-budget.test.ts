// What importing the package costs a process that starts: everything on the way to a first hello-ok pays for it.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const BUDGET_MS = 10
const RUNS = 9
const packageDir = fileURLToPath(new URL('..', import.meta.url))

test(`the built package is imported in less than ${BUDGET_MS} ms`, (t) => {
  if (!existsSync(`${packageDir}dist/index.js`)) {
    t.skip('there is no dist; run `npm run build`')
    return
  }
  const script = `const startedAt = performance.now()
await import('@breakwater/protocol')
console.log(performance.now() - startedAt)`
  // Without the options of this process: the package is imported as an installed program imports it.
  const { NODE_OPTIONS: _, ...env } = process.env
  const measure = (): number =>
    Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: packageDir, env }))
  const times = Array.from({ length: RUNS }, measure).sort((a, b) => a - b)
  const medianMs = times[Math.floor(RUNS / 2)] ?? Number.POSITIVE_INFINITY
  t.diagnostic(`median ${medianMs.toFixed(1)} ms, ${times.map((time) => time.toFixed(1)).join(' ')}`)
  assert.ok(medianMs < BUDGET_MS, `median ${medianMs.toFixed(1)} ms`)
})
