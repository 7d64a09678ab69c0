// What the managers of services have in common: a definition that is put somewhere, and the manager's own program that
// does the rest. Each manager says which calls that takes; running them is `run-tool.ts`.

import type { RunTool } from './run-tool.ts'
import type { ServiceSpec } from './service-spec.ts'

export interface ServiceState {
  readonly isInstalled: boolean
  readonly isRunning: boolean
  /** Started at boot or log-on. */
  readonly isEnabled: boolean
  readonly pid?: number
  /** In the manager's own words: `active (running)`. */
  readonly detail: string
}

export interface ServiceDefinition {
  readonly path: string
  readonly text: string
  readonly encoding: 'utf8' | 'utf16le'
}

export interface ServiceManager {
  readonly name: 'systemd' | 'launchd' | 'Task Scheduler'
  definition(): ServiceDefinition
  /** Undefined when the manager runs here; else why not. */
  unavailable(): Promise<string | undefined>
  /** Makes a definition that was written known, and starts it now and from then on. */
  enable(): Promise<void>
  /** Stops it and forgets it; the definition is removed by the caller. */
  disable(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  restart(): Promise<void>
  state(): Promise<ServiceState>
  /** How a person reads what the service printed. */
  readonly logCommand: string
  /** What is left to do for the service to run without a log-in; undefined: nothing. */
  readonly afterInstall: string | undefined
}

export interface ManagerComponents {
  readonly run: RunTool
  /** Whether a file is there. */
  readonly exists: (path: string) => boolean
  readonly uid: number
  readonly configHome: string
}

export type CreateManager = (components: ManagerComponents, spec: ServiceSpec) => ServiceManager
