// `breakwater probe`: tries every address there is and shows how far each attempt gets, how long each leg takes, and
// what the gateway says about the credential. For finding out why something does not connect.

import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { publicFailure } from '../../output/output.ts'
import { findTargets } from '../../target/connect.ts'
import { type ProbeReport, type PublicProbeReport, renderProbe } from './probe-report.ts'
import { probeTarget } from './probe-target.ts'

export async function probe(context: CommandContext): Promise<ExitCode> {
  const [first, second] = await findTargets(context, true)
  // One after the other: two handshakes at once would time each other.
  const { report, other } = await probeTarget(context, first, second)
  const reports = other === undefined ? [report] : [report, (await probeTarget(context, other)).report]
  const ok = reports.some((report) => report.ok)
  context.output.result({ ok, targets: reports.map(toPublic) }, renderProbe)
  return ok ? EXIT.ok : worstOf(reports)
}

const toPublic = ({ error, ...report }: ProbeReport): PublicProbeReport =>
  error === undefined ? report : { ...report, error: publicFailure(error) }

/** An answer, even a refusal, says more than silence. */
function worstOf(reports: readonly ProbeReport[]): ExitCode {
  const codes = reports.map(({ error }) => error?.exitCode ?? EXIT.failed)
  return codes.find((code) => code !== EXIT.unreachable) ?? EXIT.unreachable
}
