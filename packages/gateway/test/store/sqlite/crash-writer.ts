// Writes approvals without end and prints the number of each one that was acknowledged; somebody kills it.
// Usage: node --conditions=source crash-writer.ts <state directory> <first number>

import { writeSync } from 'node:fs'
import { approvalOf, SAMPLE_PUTS } from '../../../../testkit/src/contracts/store-samples.ts'
import type { Store } from '../../../src/store/store.ts'
import { openStoreIn } from './state-dir.ts'

/** Devices that stay; older ones are removed, so that deletions are cut off as well. */
const KEPT_DEVICES = 100
const WRITERS = 10

const [stateDir = '', first = ''] = process.argv.slice(2)
// Frequent snapshots, so that some of the kills hit one.
const { store } = await openStoreIn(stateDir, { snapshotMaxAgeMs: 1_000, snapshotSettleMs: 20 })
let next = Number(first)
await Promise.all(Array.from({ length: WRITERS }, () => writeForEver(store)))

async function writeForEver(store: Store): Promise<void> {
  for (;;) {
    const number = next
    next += 1
    await store.apply([SAMPLE_PUTS.pairRequests(number)])
    const oldest = number - KEPT_DEVICES
    await store.apply([...approvalOf(number), { remove: 'devices', id: `device-${oldest}` }])
    // A pipe keeps what was written to it even when the writer is killed in the next moment.
    writeSync(1, `${number}\n`)
  }
}
