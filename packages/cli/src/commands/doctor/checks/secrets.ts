// Are the gateway's secrets there, private, and good enough?

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readSecret, tokenFilePath } from '@breakwater/gateway/local'
import { TOKEN_ENV } from '../../../target/environment.ts'
import type { Check } from '../doctor.ts'
import type { DoctorFacts } from '../doctor-facts.ts'
import type { Finding } from '../finding.ts'

const CHECK = 'secrets'
/** Fewer characters can be guessed in a lifetime. */
const MIN_TOKEN_CHARS = 16
/** Files and directories of keys, below the state directory. */
const KEPT = ['token', 'device-token.key', 'config-hash.key', 'identity', 'tls']

export const checkSecrets: Check = async (facts) => {
  const findings = [...(await judgeToken(facts)), ...(await judgeModes(facts.paths.stateDir))]
  return findings.length > 0 ? findings : [{ check: CHECK, severity: 'ok', message: 'private, as they should be' }]
}

async function judgeToken({ paths, config, env }: DoctorFacts): Promise<Finding[]> {
  const auth = config?.gateway.auth
  if (auth?.mode !== 'token') return []
  const given = auth.token ?? env[TOKEN_ENV]
  if (given !== undefined && given.trim() !== '') return judgeStrength(given)
  const path = tokenFilePath(paths.stateDir)
  try {
    const token = await readSecret(path)
    if (token !== undefined) return judgeStrength(token)
    return [{ check: CHECK, severity: 'note', message: `there is no token yet; the first start makes ${path}` }]
  } catch (error) {
    return [
      {
        check: CHECK,
        severity: 'problem',
        message: `the token file cannot be used: ${(error as Error).message}`,
        nextCommand: 'breakwater token rotate',
      },
    ]
  }
}

function judgeStrength(token: string): Finding[] {
  if (token.length >= MIN_TOKEN_CHARS) return []
  const message = `the shared token has ${token.length} characters; fewer than ${MIN_TOKEN_CHARS} can be guessed`
  const nextStep = 'breakwater config unset gateway.auth.token, then start again: a good one is made.'
  return [{ check: CHECK, severity: 'warning', message, nextStep }]
}

async function judgeModes(stateDir: string): Promise<Finding[]> {
  if (process.platform === 'win32') return []
  const files = (await Promise.all(KEPT.map((name) => filesIn(join(stateDir, name))))).flat()
  const open: string[] = []
  for (const file of files) {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0 && !file.endsWith('cert.pem')) open.push(file)
  }
  const [first] = open
  if (first === undefined) return []
  const message = `open to other users: ${open.join(', ')}`
  return [{ check: CHECK, severity: 'warning', message, nextCommand: `chmod 600 ${open.join(' ')}` }]
}

/** The file itself, or the files of a directory; none when there is no such thing. */
async function filesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path, { withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(path, name))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [path]
    if (code === 'ENOENT' || code === 'EACCES') return []
    throw error
  }
}
