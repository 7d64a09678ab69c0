// Methods that read cron jobs and their runs.

import type { CronGetParams, CronJob, CronListParams, CronRunsParams } from '@openclaw/gateway-protocol'
import type { CronDirectory } from '../../cron/cron-directory.ts'
import { selectJobs, selectRuns, snapshotRevision } from '../../cron/cron-query.ts'
import { limitOf, pageOf } from '../../page.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'
import { cronJobNotFound } from '../refusals.ts'

export interface CronMethodComponents {
  readonly cron: CronDirectory
}

const LIMIT = { byDefault: 50, atMost: 200 }

export const cronMethods = ({ cron }: CronMethodComponents): MethodDefinition[] => [
  defineMethod('cron.status', () => ({
    enabled: cron.isEnabled,
    triggersEnabled: cron.isEnabled,
    storePath: cron.storePath,
    storage: 'sqlite',
    jobs: cron.jobs().length,
    nextWakeAtMs: nextWakeAtMs(cron.jobs()),
  })),
  defineMethod<CronListParams>('cron.list', (params) => listJobs(cron, params)),
  defineMethod<CronGetParams>('cron.get', (params) => requireJob(cron, idOf(params) ?? '')),
  defineMethod<CronRunsParams>('cron.runs', (params) => listRuns(cron, params)),
]

function listJobs(cron: CronDirectory, params: CronListParams) {
  const selected = selectJobs(cron.jobs(), params)
  // Without a limit the whole list is asked for.
  const limit = limitOf(params.limit, { ...LIMIT, byDefault: selected.length || LIMIT.byDefault })
  const { items, ...page } = pageOf(selected, { limit, offset: params.offset ?? 0 })
  const deliveryPreviews = Object.fromEntries(items.map((job) => [job.id, previewDelivery(job)]))
  return { jobs: items, snapshotRevision: snapshotRevision(cron.jobs()), ...page, deliveryPreviews }
}

function listRuns(cron: CronDirectory, params: CronRunsParams) {
  const jobId = params.scope === 'all' ? undefined : idOf(params)
  if (jobId !== undefined) requireJob(cron, jobId)
  const selected = selectRuns(cron.runs(), params, jobId)
  const { items, ...page } = pageOf(selected, { limit: limitOf(params.limit, LIMIT), offset: params.offset ?? 0 })
  return { entries: items, ...page }
}

function requireJob(cron: CronDirectory, jobId: string): CronJob {
  const job = cron.get(jobId)
  if (job === undefined) throw cronJobNotFound(jobId)
  return job
}

const idOf = (params: object): string | undefined => {
  const { id, jobId } = params as { id?: string; jobId?: string }
  return id ?? jobId
}

const nextWakeAtMs = (jobs: readonly CronJob[]): number | null => {
  const times = jobs.flatMap(({ enabled, nextRunAtMs }) => (enabled && nextRunAtMs !== undefined ? [nextRunAtMs] : []))
  return times.length === 0 ? null : Math.min(...times)
}

/** Where a job's result goes, for people. */
function previewDelivery({ delivery }: CronJob): { label: string; detail: string } {
  if (delivery === undefined || delivery.mode === 'none') return { label: 'not requested', detail: 'not requested' }
  if (delivery.mode === 'webhook') return { label: 'webhook', detail: delivery.to }
  return { label: delivery.channel ?? 'last', detail: delivery.to ?? 'wherever the last message came from' }
}
