// Can the configuration be used, does anything in it look unmeant, and is it safe as it is?

import { stat } from 'node:fs/promises'
import { configTools } from '@breakwater/gateway/local'
import { count } from '../../../output/quantity.ts'
import type { Check } from '../doctor.ts'
import type { DoctorFacts } from '../doctor-facts.ts'
import type { Finding } from '../finding.ts'

const CHECK = 'configuration'
const VALIDATE = 'breakwater config validate'

export const checkConfiguration: Check = async (facts) => {
  const { load } = facts
  const { formatIssue } = await configTools()
  const [issue] = load.issues
  if (issue !== undefined) {
    const more = load.issues.length > 1 ? ` (and ${load.issues.length - 1} more)` : ''
    const message = `${load.configPath} cannot be used: ${formatIssue(issue)}${more}`
    return [{ check: CHECK, severity: 'problem', message, nextCommand: VALIDATE }]
  }
  const [warning] = load.warnings
  const findings = [
    ...(warning === undefined
      ? []
      : [
          {
            check: CHECK,
            severity: 'warning' as const,
            message: `${count(load.warnings.length, 'warning')}, the first: ${formatIssue(warning)}`,
            nextCommand: VALIDATE,
          },
        ]),
    ...(await judgeMode(facts)),
    ...judgeExposure(facts),
  ]
  if (findings.length > 0) return findings
  const where = load.exists ? load.configPath : `${load.configPath} does not exist; the built-in defaults are used`
  return [{ check: CHECK, severity: 'ok', message: where }]
}

async function judgeMode({ load: { configPath, exists, source } }: DoctorFacts): Promise<Finding[]> {
  if (!exists || process.platform === 'win32' || !(await holdsSecrets(source))) return []
  const { mode } = await stat(configPath)
  if ((mode & 0o077) === 0) return []
  const message = `${configPath} holds secrets and is open to other users (mode ${(mode & 0o777).toString(8)})`
  return [{ check: CHECK, severity: 'warning', message, nextCommand: `chmod 600 ${configPath}` }]
}

async function holdsSecrets(source: unknown): Promise<boolean> {
  const { redact, REDACTED } = await configTools()
  return JSON.stringify(redact(source, { hasReferences: false })).includes(REDACTED)
}

function judgeExposure({ config }: DoctorFacts): Finding[] {
  if (config === undefined) return []
  const { bind, tls, trustedProxies } = config.gateway
  const isLoopback = bind === 'loopback' || bind === 'localhost' || bind === '::1' || bind.startsWith('127.')
  if (isLoopback || tls.enabled || trustedProxies.length > 0) return []
  return [
    {
      check: CHECK,
      severity: 'warning',
      message: `gateway.bind is ${bind} without TLS: tokens travel in clear text on the network`,
      nextCommand: 'breakwater config set gateway.tls.enabled true',
    },
  ]
}
