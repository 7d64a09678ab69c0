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
  // Processor time and the best of several runs: how busy the machine is says nothing about the package.
  const script = `const before = process.cpuUsage()
await import('@breakwater/protocol')
const { user, system } = process.cpuUsage(before)
console.log((user + system) / 1000)`
  // Without the options of this process: the package is imported as an installed program imports it.
  const { NODE_OPTIONS: _, ...env } = process.env
  const measure = (): number =>
    Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: packageDir, env }))
  const times = Array.from({ length: RUNS }, measure).sort((a, b) => a - b)
  const leastMs = times[0] ?? Number.POSITIVE_INFINITY
  t.diagnostic(`processor time in ms: ${times.map((time) => time.toFixed(1)).join(' ')}`)
  assert.ok(leastMs < BUDGET_MS, `${leastMs.toFixed(1)} ms`)
})
