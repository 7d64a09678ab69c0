// `npm run bench:compare before.json after.json`: the same figures of two runs side by side. A change is only called
// one when the two runs' rounds do not overlap; everything else is noise, and is shown as such.
import { formatTable, formatValue } from './report.ts'
import { loadResult } from './result-file.ts'
import type { RunResult, TargetFigure } from './results.ts'

const USAGE = 'Usage: npm run bench:compare -- before.json after.json'

export type Change = 'better' | 'worse' | '~'

/** Every figure here is a cost, so lower is better. */
export function changeBetween(before: TargetFigure, after: TargetFigure): Change {
  if (after.max < before.min) return 'better'
  if (after.min > before.max) return 'worse'
  return '~'
}

export function formatComparison(before: RunResult, after: RunResult): string {
  const rows = [['', 'target', before.commit, after.commit, 'change', 'x floor', '', '']]
  for (const figure of after.figures) {
    const earlier = before.figures.find(
      ({ scenario, metric }) => scenario === figure.scenario && metric.key === figure.metric.key,
    )
    for (const [target, now] of Object.entries(figure.targets)) {
      const then = earlier?.targets[target]
      if (then === undefined) continue
      const values = [then, now].map(({ value }) => formatValue(value, figure.metric.unit))
      const ratios = `${formatRatio(then.ratio)} -> ${formatRatio(now.ratio)}`
      const percent = then.value === 0 ? '' : `${(((now.value - then.value) / then.value) * 100).toFixed(0)} %`
      const name = `${figure.scenario}: ${figure.metric.label}`
      rows.push([name, target, ...values, percent, ratios, changeBetween(then, now)])
    }
  }
  return [...differences(before, after), formatTable(rows)].join('\n')
}

/** Whatever makes the two runs not quite comparable, said before any figure. */
function differences(before: RunResult, after: RunResult): string[] {
  const facts = ({ machine, plan }: RunResult) => ({
    CPU: `${machine.cores} x ${machine.cpuModel}`,
    Node: machine.node,
    plan: plan.mode,
  })
  const now: Record<string, string> = facts(after)
  return Object.entries(facts(before)).flatMap(([name, then]) =>
    then === now[name] ? [] : [`note: ${name} differs: ${then}, then ${now[name]}; trust only the ratios`],
  )
}

function formatRatio(ratio: number | undefined): string {
  return ratio?.toFixed(2) ?? '-'
}

if (import.meta.main) {
  const [before, after] = process.argv.slice(2)
  if (before === undefined || after === undefined) {
    console.error(USAGE)
    process.exitCode = 1
  } else {
    console.log(formatComparison(loadResult(before), loadResult(after)))
  }
}
