// Which gateways the cases are driven against: our own in every configuration, the published one from an installation of
// it, or any other by its URL. Each configuration a target cannot offer is named with the reason.

import { startTestGateway } from '@breakwater/testkit'
import type { Dialect } from './case.ts'
import {
  CONFIGURATION_NAMES,
  CONFIGURATIONS,
  CONFORMANCE_SECRET,
  type Configuration,
  type ConfigurationName,
} from './configurations.ts'
import type { Place } from './drive.ts'
import { startOfficialGateway } from './official-gateway.ts'

export interface Target {
  readonly name: string
  readonly dialect: Dialect
  /** Whether every loud case gets a gateway of its own; otherwise they come last. */
  readonly isCheap: boolean
  /** Why a configuration cannot be had, or undefined. */
  readonly missing: (configuration: ConfigurationName) => string | undefined
  readonly open: (configuration: ConfigurationName) => Promise<Place & AsyncDisposable>
}

export const ownTarget: Target = {
  name: 'this gateway',
  dialect: 'ours',
  isCheap: true,
  missing: () => undefined,
  open: async (name) => {
    const fixture = await startTestGateway(CONFIGURATIONS[name].ours)
    return { url: fixture.url, secret: CONFORMANCE_SECRET, [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose]() }
  },
}

/** `directory`: holds `node_modules/openclaw`. */
export const officialTarget = (directory: string): Target => ({
  name: 'the official gateway',
  dialect: 'official',
  isCheap: false,
  missing: () => undefined,
  open: async (name) => {
    const configuration: Configuration = CONFIGURATIONS[name]
    const gateway = await startOfficialGateway(directory, configuration.official)
    return { url: gateway.url, secret: CONFORMANCE_SECRET, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
  },
})

export interface UrlTargetOptions {
  readonly url: string
  readonly secret: string
  readonly dialect: Dialect
  /** What the endpoint is configured with; cases of other configurations are skipped. */
  readonly configuration: ConfigurationName
}

export const urlTarget = ({ url, secret, dialect, configuration }: UrlTargetOptions): Target => ({
  name: url,
  dialect,
  isCheap: false,
  missing: (name) => (name === configuration ? undefined : `needs ${CONFIGURATIONS[name].meaning}`),
  open: async () => ({ url, secret, [Symbol.asyncDispose]: async () => {} }),
})

/** The target the environment names; our own gateway when it names none. Throws on settings that mean nothing. */
export function targetFromEnvironment(env: NodeJS.ProcessEnv): Target {
  const url = env.BREAKWATER_CONFORMANCE_URL
  const dialect = env.BREAKWATER_CONFORMANCE_DIALECT ?? 'ours'
  if (dialect !== 'ours' && dialect !== 'official') throw new Error(`dialect ${dialect}: there are ours and official`)
  if (url === undefined && dialect === 'ours') return ownTarget
  if (url === undefined) {
    const directory = env.OPENCLAW_CLI_DIR
    if (directory === undefined)
      throw new Error('the official dialect needs --url, or OPENCLAW_CLI_DIR with the package installed')
    return officialTarget(directory)
  }
  const configuration = (env.BREAKWATER_CONFORMANCE_CONFIGURATION ?? 'token') as ConfigurationName
  if (!CONFIGURATION_NAMES.includes(configuration)) {
    throw new Error(`configuration ${configuration}: there are ${CONFIGURATION_NAMES.join(', ')}`)
  }
  return urlTarget({ url, secret: env.BREAKWATER_CONFORMANCE_TOKEN ?? CONFORMANCE_SECRET, dialect, configuration })
}
