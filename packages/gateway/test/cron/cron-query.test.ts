import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CronJob, CronListParams, CronRunLogEntry, CronRunsParams } from '@openclaw/gateway-protocol'
import { selectJobs, selectRuns, snapshotRevision } from '../../src/cron/cron-query.ts'

const job = (id: string, changes: Partial<CronJob> = {}): CronJob => ({
  id,
  name: `job ${id}`,
  enabled: true,
  createdAtMs: 1,
  updatedAtMs: 1,
  schedule: { kind: 'every', everyMs: 60_000 },
  sessionTarget: 'main',
  wakeMode: 'now',
  payload: { kind: 'systemEvent', text: 'x' },
  state: {},
  ...changes,
})

const JOBS = [
  job('c', { nextRunAtMs: 300, updatedAtMs: 1 }),
  job('a', { nextRunAtMs: 100, updatedAtMs: 3, agentId: 'ops', lastRunStatus: 'error' }),
  job('off', { enabled: false, nextRunAtMs: 50 }),
  job('never', { schedule: { kind: 'cron', expr: '0 3 * * *' }, description: 'Nightly' }),
]

const ids = (params: CronListParams): string[] => selectJobs(JOBS, params).map(({ id }) => id)

describe('the list of jobs', () => {
  const cases: readonly (readonly [string, CronListParams, readonly string[]])[] = [
    ['leaves out disabled ones, soonest first, never-due last', {}, ['a', 'c', 'never']],
    ['with disabled ones', { includeDisabled: true }, ['off', 'a', 'c', 'never']],
    ['of disabled ones only', { enabled: 'disabled' }, ['off']],
    [
      'of enabled ones, although disabled ones are included',
      { includeDisabled: true, enabled: 'enabled' },
      ['a', 'c', 'never'],
    ],
    ['latest first, never-due still last', { sortDir: 'desc' }, ['c', 'a', 'never']],
    ['by name', { sortBy: 'name', sortDir: 'desc' }, ['never', 'c', 'a']],
    ['by last change', { sortBy: 'updatedAtMs', sortDir: 'desc' }, ['a', 'c', 'never']],
    ['of one agent', { agentId: 'ops' }, ['a']],
    ['of one kind of schedule', { scheduleKind: 'cron' }, ['never']],
    ['of jobs that failed', { lastRunStatus: 'error' }, ['a']],
    ['of jobs that never ran', { lastRunStatus: 'unknown' }, ['c', 'never']],
    ['with a condition', { trigger: 'conditional' }, []],
    ['searched', { query: 'nightly' }, ['never']],
  ]
  for (const [title, params, expected] of cases) {
    test(title, () => assert.deepEqual(ids(params), expected))
  }

  test('has another revision when a job changes', () => {
    const before = snapshotRevision(JOBS)
    assert.match(before, /^sha256:[\w-]{43}$/)
    assert.equal(snapshotRevision(JOBS), before)
    assert.notEqual(snapshotRevision(JOBS.with(0, job('c', { updatedAtMs: 2 }))), before)
  })
})

describe('the list of runs', () => {
  const run = (ts: number, changes: Partial<CronRunLogEntry> = {}): CronRunLogEntry => ({
    ts,
    jobId: 'a',
    action: 'finished',
    ...changes,
  })
  const RUNS = [
    run(3, { status: 'ok', deliveryStatus: 'delivered', runId: 'r3' }),
    run(2, { status: 'error', error: 'Disk full' }),
    run(1, { jobId: 'b', status: 'skipped' }),
  ]
  const times = (params: CronRunsParams, jobId?: string): number[] =>
    selectRuns(RUNS, params, jobId).map(({ ts }) => ts)

  const cases: readonly (readonly [string, CronRunsParams, readonly number[]])[] = [
    ['is newest first', {}, [3, 2, 1]],
    ['is turned around', { sortDir: 'asc' }, [1, 2, 3]],
    ['of one status', { status: 'error' }, [2]],
    ['of any status', { status: 'all' }, [3, 2, 1]],
    ['of several statuses', { statuses: ['ok', 'skipped'] }, [3, 1]],
    ['of what was delivered', { deliveryStatus: 'delivered' }, [3]],
    ['of one run', { runId: 'r3' }, [3]],
    ['searched', { query: 'disk' }, [2]],
  ]
  for (const [title, params, expected] of cases) {
    test(title, () => assert.deepEqual(times(params), expected))
  }

  test('is of one job when it is named', () => assert.deepEqual(times({}, 'b'), [1]))
})
