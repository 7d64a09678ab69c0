// Rebuilds everything that is generated: protocol data, validators, reference pages.
// Usage: node --conditions=source scripts/generate.ts

import { generateProtocol } from './generate-protocol.ts'

await generateProtocol({ check: false })
await import('./docs.ts')
