import { storeContract } from '../../../testkit/src/contracts/store.contract.ts'
import { StoreFault } from '../../src/store/fault.ts'
import { openMemoryStore } from '../../src/store/memory-store.ts'

storeContract(
  'memory',
  async (clock, options) => {
    let refuseNext = false
    const beforeCommit = () => {
      if (!refuseNext) return
      refuseNext = false
      throw new StoreFault('STORE_FULL')
    }
    const store = openMemoryStore({ clock, beforeCommit }, options)
    return {
      store,
      reopen: () => Promise.reject(new Error('nothing is left')),
      refuseNextCommit: () => {
        refuseNext = true
      },
      [Symbol.asyncDispose]: () => store.close(),
    }
  },
  { reopen: 'a memory store leaves nothing behind' },
)
