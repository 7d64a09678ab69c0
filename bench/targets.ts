// What can be measured: one row per kind of server, saying how it is started, what makes it broadcast an event and
// where it publishes its loop delay. A row is data; starting and stopping is running-server.ts.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Endpoint, Trigger } from './load-jobs.ts'

/** Frame sizes the floor must imitate, so that both sides move the same bytes. */
export interface FrameSizes {
  readonly rpcBytes: number
  readonly eventBytes: number
}

export interface Launch {
  readonly port: number
  readonly token: string
  readonly stateDir: string
  readonly frames: FrameSizes
}

interface Measurable {
  readonly name: string
  readonly trigger: Trigger
  /** HTTP path of a JSON document holding `eventLoop.delayMaxMs`. */
  readonly loopDelayPath: string
}

export interface SpawnedTarget extends Measurable {
  readonly kind: 'spawned'
  readonly requires: { readonly file: string; readonly hint: string }
  readonly args: (launch: Launch) => readonly string[]
  readonly env: (launch: Launch) => Readonly<Record<string, string>>
}

/** A server somebody else runs: never started or stopped here; CPU and memory only when its process id is known. */
export interface ExternalTarget extends Measurable {
  readonly kind: 'external'
  readonly endpoint: Endpoint
  readonly pid: number | undefined
}

export type Target = SpawnedTarget | ExternalTarget

export const FLOOR = 'floor'
/** Used when only the floor is measured: about one presence entry and a list of two. */
export const DEFAULT_FRAMES: FrameSizes = { rpcBytes: 400, eventBytes: 700 }

const PRESENCE_TRIGGER: Trigger = { method: 'system-event', params: { text: 'Node: bench' }, event: 'presence' }

/** Presence is paced; a heartbeat goes out for every wake, which makes it the honest event to count. */
const WAKE_TRIGGER: Trigger = { method: 'wake', params: { mode: 'now', text: 'bench' }, event: 'heartbeat' }

const pathTo = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url))
const FLOOR_FILE = pathTo('bench/floor-server.mjs')
const BREAKWATER_BIN = pathTo('packages/cli/bin/breakwater.js')

const SPAWNED: readonly SpawnedTarget[] = [
  {
    kind: 'spawned',
    name: FLOOR,
    requires: { file: FLOOR_FILE, hint: 'it is part of this directory' },
    args: ({ port, frames }) => [
      ...[FLOOR_FILE, '--port', String(port)],
      ...['--rpc-bytes', String(frames.rpcBytes), '--event-bytes', String(frames.eventBytes)],
    ],
    env: () => ({}),
    trigger: PRESENCE_TRIGGER,
    loopDelayPath: '/loop',
  },
  {
    kind: 'spawned',
    name: 'breakwater',
    requires: { file: pathTo('packages/cli/dist'), hint: 'run `npm run build` first' },
    args: ({ port, token }) => [
      ...[BREAKWATER_BIN, 'gateway', '--port', String(port)],
      ...['--token', token, '--allow-unconfigured'],
    ],
    env: ({ stateDir }) => ({ BREAKWATER_STATE_DIR: stateDir }),
    trigger: WAKE_TRIGGER,
    loopDelayPath: '/readyz',
  },
]

export const TARGET_NAMES = SPAWNED.map(({ name }) => name)

/** The named target; throws when there is none or when what it is started from does not exist. */
export function spawnedTarget(name: string): SpawnedTarget {
  const target = SPAWNED.find((candidate) => candidate.name === name)
  if (target === undefined) throw new Error(`no target "${name}": expected one of ${TARGET_NAMES.join(', ')}`)
  if (!existsSync(target.requires.file)) {
    throw new Error(`target "${name}" needs ${target.requires.file}: ${target.requires.hint}`)
  }
  return target
}

export function externalTarget(endpoint: Endpoint, pid: number | undefined): ExternalTarget {
  const name = new URL(endpoint.url).host
  return { kind: 'external', name, endpoint, pid, trigger: PRESENCE_TRIGGER, loopDelayPath: '/readyz' }
}
