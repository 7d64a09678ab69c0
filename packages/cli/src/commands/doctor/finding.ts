// What a check found: how bad it is, in one sentence, and what to do about it. The order of the checks is that of cause
// and effect, so among equals the first one is the one to act on. Pure.

import type { Style } from '../../output/style.ts'

/** `problem`: something does not work. `warning`: it works and is not as it should be. `note`: worth knowing. */
export type Severity = 'problem' | 'warning' | 'note' | 'ok'

export interface Finding {
  readonly check: string
  readonly severity: Severity
  readonly message: string
  /** The exact command that helps. */
  readonly nextCommand?: string
  /** What helps when no single command does. */
  readonly nextStep?: string
}

const RANK: Readonly<Record<Severity, number>> = { problem: 0, warning: 1, note: 2, ok: 3 }

/** The one to act on first; undefined when all is as it should be. */
export function worstOf(findings: readonly Finding[]): Finding | undefined {
  const [worst] = findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity])
  return worst === undefined || RANK[worst.severity] > RANK.warning ? undefined : worst
}

export function renderFindings(findings: readonly Finding[], style: Style): string {
  const worst = worstOf(findings)
  const verdict =
    worst === undefined ? style.good('All is well.') : paint(worst, style)(`${worst.severity}: ${worst.message}`)
  const next = worst === undefined ? findings.find((finding) => nextOf(finding) !== undefined) : worst
  const width = Math.max(...findings.map(({ check }) => check.length))
  const lines = findings.map((finding) => {
    const mark = paint(finding, style)(MARKS[finding.severity])
    const step = finding === worst ? undefined : nextOf(finding)
    const indent = ' '.repeat(MARKS.ok.length + width + 6)
    return `  ${mark}  ${finding.check.padEnd(width)}  ${finding.message}\n${step === undefined ? '' : `${indent}-> ${step}\n`}`
  })
  const first = next === undefined ? undefined : nextOf(next)
  return `${verdict}\n${first === undefined ? '' : `${style.strong('next:')} ${first}\n`}\n${lines.join('')}`
}

const MARKS: Readonly<Record<Severity, string>> = { problem: 'fail', warning: 'warn', note: 'note', ok: 'ok  ' }

const nextOf = ({ nextCommand, nextStep }: Finding): string | undefined => nextCommand ?? nextStep

function paint({ severity }: Finding, style: Style): (text: string) => string {
  if (severity === 'problem') return style.bad
  if (severity === 'warning') return style.warning
  return severity === 'ok' ? style.good : style.quiet
}
