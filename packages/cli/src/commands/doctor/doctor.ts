// `breakwater doctor`: looks at everything that keeps a gateway from working, and names the worst first, with the command
// that helps. Changes nothing.

import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { checkCertificate } from './checks/certificate.ts'
import { checkClock } from './checks/clock.ts'
import { checkConfiguration } from './checks/configuration.ts'
import { checkGateway } from './checks/gateway.ts'
import { checkLimits } from './checks/limits.ts'
import { checkNode } from './checks/node.ts'
import { checkPairing } from './checks/pairing.ts'
import { checkPort } from './checks/port.ts'
import { checkSecrets } from './checks/secrets.ts'
import { checkStateDirectory } from './checks/state-directory.ts'
import { checkStore } from './checks/store.ts'
import { type DoctorFacts, gatherFacts } from './doctor-facts.ts'
import { type Finding, renderFindings, worstOf } from './finding.ts'

export type Check = (facts: DoctorFacts) => Finding[] | Promise<Finding[]>

/** Causes before effects. */
const EVERYWHERE: readonly Check[] = [checkNode]
const HERE: readonly Check[] = [
  checkStateDirectory,
  checkConfiguration,
  checkSecrets,
  checkStore,
  checkCertificate,
  checkPort,
]
const OF_THE_GATEWAY: readonly Check[] = [checkGateway, checkClock, checkLimits, checkPairing]

export async function doctor(context: CommandContext): Promise<ExitCode> {
  const facts = await gatherFacts(context)
  const checks = [...EVERYWHERE, ...(facts.isHere ? HERE : []), ...OF_THE_GATEWAY]
  const findings = (await Promise.all(checks.map((check) => check(facts)))).flat()
  const worst = worstOf(findings)
  context.output.result({ ok: worst?.severity !== 'problem', worst: worst ?? null, findings }, (_, style) =>
    renderFindings(findings, style),
  )
  return worst?.severity === 'problem' ? EXIT.failed : EXIT.ok
}
