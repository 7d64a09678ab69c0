// Every case against the target that the environment (or `npm run test:conformance -- --url ...`) names.

import { writeFileSync } from 'node:fs'
import { after } from 'node:test'
import { CONNECT_CASES, KNOWN_FAILURES } from './connect-cases.ts'
import { renderCompatibility } from './report.ts'
import { runCases } from './run-cases.ts'
import { targetFromEnvironment } from './targets.ts'

runCases(CONNECT_CASES, targetFromEnvironment(process.env), KNOWN_FAILURES)

if (process.env.BREAKWATER_CONFORMANCE_REPORT !== undefined) {
  after(() => writeFileSync(new URL('../../docs/compatibility.md', import.meta.url), renderCompatibility()))
}
