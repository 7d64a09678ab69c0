// A restore that was cut off half-way leaves its journal in the state directory: until it is finished nobody may open the
// store, which may be the old one, the new one, or missing.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StoreFault } from '../fault.ts'

export const RESTORE_JOURNAL = 'restore.json'

export function assertNoUnfinishedRestore(stateDir: string): void {
  if (!existsSync(join(stateDir, RESTORE_JOURNAL))) return
  throw new StoreFault(
    'STORE_RESTORING',
    `A restore into ${stateDir} was interrupted. Run \`breakwater restore\` to finish it.`,
    {
      details: { stateDir, nextCommand: 'breakwater restore' },
    },
  )
}
