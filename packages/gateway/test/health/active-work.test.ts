import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ActiveWork } from '../../src/health/active-work.ts'
import { restartPreflight } from '../../src/rpc/methods/diagnostics.ts'

describe('a restart', () => {
  test('is safe when nothing runs', () => {
    const { safe, counts, blockers } = restartPreflight(new ActiveWork().counts())
    assert.deepEqual([safe, counts.totalActive, blockers], [true, 0, []])
  })

  test('names what it would interrupt', () => {
    const work = new ActiveWork()
    work.begin('cronRuns')
    work.begin('embeddedRuns')
    work.begin('embeddedRuns')
    const { safe, counts, blockers, summary } = restartPreflight(work.counts())
    assert.deepEqual([safe, counts.totalActive, counts.embeddedRuns], [false, 3, 2])
    assert.deepEqual(blockers, [
      { kind: 'embeddedRuns', count: 2, message: '2 agent runs' },
      { kind: 'cronRuns', count: 1, message: '1 cron runs' },
    ])
    assert.equal(summary, 'would interrupt 2 agent runs, 1 cron runs')
  })

  test('is safe again when the work is over, however often its end is told', () => {
    const work = new ActiveWork()
    const end = work.begin('activeTasks')
    work.begin('activeTasks')
    end()
    end()
    assert.equal(work.counts().activeTasks, 1)
  })
})
