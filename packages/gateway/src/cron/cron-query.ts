// Which jobs and runs a list shows, and in which order. Pure; the wire's filters over what the directory holds.

import { createHash } from 'node:crypto'
import type { CronJob, CronListParams, CronRunLogEntry, CronRunsParams } from '@openclaw/gateway-protocol'
import { matchesText } from '../page.ts'

/** Disabled jobs are left out unless the caller asks for them one way or the other. */
export function selectJobs(jobs: readonly CronJob[], params: CronListParams): CronJob[] {
  const { includeDisabled = false, enabled = includeDisabled ? 'all' : 'enabled', query, agentId } = params
  const { scheduleKind = 'all', lastRunStatus = 'all', trigger = 'all' } = params
  const selected = jobs.filter(
    (job) =>
      (enabled === 'all' || job.enabled === (enabled === 'enabled')) &&
      (agentId === undefined || job.agentId === agentId) &&
      (scheduleKind === 'all' || job.schedule.kind === scheduleKind) &&
      (lastRunStatus === 'all' || (job.lastRunStatus ?? 'unknown') === lastRunStatus) &&
      (trigger === 'all' || (job.trigger !== undefined) === (trigger === 'conditional')) &&
      matchesText(query, [job.name, job.displayName, job.description, job.id, job.agentId]),
  )
  return selected.sort(jobOrder(params))
}

/** Jobs without a next run come last, whichever way the list is sorted. */
function jobOrder({ sortBy = 'nextRunAtMs', sortDir = 'asc' }: CronListParams): (a: CronJob, b: CronJob) => number {
  const sign = sortDir === 'desc' ? -1 : 1
  return (a, b) => {
    if (sortBy === 'name') return sign * a.name.localeCompare(b.name) || byId(a, b)
    const [left, right] = [a[sortBy], b[sortBy]]
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined) || byId(a, b)
    }
    return sign * (left - right) || byId(a, b)
  }
}

const byId = (a: CronJob, b: CronJob): number => (a.id < b.id ? -1 : 1)

/** Runs newest first; `desc` is the default, `asc` turns the list around. */
export function selectRuns(
  runs: readonly CronRunLogEntry[],
  params: CronRunsParams,
  jobId?: string,
): CronRunLogEntry[] {
  const statuses = listOf(params.statuses, params.status === 'all' ? undefined : params.status)
  const deliveries = listOf(params.deliveryStatuses, params.deliveryStatus)
  const selected = runs.filter(
    (run) =>
      (jobId === undefined || run.jobId === jobId) &&
      (params.runId === undefined || run.runId === params.runId) &&
      (statuses === undefined || (run.status !== undefined && statuses.includes(run.status))) &&
      (deliveries === undefined || (run.deliveryStatus !== undefined && deliveries.includes(run.deliveryStatus))) &&
      matchesText(params.query, [run.jobName, run.summary, run.error, run.jobId]),
  )
  return params.sortDir === 'asc' ? selected.reverse() : selected
}

const listOf = <Item>(list: readonly Item[] | undefined, single: Item | undefined): readonly Item[] | undefined =>
  list !== undefined && list.length > 0 ? list : single === undefined ? undefined : [single]

/** Changes whenever a job of the snapshot does: clients compare it between pages. */
export const snapshotRevision = (jobs: readonly CronJob[]): string => {
  const facts = jobs.map(({ id, configRevision, updatedAtMs, state }) => [id, configRevision, updatedAtMs, state])
  return `sha256:${createHash('sha256').update(JSON.stringify(facts)).digest('base64url')}`
}
