// Which tasks a list shows. Pure; a page's cursor is the id of its last task.

import type { TasksListParams, TasksListResult } from '@openclaw/gateway-protocol'
import { limitOf } from '../page.ts'
import type { Task } from './task-directory.ts'

const LIMIT = { byDefault: 100, atMost: 500 }

export function selectTasks(tasks: readonly Task[], params: TasksListParams): TasksListResult {
  const { status, agentId, sessionKey, limit, cursor } = params
  const statuses = status === undefined ? undefined : [status].flat()
  const selected = tasks.filter(
    (task) =>
      (statuses === undefined || statuses.length === 0 || statuses.includes(task.status)) &&
      (agentId === undefined || task.agentId === agentId) &&
      (sessionKey === undefined || task.sessionKey === sessionKey || task.childSessionKey === sessionKey),
  )
  const start = cursor === undefined ? 0 : selected.findIndex(({ id }) => id === cursor) + 1
  if (cursor !== undefined && start === 0) return { tasks: [] }
  const page = selected.slice(start, start + limitOf(limit, LIMIT))
  const last = page.at(-1)
  const hasMore = last !== undefined && start + page.length < selected.length
  return { tasks: page, ...(hasMore ? { nextCursor: last.id } : {}) }
}
