// Does a device wait for an answer?

import { count } from '../../../output/quantity.ts'
import { nameOf } from '../../devices/device-rows.ts'
import type { Check } from '../doctor.ts'

export const checkPairing: Check = ({ gateway }) => {
  if (gateway.state !== 'running') return []
  const { pending, paired } = gateway.devices
  const [first] = pending
  if (first === undefined) return [{ check: 'devices', severity: 'ok', message: `${paired.length} paired, none waits` }]
  return [
    {
      check: 'devices',
      severity: 'note',
      message: `${count(pending.length, 'request')} for approval, the latest from ${nameOf(first)}`,
      nextCommand: `breakwater devices approve ${pending.length === 1 ? first.requestId : ''}`.trimEnd(),
    },
  ]
}
