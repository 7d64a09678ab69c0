// Which cron jobs exist and what their runs came to. Today none; the scheduler replaces the inside, the methods stay.

import type { CronJob, CronRunLogEntry } from '@openclaw/gateway-protocol'

export interface CronDirectory {
  /** Whether due jobs are started at all. */
  readonly isEnabled: boolean
  /** Where jobs are kept, for people. */
  readonly storePath: string
  jobs(): readonly CronJob[]
  get(jobId: string): CronJob | undefined
  /** Finished runs of every job, newest first. */
  runs(): readonly CronRunLogEntry[]
}

export interface CronContents {
  readonly storePath: string
  readonly jobs?: readonly CronJob[]
  readonly runs?: readonly CronRunLogEntry[]
}

export class MemoryCronDirectory implements CronDirectory {
  readonly isEnabled = true
  readonly storePath: string
  readonly #jobs: readonly CronJob[]
  readonly #runs: readonly CronRunLogEntry[]

  constructor({ storePath, jobs = [], runs = [] }: CronContents) {
    this.storePath = storePath
    this.#jobs = jobs
    this.#runs = runs
  }

  jobs(): readonly CronJob[] {
    return this.#jobs
  }

  get(jobId: string): CronJob | undefined {
    return this.#jobs.find(({ id }) => id === jobId)
  }

  runs(): readonly CronRunLogEntry[] {
    return this.#runs
  }
}
