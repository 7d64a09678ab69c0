// Makes a checkout runnable: generated validators, then `dist` for the plain-JavaScript binary. Runs on `npm ci`.
// Usage: node scripts/prepare.ts

import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { generateProtocol } from './generate-protocol.ts'

await generateProtocol({ check: false })
const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (build.status !== 0) process.exit(build.status ?? 1)
await cp('packages/protocol/src/generated/validators', 'packages/protocol/dist/generated/validators', {
  recursive: true,
})
