// Background work that outlives the call that started it. Today none; the agent runtime replaces the inside.

import type { TasksListResult } from '@openclaw/gateway-protocol'

export type Task = TasksListResult['tasks'][number]

export interface TaskDirectory {
  /** Newest first. */
  list(): readonly Task[]
}

export class MemoryTaskDirectory implements TaskDirectory {
  readonly #tasks: readonly Task[]

  constructor(tasks: readonly Task[] = []) {
    this.#tasks = tasks
  }

  list(): readonly Task[] {
    return this.#tasks
  }
}
