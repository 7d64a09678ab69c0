// `breakwater why <device>`: why one device can or cannot connect. The first line names the cause, the second the command
// that helps; below it stands what that rests on.

import { foreignText } from '@breakwater/client'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { formatMs } from '../../output/quantity.ts'
import type { Style } from '../../output/style.ts'
import { renderFields } from '../../output/table.ts'
import { asksFor, nameOf, type PairedRow } from '../devices/device-rows.ts'
import { type Explanation, explain } from './explain.ts'
import { gatherWhy, type WhyFacts } from './why-facts.ts'

export async function why(context: CommandContext, text: string): Promise<ExitCode> {
  const facts = await gatherWhy(context, text)
  const explanation = explain(facts)
  context.output.result({ ...explanation, ...facts }, (_, style) => renderWhy(explanation, facts, style))
  return explanation.verdict === 'ok' ? EXIT.ok : EXIT.failed
}

export function renderWhy(explanation: Explanation, facts: WhyFacts, style: Style): string {
  const { verdict, message, nextCommand, nextStep } = explanation
  const paint = verdict === 'ok' ? style.good : verdict === 'blocked' ? style.bad : style.warning
  const next = nextCommand ?? nextStep
  const parts = [
    `${paint(`${message}.`)}\n`,
    next === undefined ? '' : `${style.strong('next:')} ${next}\n`,
    ...facts.paired.map((device) => `\n${deviceFields(device, facts)}`),
    history(facts, style),
  ]
  return parts.join('')
}

function deviceFields(device: PairedRow, facts: WhyFacts): string {
  const { deviceId, platform, approvedVia, approvedAtMs, lastSeenAtMs, connected, tokens = [] } = device
  const ago = (atMs: number | undefined): string | undefined =>
    atMs === undefined ? undefined : `${formatMs(Math.max(0, facts.nowMs - atMs))} ago`
  const tokenTexts = tokens.map(({ role, scopes, revokedAtMs, rotatedAtMs, lastUsedAtMs }) => {
    if (revokedAtMs !== undefined) return `${role}: revoked ${ago(revokedAtMs)}`
    const rotated = rotatedAtMs === undefined ? '' : `, rotated ${ago(rotatedAtMs)}`
    const used = lastUsedAtMs === undefined ? ', not used yet' : `, used ${ago(lastUsedAtMs)}`
    return `${role}: ${scopes.length === 0 ? 'good' : scopes.join(' ')}${rotated}${used}`
  })
  return renderFields([
    ['device', deviceId],
    ['name', nameOf(device)],
    ['platform', foreignText(platform ?? '')],
    ['may', asksFor(device)],
    [
      'approved',
      [ago(approvedAtMs), approvedVia && `by ${approvedVia}`].filter((part) => part !== undefined).join(' '),
    ],
    ['seen', connected === true ? 'connected now' : (ago(lastSeenAtMs) ?? 'never')],
    ...tokenTexts.map((text, index) => [index === 0 ? 'tokens' : '', text] as const),
  ])
}

interface Step {
  readonly atMs: number
  readonly text: string
}

/** Attempts, ends of connections and lines of the log as one story, oldest first. */
function history({ attempts, ended, mentions, nowMs }: WhyFacts, style: Style): string {
  const steps: Step[] = [
    ...attempts.map(({ lastAtMs, cause, role, client, remoteIp, count, isProven }) => ({
      atMs: lastAtMs,
      text: `${cause === 'admitted' ? 'let in' : `refused: ${cause}`} as ${role} (${client}${remoteIp === undefined ? '' : `, ${remoteIp}`})${count === 1 ? '' : `, ${count} times`}${isProven ? '' : ', not proven to be this device'}`,
    })),
    ...ended
      .filter(({ handshake }) => handshake === 'ok')
      .map(({ ts, code, reason, durationMs }) => ({
        atMs: ts,
        text: `left after ${formatMs(durationMs)}: ${code ?? 'no code'} ${reason}`,
      })),
    ...mentions
      .filter(({ fields }) => attempts.length === 0 || fields.handshake !== 'failed')
      .map(({ atMs, message, fields }) => ({
        atMs,
        text: `${message}${fields.cause === undefined ? '' : ` (${fields.cause})`}`,
      })),
  ]
  if (steps.length === 0) return ''
  const lines = steps
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-KEPT_STEPS)
    .map(
      ({ atMs, text }) =>
        `  ${style.quiet(`${formatMs(Math.max(0, nowMs - atMs))} ago`.padEnd(16))} ${foreignText(text)}\n`,
    )
  return `\nWhat happened, newest last:\n${lines.join('')}`
}

const KEPT_STEPS = 20
