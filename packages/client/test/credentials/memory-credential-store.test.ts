import { credentialsContract } from '../../../testkit/src/contracts/credentials.contract.ts'
import { MemoryCredentialStore } from '../../src/credentials/memory-credential-store.ts'

const none = async (): Promise<never> => {
  throw new Error('memory has no such thing')
}

credentialsContract(
  'memory',
  async () => ({
    store: new MemoryCredentialStore(),
    other: none,
    read: none,
    write: none,
    refuseWrites: () => {},
    [Symbol.asyncDispose]: async () => {},
  }),
  {
    other: 'it lives in one process',
    text: 'it keeps values, not text',
    refusedWrites: 'memory does not fill up before the process ends',
  },
)
