// Is the store whole? A copy of it is read through; the gateway that owns it is not disturbed.

import { inspectStore } from '@breakwater/gateway/local'
import { count, formatBytes, formatMs } from '../../../output/quantity.ts'
import type { Check } from '../doctor.ts'

const CHECK = 'store'

export const checkStore: Check = async ({ paths: { stateDir }, nowMs }) => {
  try {
    const { verdict, file, problems, counts, bytes = 0, newestSnapshotAtMs } = await inspectStore(stateDir)
    const snapshot =
      newestSnapshotAtMs === undefined
        ? 'no snapshot yet'
        : `newest snapshot ${formatMs(nowMs - newestSnapshotAtMs)} ago`
    if (verdict === 'absent') return [{ check: CHECK, severity: 'note', message: 'nothing is stored yet' }]
    if (verdict === 'whole') {
      const devices = count(counts.devices ?? 0, 'device')
      return [{ check: CHECK, severity: 'ok', message: `whole; ${devices}, ${formatBytes(bytes)}, ${snapshot}` }]
    }
    if (verdict === 'too-new') {
      const nextStep = `Run the release that wrote it, or set BREAKWATER_STATE_DIR.`
      return [{ check: CHECK, severity: 'problem', message: problems[0] ?? '', nextStep }]
    }
    const nextStep =
      newestSnapshotAtMs === undefined
        ? 'breakwater restore <file> (from a backup); there is no snapshot the next start could use'
        : 'breakwater gateway restart (the next start puts the newest snapshot in its place and keeps the damaged file)'
    return [
      { check: CHECK, severity: 'problem', message: `${file} is damaged: ${problems[0]} (${snapshot})`, nextStep },
    ]
  } catch (error) {
    const nextStep = `Check the disk that holds ${stateDir}.`
    return [
      { check: CHECK, severity: 'problem', message: `the store cannot be read: ${(error as Error).message}`, nextStep },
    ]
  }
}
