// Is the clock right? Devices prove themselves with signatures that are good for two minutes around the gateway's time.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS } from '@breakwater/protocol'
import { formatMs } from '../../../output/quantity.ts'
import type { Check } from '../doctor.ts'
import type { Finding } from '../finding.ts'

const CHECK = 'clock'
/** Half of what is allowed: the rest is for the network and the other clock. */
const ODD_MS = LIMITS.signatureSkewMs / 2

export const checkClock: Check = async ({ gateway, isHere, paths, nowMs }) => {
  if (gateway.state === 'running' && !gateway.isOurMachine) return [judgeSkew(gateway.clockAheadMs)]
  if (!isHere) return []
  // One machine, one clock: it can only be compared with itself, earlier.
  const files = [paths.stateDir, join(paths.stateDir, 'store'), join(paths.stateDir, 'logs')]
  const newestMs = Math.max(0, ...(await Promise.all(files.map(changedAt))))
  if (newestMs - nowMs <= ODD_MS) return [{ check: CHECK, severity: 'ok', message: new Date(nowMs).toISOString() }]
  return [
    {
      check: CHECK,
      severity: 'warning',
      message: `files of this gateway are from ${formatMs(newestMs - nowMs)} in the future: the clock was set back`,
      nextStep: 'Set the clock right (timedatectl status); a device whose clock differs by two minutes is refused.',
    },
  ]
}

function judgeSkew(aheadMs: number): Finding {
  const amount = formatMs(Math.abs(aheadMs))
  if (Math.abs(aheadMs) <= ODD_MS) {
    return { check: CHECK, severity: 'ok', message: `${amount} apart from the gateway's` }
  }
  const isRefused = Math.abs(aheadMs) > LIMITS.signatureSkewMs
  return {
    check: CHECK,
    severity: isRefused ? 'problem' : 'warning',
    message: `the gateway's clock is ${amount} ${aheadMs > 0 ? 'ahead of' : 'behind'} this one; signatures are good for ${formatMs(LIMITS.signatureSkewMs)}`,
    nextStep: 'Set both clocks right (timedatectl status).',
  }
}

const changedAt = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
