// Does the gateway run, let its owner in, and is it well?

import type { Check } from '../doctor.ts'
import type { RunningFacts } from '../doctor-facts.ts'
import type { Finding } from '../finding.ts'

const CHECK = 'gateway'

export const checkGateway: Check = ({ gateway, version }) => {
  switch (gateway.state) {
    case 'down':
      return [
        {
          check: CHECK,
          severity: 'problem',
          message: 'no gateway is running here',
          nextStep: 'breakwater gateway (in this terminal), or breakwater gateway start (as a service)',
        },
      ]
    case 'silent': {
      const { code, message, nextCommand, nextStep } = gateway.failure
      const next = nextCommand === undefined ? { nextStep: nextStep ?? 'breakwater probe' } : { nextCommand }
      return [{ check: CHECK, severity: 'problem', message: `it does not answer us: ${message} (${code})`, ...next }]
    }
    case 'running':
      return judgeRunning(gateway, version)
  }
}

function judgeRunning(gateway: RunningFacts, version: string): Finding[] {
  const { eventLoop, pendingRestart } = gateway
  const findings: Finding[] = []
  if (eventLoop?.degraded === true) {
    findings.push({
      check: CHECK,
      severity: 'warning',
      message: `its event loop is overloaded (${(eventLoop.reasons ?? []).join(', ')})`,
      nextCommand: 'breakwater call diagnostics.stability',
    })
  }
  if (gateway.isOurMachine && gateway.version !== version) {
    findings.push({
      check: CHECK,
      severity: 'warning',
      message: `it is release ${gateway.version}, this command is ${version}`,
      nextCommand: 'breakwater gateway restart',
    })
  }
  if (pendingRestart.length > 0) {
    findings.push({
      check: CHECK,
      severity: 'note',
      message: `waiting for a restart: ${pendingRestart.join(', ')}`,
      nextCommand: 'breakwater gateway restart',
    })
  }
  const pid = gateway.pid === undefined ? '' : `, pid ${gateway.pid}`
  return [{ check: CHECK, severity: 'ok', message: `${gateway.version} answers at ${gateway.url}${pid}` }, ...findings]
}
