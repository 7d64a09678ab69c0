// The gateway as a scheduled task of Windows.

import { join } from 'node:path'
import { insist, NOT_FOUND } from './run-tool.ts'
import type { CreateManager } from './service-manager.ts'
import { windowsTask } from './windows-task.ts'

export const createTaskScheduler: CreateManager = ({ run, exists }, spec) => {
  const { name, stateDir } = spec
  const path = join(stateDir, `${name}.task.xml`)
  const call = (...args: string[]) => insist(run, 'schtasks', ...args)
  return {
    name: 'Task Scheduler',
    definition: () => ({ path, text: windowsTask(spec), encoding: 'utf16le' }),
    unavailable: async () =>
      (await run('schtasks', '/?')).code === NOT_FOUND ? 'schtasks is not installed' : undefined,
    enable: async () => {
      await call('/Create', '/TN', name, '/XML', path, '/F')
      await call('/Run', '/TN', name)
    },
    disable: async () => {
      await run('schtasks', '/End', '/TN', name)
      await call('/Delete', '/TN', name, '/F')
    },
    start: async () => void (await call('/Run', '/TN', name)),
    stop: async () => void (await call('/End', '/TN', name)),
    restart: async () => {
      await run('schtasks', '/End', '/TN', name)
      await call('/Run', '/TN', name)
    },
    state: async () => {
      const { code, out } = await run('schtasks', '/Query', '/TN', name, '/FO', 'CSV', '/NH')
      const status = /"([^"]*)"\s*$/m.exec(out)?.[1] ?? 'unknown'
      return {
        isInstalled: code === 0 || exists(path),
        isRunning: status === 'Running',
        isEnabled: code === 0,
        detail: code === 0 ? status : 'not installed',
      }
    },
    logCommand: 'breakwater logs',
    afterInstall: undefined,
  }
}
