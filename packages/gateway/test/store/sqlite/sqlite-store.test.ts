import { storeContract } from '../../../../testkit/src/contracts/store.contract.ts'
import type { Store } from '../../../src/store/store.ts'
import { openStoreIn, stateDir } from './state-dir.ts'

storeContract(
  'sqlite',
  async (clock, options) => {
    const directory = await stateDir()
    const open: Store[] = []
    const openHere = async (): Promise<Store> => {
      const { store } = await openStoreIn(directory.path, { clock, ...options })
      open.push(store)
      return store
    }
    return {
      store: await openHere(),
      reopen: async () => {
        await open.at(-1)?.close()
        return openHere()
      },
      refuseNextCommit: () => {
        throw new Error('a disk cannot be filled from here')
      },
      [Symbol.asyncDispose]: async () => {
        await open.at(-1)?.close()
        await directory[Symbol.asyncDispose]()
      },
    }
  },
  { refusedCommit: 'a full disk is a mounted one: see full-disk.test.ts' },
)
