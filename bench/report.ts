// The table a person reads: one block per scenario, one column per target, ratio and verdict for all but the floor.
import type { Figure, RunResult } from './results.ts'
import type { Limit } from './scenarios/scenario.ts'
import { FLOOR } from './targets.ts'

type Row = readonly string[]

const ABSENT = '-'

export function formatReport(result: RunResult): string {
  const { machine, plan, targets } = result
  const rows: Row[] = [headerOf(targets)]
  let scenario = ''
  for (const figure of result.figures) {
    if (figure.scenario !== scenario) rows.push([], [`${figure.title} (${figure.scenario})`])
    scenario = figure.scenario
    rows.push(rowOf(figure, targets))
  }
  const failures = result.failures.map(({ scenario, target, message }) => `FAILED ${scenario} on ${target}: ${message}`)
  return [
    `commit ${result.commit}${result.dirty ? '+changes' : ''}, ${plan.mode} plan, seed ${result.seed}`,
    `${machine.cpuModel}, ${machine.cores} cores, Node ${machine.node}, load average ${machine.loadAverage.toFixed(2)}`,
    '',
    formatTable(rows),
    '',
    ...failures,
    `took ${(result.tookMs / 1_000).toFixed(0)} s`,
  ].join('\n')
}

/** Left-aligned first column, right-aligned others; rows of one cell are headings and may be of any length. */
export function formatTable(rows: readonly Row[]): string {
  const widths: number[] = []
  for (const row of rows.filter(({ length }) => length > 1)) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => (row.length > 1 ? row.map(pad).join('  ') : (row[0] ?? '')).trimEnd()).join('\n')
}

/** Three significant digits, never in exponent form. */
export function formatValue(value: number, unit: string): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits)} ${unit}`.trimEnd()
}

function headerOf(targets: readonly string[]): Row {
  return ['', ...targets.flatMap((name) => (name === FLOOR ? [name] : [name, 'x floor', ''])), 'limit']
}

function rowOf({ metric, targets: figures, verdicts }: Figure, targets: readonly string[]): Row {
  const cells = targets.flatMap((name) => {
    const figure = figures[name]
    const value = figure ? formatValue(figure.value, metric.unit) : ABSENT
    return name === FLOOR ? [value] : [value, figure?.ratio?.toFixed(2) ?? ABSENT, verdicts[name] ?? '']
  })
  return [
    `  ${metric.label}`,
    ...cells,
    (metric.limits ?? []).map((limit) => formatLimit(limit, metric.unit)).join(', '),
  ]
}

function formatLimit(limit: Limit, unit: string): string {
  return 'maxRatio' in limit ? `<= ${limit.maxRatio} x floor` : `<= ${formatValue(limit.maxValue, unit)}`
}
