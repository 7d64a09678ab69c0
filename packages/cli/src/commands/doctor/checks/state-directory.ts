// Is the state directory there, ours, private, writable, and on a disk with room?

import { access, constants, stat, statfs } from 'node:fs/promises'
import { formatBytes } from '../../../output/quantity.ts'
import type { Check } from '../doctor.ts'
import type { Finding } from '../finding.ts'

const CHECK = 'state directory'
const LITTLE_BYTES = 200 * 1_024 * 1_024
const TOO_LITTLE_BYTES = 20 * 1_024 * 1_024

export const checkStateDirectory: Check = async ({ paths: { stateDir } }) => {
  const info = await stat(stateDir).catch((error: NodeJS.ErrnoException) => error)
  if (info instanceof Error) {
    if (info.code === 'ENOENT') {
      return [{ check: CHECK, severity: 'note', message: `${stateDir} does not exist yet; the first start makes it` }]
    }
    const nextStep = `Make ${stateDir} reachable for this user, or set BREAKWATER_STATE_DIR.`
    return [{ check: CHECK, severity: 'problem', message: info.message, nextStep }]
  }
  if (!info.isDirectory()) {
    const nextStep = 'Move the file away, or set BREAKWATER_STATE_DIR to a directory.'
    return [{ check: CHECK, severity: 'problem', message: `${stateDir} is not a directory`, nextStep }]
  }
  const findings = [...judgeOwner(stateDir, info), ...(await judgeWriting(stateDir)), ...(await judgeRoom(stateDir))]
  return findings.length > 0 ? findings : [{ check: CHECK, severity: 'ok', message: stateDir }]
}

function judgeOwner(stateDir: string, { uid, mode }: { uid: number; mode: number }): Finding[] {
  const self = process.getuid?.()
  if (self === undefined) return []
  if (self !== 0 && uid !== self) {
    const nextStep = 'Run this as its owner, or set BREAKWATER_STATE_DIR to a directory of your own.'
    return [
      { check: CHECK, severity: 'problem', message: `${stateDir} belongs to another user (uid ${uid})`, nextStep },
    ]
  }
  if ((mode & 0o077) === 0) return []
  const shown = (mode & 0o777).toString(8)
  return [
    {
      check: CHECK,
      severity: 'warning',
      message: `${stateDir} is open to other users (mode ${shown}); it holds the keys of this gateway`,
      nextCommand: `chmod 700 ${stateDir}`,
    },
  ]
}

async function judgeWriting(stateDir: string): Promise<Finding[]> {
  try {
    await access(stateDir, constants.W_OK | constants.X_OK)
    return []
  } catch (error) {
    const nextStep = `Make ${stateDir} writable for this user, or set BREAKWATER_STATE_DIR.`
    return [{ check: CHECK, severity: 'problem', message: (error as Error).message, nextStep }]
  }
}

async function judgeRoom(stateDir: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(stateDir)
  const freeBytes = bavail * bsize
  if (freeBytes >= LITTLE_BYTES) return []
  const severity = freeBytes < TOO_LITTLE_BYTES ? 'problem' : 'warning'
  const nextStep = `Free space on the disk that holds ${stateDir}.`
  return [{ check: 'disk', severity, message: `${formatBytes(freeBytes)} are left for ${stateDir}`, nextStep }]
}
