// The configuration of the running gateway: the last good one in effect, the newest verdict on the file, and who wants
// to know. Knows neither files nor clocks: loads are handed in, by a watcher or by a write of its own.

import type { Logger } from '../observe/logger.ts'
import { formatIssue } from './config-issue.ts'
import type { ConfigEdit } from './edit-config.ts'
import { isSameJson } from './json-value.ts'
import type { LoadOptions, LoadResult, ValidLoad } from './load-config.ts'
import { isEmptyPlan, keepProcessLeaves, planReload, type ReloadPlan } from './plan-reload.ts'
import type { ResolvedConfig } from './schema.ts'
import type { WriteOptions, WriteResult } from './write-config.ts'

/** Writes waiting for their turn; callers beyond it are told to come back. */
export const MAX_WAITING_WRITES = 32

export interface LiveConfigComponents {
  readonly load: (options: Pick<LoadOptions, 'rootText' | 'isRequired'>) => Promise<LoadResult>
  readonly log: Logger
  /** Puts text in the file's place, durably. Default: `replaceFile`. */
  readonly write?: (path: string, text: string) => Promise<void>
}

export interface ConfigChange {
  readonly plan: ReloadPlan
  readonly previous: ResolvedConfig
  /** What is in effect from now on; leaves that need a restart still have their old value. */
  readonly current: ResolvedConfig
}

export type ChangeListener = (change: ConfigChange) => void
/** Told about every load whose file text differs from the one before, valid or not. */
export type FileListener = (load: LoadResult) => void

export class LiveConfig {
  readonly #components: LiveConfigComponents
  readonly #started: ResolvedConfig
  readonly #changeListeners = new Set<ChangeListener>()
  readonly #fileListeners = new Set<FileListener>()
  #current: ResolvedConfig
  #latest: LoadResult
  #hadFile: boolean
  #pendingRestart: readonly string[] = []
  #lastWrite: Promise<unknown> = Promise.resolve()
  #waitingWrites = 0

  constructor(components: LiveConfigComponents, initial: ValidLoad) {
    this.#components = components
    this.#started = initial.config
    this.#current = initial.config
    this.#latest = initial
    this.#hadFile = initial.exists
  }

  /** The configuration in effect. Read it each time; do not keep it. */
  get current(): ResolvedConfig {
    return this.#current
  }

  /** What the file says now, even if it is invalid and not in effect. */
  get latest(): LoadResult {
    return this.#latest
  }

  /** Leaves whose new value waits for a restart. */
  get pendingRestart(): readonly string[] {
    return this.#pendingRestart
  }

  /** Returns how to stop listening. */
  onChange(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  onFileChange(listener: FileListener): () => void {
    this.#fileListeners.add(listener)
    return () => this.#fileListeners.delete(listener)
  }

  /** Loads the file. Once there was one, its absence is an issue rather than a silent return to the defaults. */
  readonly load = (options: Pick<LoadOptions, 'rootText'> = {}): Promise<LoadResult> =>
    this.#components.load({ ...options, isRequired: this.#hadFile })

  /** Takes a load into effect if it is valid, else keeps the last good configuration and says what is wrong. */
  readonly accept = (load: LoadResult): void => {
    const isNewText = load.hash !== this.#latest.hash || load.exists !== this.#latest.exists
    const isNewAdvice = !isSameJson(load.warnings, this.#latest.warnings)
    this.#latest = load
    this.#hadFile ||= load.exists
    if (!load.valid)
      this.#components.log.warn('configuration invalid; the last good one stays in effect', describe(load))
    else if (isNewAdvice) this.#components.log.warn('configuration has warnings', describe(load))
    if (load.valid) this.#apply(load)
    if (isNewText) this.#tell(this.#fileListeners, load)
  }

  /**
   * Changes the file and takes the result into effect before it resolves. Writes are done one after the other;
   * a refusal leaves the file untouched. Rejects only when the disk fails.
   */
  async edit(edit: ConfigEdit, options: Omit<WriteOptions, 'effective'> = {}): Promise<WriteResult | 'busy'> {
    if (this.#waitingWrites >= MAX_WAITING_WRITES) return 'busy'
    this.#waitingWrites += 1
    const turn = this.#lastWrite
      .then(() => this.#write(edit, options))
      .finally(() => {
        this.#waitingWrites -= 1
      })
    // The next write waits for this one, but does not share its failure.
    this.#lastWrite = turn.catch(() => undefined)
    return turn
  }

  async #write(edit: ConfigEdit, options: WriteOptions): Promise<WriteResult> {
    const { writeConfig } = await import('./write-config.ts')
    const write = this.#components.write ?? (await import('./replace-file.ts')).replaceFile
    const result = await writeConfig({ load: this.load, write }, edit, { ...options, effective: this.#current })
    if (result.ok || result.load.hash !== this.#latest.hash) this.accept(result.load)
    return result
  }

  #apply(load: ValidLoad): void {
    const previous = this.#current
    this.#pendingRestart = planReload(this.#started, load.config).process
    this.#current = keepProcessLeaves(this.#started, load.config)
    const plan = planReload(previous, load.config)
    if (isEmptyPlan(plan)) return
    this.#components.log.info('configuration changed', describePlan(plan))
    this.#tell(this.#changeListeners, { plan, previous, current: this.#current })
  }

  /** One listener's fault must not keep the others from the news. */
  #tell<T>(listeners: ReadonlySet<(news: T) => void>, news: T): void {
    for (const listener of listeners) {
      try {
        listener(news)
      } catch (error) {
        this.#components.log.error('a listener of configuration changes failed', { error: String(error) })
      }
    }
  }
}

const describe = ({ configPath, issues, warnings }: LoadResult) => ({
  path: configPath,
  issues: issues.map(formatIssue),
  warnings: warnings.map(formatIssue),
})

const describePlan = ({ live, components, process }: ReloadPlan) => ({
  live,
  components: Object.fromEntries(components),
  needsRestart: process,
})
