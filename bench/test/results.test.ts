import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeBetween } from '../compare.ts'
import { planFor } from '../plan.ts'
import { judge, toFigures } from '../results.ts'
import type { Metric, Sample, Scenario } from '../scenarios/scenario.ts'

function figuresOf(metric: Metric, samples: Record<string, Sample[]>) {
  const scenario: Scenario = {
    name: 'made-up',
    title: 'Made up',
    serverLives: 'round',
    metrics: () => [metric],
    rounds: () => 3,
    measure: async () => ({}),
  }
  const [figure] = toFigures(scenario, planFor('quick'), { samples: new Map(Object.entries(samples)), failures: [] })
  assert.ok(figure)
  return figure
}

const rounds = (...values: number[]) => values.map((x) => ({ x }))
const costs: Metric = { key: 'x', label: 'costs', unit: 'ms', limits: [{ maxRatio: 2 }] }

test('a figure is the median of its rounds and is judged by its ratio to the floor', () => {
  const figure = figuresOf(costs, { floor: rounds(1, 1, 1), ours: rounds(9, 2, 1.5), slow: rounds(3, 3, 3) })
  assert.equal(figure.targets.ours?.value, 2)
  assert.equal(figure.targets.ours?.ratio, 2)
  assert.deepEqual(figure.verdicts, { ours: 'ok', slow: 'over' })
})

test('a figure summed up by its worst round hides no bad round', () => {
  const failures: Metric = { key: 'x', label: 'failures', unit: '', summary: 'worst', limits: [{ maxValue: 0 }] }
  const figure = figuresOf(failures, { ours: rounds(0, 0, 1) })
  assert.equal(figure.targets.ours?.value, 1)
  assert.deepEqual(figure.verdicts, { ours: 'over' })
})

test('a limit with nothing to hold against it is unknown, not kept', () => {
  assert.deepEqual(figuresOf(costs, { ours: rounds(1) }).verdicts, { ours: 'unknown' })
  assert.deepEqual(figuresOf(costs, { floor: rounds(1), ours: [{ x: undefined }] }).verdicts, { ours: 'unknown' })
})

test('every one of several limits must hold', () => {
  const limits = [{ maxValue: 10 }, { maxRatio: 2 }]
  assert.equal(judge(limits, { value: 10, ratio: 2 }), 'ok')
  assert.equal(judge(limits, { value: 11, ratio: 2 }), 'over')
  assert.equal(judge(limits, { value: 10, ratio: 2.1 }), 'over')
})

test('overlapping rounds of two runs are noise, separate ones a change', () => {
  const figure = (min: number, max: number) => ({ rounds: [min, max], value: (min + max) / 2, min, max })
  assert.equal(changeBetween(figure(1, 3), figure(2, 4)), '~')
  assert.equal(changeBetween(figure(1, 2), figure(3, 4)), 'worse')
  assert.equal(changeBetween(figure(3, 4), figure(1, 2)), 'better')
})
