// `breakwater health`: one round trip that says whether the gateway works.

import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { formatMs, formatShare } from '../../output/quantity.ts'
import type { Style } from '../../output/style.ts'
import { renderFields } from '../../output/table.ts'
import { withSession } from '../../target/connect.ts'

/** What this command reads of the gateway's answer; everything else is passed on as it came. */
export interface HealthAnswer {
  readonly ok: boolean
  readonly eventLoop?: LoopFigures
  readonly agents?: readonly { readonly agentId: string }[]
  readonly sessions?: { readonly count: number }
  readonly channelOrder?: readonly string[]
}

export interface LoopFigures {
  readonly degraded: boolean
  readonly reasons?: readonly string[]
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly utilization: number
}

export interface HealthReport {
  readonly ok: boolean
  readonly url: string
  readonly version: string
  readonly connectMs: number
  readonly requestMs: number
  /** The gateway's own answer. */
  readonly health: HealthAnswer
}

export async function health(context: CommandContext): Promise<ExitCode> {
  const report = await withSession(context, { scopes: [] }, async ({ connection, target, connectMs }) => {
    const askedAt = performance.now()
    const answer = (await connection.call('health')) as HealthAnswer
    return {
      ok: answer.ok === true,
      url: target.url,
      version: connection.hello.server.version,
      connectMs: Math.round(connectMs),
      requestMs: Math.round(performance.now() - askedAt),
      health: answer,
    }
  })
  context.output.result(report, renderHealth)
  return report.ok ? EXIT.ok : EXIT.notReady
}

export function renderHealth({ ok, version, connectMs, requestMs, health }: HealthReport, style: Style): string {
  const verdict = ok ? style.good('healthy') : style.bad('not healthy')
  const next = ok ? '' : `${style.strong('next:')} breakwater status\n`
  const fields = renderFields([
    ['event loop', health.eventLoop === undefined ? undefined : loopText(health.eventLoop, style)],
    ['agents', health.agents?.map(({ agentId }) => agentId).join(', ')],
    ['sessions', health.sessions?.count],
    ['channels', health.channelOrder?.join(', ') || 'none'],
    ['answered', `connected in ${formatMs(connectMs)}, answered in ${formatMs(requestMs)}`],
  ])
  return `The gateway (${version}) is ${verdict}.\n${next}${fields}`
}

export function loopText(
  { degraded, reasons, delayP99Ms, delayMaxMs, utilization }: LoopFigures,
  style: Style,
): string {
  const figures = `delay p99 ${formatMs(delayP99Ms)}, longest ${formatMs(delayMaxMs)}, busy ${formatShare(utilization)}`
  return degraded ? `${style.warning('slow')}: ${figures} (${(reasons ?? []).join(', ')})` : figures
}
