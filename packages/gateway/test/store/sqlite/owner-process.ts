// Takes the owner lock of a state directory, prints how that went as one line of JSON and stays until it is killed.
// Usage: node --conditions=source --expose-gc owner-process.ts <state directory>

import { setTimeout as delay } from 'node:timers/promises'
import { acquireOwnerLock } from '../../../src/store/sqlite/owner-lock.ts'

const said = await tryToOwn(process.argv[2] ?? '')
// Nobody refers to the lock any more; that must not release it.
await delay(1)
globalThis.gc?.()
await delay(1)
console.log(JSON.stringify(said))
setInterval(() => {}, 60_000)

async function tryToOwn(stateDir: string): Promise<object> {
  try {
    await acquireOwnerLock({ stateDir, owner: 'owner process', nextCommand: 'breakwater gateway status' })
    return { locked: true }
  } catch (error) {
    const { code, details } = error as { code: string; details: { owner?: unknown } }
    return { code, owner: details.owner }
  }
}
