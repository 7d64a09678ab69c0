// The gateway as a service of systemd.

import { join } from 'node:path'
import { insist, NOT_FOUND } from './run-tool.ts'
import type { CreateManager, ServiceState } from './service-manager.ts'
import { systemdUnit } from './systemd-unit.ts'

/** States in which a manager takes requests. */
const AWAKE: ReadonlySet<string> = new Set(['running', 'degraded', 'starting', 'initializing', 'maintenance'])

export const createSystemd: CreateManager = ({ run, exists, configHome }, spec) => {
  const { name, isSystem, user } = spec
  const unit = `${name}.service`
  const scope = isSystem ? [] : ['--user']
  const path = isSystem ? join('/etc/systemd/system', unit) : join(configHome, 'systemd', 'user', unit)
  const call = (...args: string[]) => insist(run, 'systemctl', ...scope, ...args)
  return {
    name: 'systemd',
    definition: () => ({ path, text: systemdUnit(spec), encoding: 'utf8' }),
    unavailable: async () => {
      const { code, out, err } = await run('systemctl', ...scope, 'is-system-running')
      if (code === NOT_FOUND) return 'systemctl is not installed'
      const said = out.trim()
      if (AWAKE.has(said)) return undefined
      return isSystem
        ? `systemd does not run here (${said || err.trim()})`
        : `systemd does not run for this user (${said || err.trim()})`
    },
    enable: async () => {
      await call('daemon-reload')
      await call('enable', unit)
      // Not `--now`: one that runs already shall run from the new definition.
      await call('restart', unit)
    },
    disable: async () => {
      await call('disable', '--now', unit)
    },
    start: async () => void (await call('start', unit)),
    stop: async () => void (await call('stop', unit)),
    restart: async () => void (await call('restart', unit)),
    state: async (): Promise<ServiceState> => {
      const { out } = await run(
        'systemctl',
        ...scope,
        'show',
        unit,
        '--property=LoadState,ActiveState,SubState,UnitFileState,MainPID',
      )
      const fields = new Map(
        out
          .split('\n')
          .map((line): [string, string] => [
            line.slice(0, line.indexOf('=')),
            line.slice(line.indexOf('=') + 1).trim(),
          ]),
      )
      const pid = Number(fields.get('MainPID') ?? 0)
      const isLoaded = fields.get('LoadState') === 'loaded'
      return {
        isInstalled: isLoaded || exists(path),
        isRunning: fields.get('ActiveState') === 'active',
        isEnabled: fields.get('UnitFileState') === 'enabled',
        ...(pid > 0 ? { pid } : {}),
        detail: isLoaded
          ? `${fields.get('ActiveState')} (${fields.get('SubState')})`
          : (fields.get('LoadState') ?? 'unknown'),
      }
    },
    logCommand: `journalctl ${isSystem ? '' : '--user '}-u ${unit}`,
    afterInstall: isSystem ? undefined : `loginctl enable-linger ${user} (so that it runs while you are not logged in)`,
  }
}
