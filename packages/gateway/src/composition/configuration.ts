// The configuration while the gateway runs: the file is watched, a good change takes effect, a bad one changes nothing.

import { type ConfigHasher, openConfigHasher } from '../config/config-hash.ts'
import { revisionHash } from '../config/config-snapshot.ts'
import { judgeReload } from '../config/judge-reload.ts'
import { LiveConfig } from '../config/live-config.ts'
import { type LoadOptions, type LoadResult, loadConfig } from '../config/load-config.ts'
import type { ResolvedConfig } from '../config/schema.ts'
import { ConfigWatcher } from '../config/watch-config.ts'
import type { Part } from '../lifecycle.ts'
import type { GatewayOptions } from '../options.ts'
import { StartFault } from '../start-fault.ts'
import type { Observation } from './observation.ts'

/** Where settings come from besides the options of the start: the same file, flags and environment, read again. */
export interface ConfigSource {
  load(hasher: ConfigHasher, options: Pick<LoadOptions, 'rootText' | 'isRequired'>): Promise<LoadResult>
  /** The options a gateway with this configuration would be started with. */
  toOptions(config: ResolvedConfig): GatewayOptions
}

export interface Configuration {
  readonly live: LiveConfig
  readonly hasher: ConfigHasher
  /** The options in effect. Read them each time; leaves that need a restart keep their value. */
  readonly settings: () => GatewayOptions
  /** Names what is in effect; `hello-ok` carries it. */
  readonly appliedHash: () => string
  readonly part: Part
}

/** For gateways that are told everything by their caller: the file is only shown and edited. */
export const fixedSource = (options: GatewayOptions): ConfigSource => ({
  load: (hasher, loadOptions) =>
    loadConfig({ env: {}, homeDir: options.stateDir, hasher }, { configPath: options.configPath, ...loadOptions }),
  toOptions: () => options,
})

/** Rejects with `StartFault` when the file became unusable since the caller read it. */
export async function openConfiguration(
  options: GatewayOptions,
  { log, spans }: Observation,
  source: ConfigSource,
): Promise<Configuration> {
  const configLog = log.child('gateway/config')
  const { hasher, problem } = await openConfigHasher(options.stateDir)
  if (problem !== undefined) configLog.warn('configuration hashes change at every start', { problem })
  const initial = await source.load(hasher, {})
  if (!initial.valid) {
    throw new StartFault(
      'CONFIG_INVALID',
      `${options.configPath} cannot be used`,
      'Correct the file; `breakwater config validate` names each place.',
    )
  }
  const load = async (loadOptions: Parameters<ConfigSource['load']>[1]): Promise<LoadResult> =>
    judgeReload(initial.config, await source.load(hasher, loadOptions))
  const live = new LiveConfig({ load, log: configLog }, initial)
  let current = options
  let appliedHash = revisionHash(live.current, hasher)
  live.onChange((change) => {
    current = source.toOptions(change.current)
    appliedHash = revisionHash(change.current, hasher)
  })
  const watcher = new ConfigWatcher(
    {
      load: live.load,
      onLoad: (load) => spans.run('configuration', () => live.accept(load)),
      onError: (error) => configLog.error('configuration could not be read again', { error: String(error) }),
    },
    initial,
  )
  return {
    live,
    hasher,
    settings: () => current,
    appliedHash: () => appliedHash,
    part: { name: 'configuration', start: () => watcher.start(), stop: () => watcher.stop() },
  }
}
