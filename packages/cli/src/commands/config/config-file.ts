// The configuration file of this machine as its owner reads and changes it without a gateway: judged the way a start
// would judge it, environment included.

import { homedir } from 'node:os'
import {
  type ConfigEdit,
  type ConfigOverride,
  type ConfigPaths,
  configTools,
  type Environment,
  type LoadResult,
  loadLocalConfig,
  resolveConfigPaths,
  type WriteResult,
} from '@breakwater/gateway/local'
import { PASSWORD_ENV, TOKEN_ENV } from '../../target/environment.ts'
import { environmentSecrets } from '../gateway/gateway-flags.ts'

export class ConfigFile {
  readonly paths: ConfigPaths
  readonly #env: Environment

  constructor(env: Environment, configPath?: string) {
    const paths = resolveConfigPaths({ env })
    this.paths = configPath === undefined ? paths : { ...paths, configPath, homeDir: homedir() }
    this.#env = env
  }

  /** Never rejects for what a person wrote or forgot. `rootText` is judged in the place of the file. */
  readonly load = async (options: { readonly rootText?: string } = {}): Promise<LoadResult> => {
    const load = await loadLocalConfig(this.paths, this.#env, options)
    const overrides = this.#secretsFor(load)
    return overrides.length === 0 ? load : loadLocalConfig(this.paths, this.#env, { ...options, overrides })
  }

  /** Nothing is written unless the result is valid. Rejects when the disk fails. */
  async edit(edit: ConfigEdit): Promise<WriteResult> {
    const { writeConfig, replaceFile } = await configTools()
    return writeConfig({ load: this.load, write: replaceFile }, edit)
  }

  #secretsFor({ source }: LoadResult): readonly ConfigOverride[] {
    return environmentSecrets(source, { token: this.#env[TOKEN_ENV], password: this.#env[PASSWORD_ENV] })
  }
}
