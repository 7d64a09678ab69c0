// Do the limits of the system and of the gateway leave room? One connection is one open file.

import { readFile } from 'node:fs/promises'
import type { Check } from '../doctor.ts'
import type { DoctorFacts } from '../doctor-facts.ts'
import type { Finding } from '../finding.ts'

/** Below it a gateway runs out of files before it runs out of anything else. */
const FEW_FILES = 4_096
/** Files a gateway needs besides its connections. */
const OWN_FILES = 64

export const checkLimits: Check = async (facts) => [...(await judgeFiles(facts)), ...judgeBites(facts)]

async function judgeFiles({ gateway, isHere }: DoctorFacts): Promise<Finding[]> {
  if (!isHere) return []
  const pid = gateway.state === 'running' && gateway.isOurMachine ? gateway.pid : undefined
  const files = await readOpenFiles(pid ?? 'self')
  if (files === undefined) return []
  if (files >= FEW_FILES) return [{ check: 'open files', severity: 'ok', message: String(files) }]
  return [
    {
      check: 'open files',
      severity: 'warning',
      message: `${files} open files are allowed, so about ${files - OWN_FILES} connections`,
      nextStep: 'ulimit -n 65536 before starting it; breakwater gateway install sets it for the service',
    },
  ]
}

/** Soft limit of a process; undefined where the system does not tell. */
async function readOpenFiles(pid: number | 'self'): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1]
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft)
}

/** Counters of limits that have bitten. Failed handshakes are no limit. */
function judgeBites({ gateway }: DoctorFacts): Finding[] {
  if (gateway.state !== 'running') return []
  const bites = Object.entries(gateway.limits).filter(([name, times]) => times > 0 && !name.startsWith('handshake.'))
  if (bites.length === 0) return []
  const list = bites.map(([name, times]) => `${name} ${times}`).join(', ')
  return [
    { check: 'limits', severity: 'note', message: `hit since the start: ${list}`, nextCommand: 'breakwater status' },
  ]
}
