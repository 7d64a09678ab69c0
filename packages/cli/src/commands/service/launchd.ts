// The gateway as an agent or daemon of launchd.

import { join } from 'node:path'
import { launchdLabel, launchdPlist } from './launchd-plist.ts'
import { insist, NOT_FOUND } from './run-tool.ts'
import type { CreateManager } from './service-manager.ts'

export const createLaunchd: CreateManager = ({ run, exists, uid }, spec) => {
  const { name, isSystem, homeDir, stateDir } = spec
  const label = launchdLabel(name)
  const domain = isSystem ? 'system' : `gui/${uid}`
  const target = `${domain}/${label}`
  const path = isSystem
    ? `/Library/LaunchDaemons/${label}.plist`
    : join(homeDir, 'Library/LaunchAgents', `${label}.plist`)
  const call = (...args: string[]) => insist(run, 'launchctl', ...args)
  const isLoaded = async (): Promise<boolean> => (await run('launchctl', 'print', target)).code === 0
  return {
    name: 'launchd',
    definition: () => ({ path, text: launchdPlist(spec), encoding: 'utf8' }),
    unavailable: async () =>
      (await run('launchctl', 'version')).code === NOT_FOUND ? 'launchctl is not installed' : undefined,
    enable: async () => {
      if (await isLoaded()) await call('bootout', target)
      await call('enable', target)
      await call('bootstrap', domain, path)
    },
    disable: async () => {
      if (await isLoaded()) await call('bootout', target)
    },
    start: async () => void (await call(...((await isLoaded()) ? ['kickstart', target] : ['bootstrap', domain, path]))),
    // Only a service that is not loaded stays stopped.
    stop: async () => {
      if (await isLoaded()) await call('bootout', target)
    },
    restart: async () =>
      void (await call(...((await isLoaded()) ? ['kickstart', '-k', target] : ['bootstrap', domain, path]))),
    state: async () => {
      const { code, out } = await run('launchctl', 'print', target)
      const pid = Number(/^\s*pid = (\d+)$/m.exec(out)?.[1] ?? 0)
      return {
        isInstalled: exists(path),
        isRunning: pid > 0,
        isEnabled: code === 0,
        ...(pid > 0 ? { pid } : {}),
        detail: code === 0 ? (/^\s*state = (.+)$/m.exec(out)?.[1] ?? 'loaded') : 'not loaded',
      }
    },
    logCommand: `cat ${stateDir}/service-errors.log`,
    afterInstall: undefined,
  }
}
