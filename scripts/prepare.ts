// Makes a checkout runnable: generated validators, then `dist` for the plain-JavaScript binary. Runs on `npm ci`.
// Usage: node scripts/prepare.ts

import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { generateProtocol } from './generate-protocol.ts'

await generateProtocol({ check: false })
// Before the build: packages that import the validators find their types where they will be loaded from.
await cp('packages/protocol/src/generated/validators', 'packages/protocol/dist/generated/validators', {
  recursive: true,
})
const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
process.exit(build.status ?? 1)
