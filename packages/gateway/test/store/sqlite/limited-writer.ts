// Writes until the store refuses, then says how and whether it accepts anything afterwards, as one line of JSON.
// Run with a limit on file sizes, it meets an error that is neither a full disk nor a read-only one.
// Usage: node --conditions=source limited-writer.ts <state directory>

import { sampleDevice } from '../../../../testkit/src/contracts/store-samples.ts'
import { openStoreIn } from './state-dir.ts'

await using opened = await openStoreIn(process.argv[2] ?? '', { snapshotSettleMs: 60_000 })
const { store } = opened
const codes: string[] = []
let acknowledged = 0
while (codes.length < 2) {
  try {
    const displayName = `${acknowledged}`.padEnd(10_000, 'x')
    await store.apply([{ put: 'devices', record: sampleDevice(acknowledged, { displayName }) }])
    acknowledged += 1
  } catch (error) {
    codes.push((error as { code: string }).code)
  }
}
console.log(JSON.stringify({ codes, acknowledged, inMemory: store.devices.size, state: store.status().state }))
