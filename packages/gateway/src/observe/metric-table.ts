// Every figure a monitoring system is given: its name, what it means, and where it is read from. A table; knows no format.
// Counters begin at 0 when the process starts.

import type { EventCount } from '../events/broadcaster.ts'
import type { StoreStatus } from '../store/store.ts'
import type { LogStatus } from './file-logger.ts'
import type { LoopHealth } from './loop-monitor.ts'

/** What one scrape is built from. */
export interface MetricFacts {
  readonly version: string
  readonly connectionsByRole: ReadonlyMap<string, number>
  readonly openSockets: number
  readonly admittedCount: number
  readonly failedHandshakes: ReadonlyMap<string, number>
  readonly closedByCode: ReadonlyMap<string, number>
  readonly events: ReadonlyMap<string, EventCount>
  readonly eventsDroppedCount: number
  /** Things that wait, by queue. */
  readonly queueDepths: Readonly<Record<string, number>>
  readonly queueBytes: Readonly<Record<string, number>>
  /** How often each named limit has bitten. */
  readonly limitHits: Readonly<Record<string, number>>
  readonly loop: LoopHealth
  readonly loopStalledMs: number
  readonly loopStallCount: number
  readonly store: StoreStatus
  readonly log: LogStatus
  readonly process: ProcessFacts
}

export interface ProcessFacts {
  readonly startedAtMs: number
  readonly cpuMs: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  readonly heapTotalBytes: number
  readonly externalBytes: number
}

export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
  read(facts: MetricFacts): readonly MetricSample[]
}

/** The one figure that is collected as it happens. */
export const RPC_DURATION = {
  name: 'breakwater_rpc_duration_seconds',
  type: 'histogram',
  help: 'Answered requests by method and outcome (`ok`, `aborted` or the error code), and how long their handlers took.',
  labels: ['method', 'outcome'],
  bucketsSeconds: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
} as const

const one = (value: number): readonly MetricSample[] => [{ labels: {}, value }]

const each = (label: string, entries: Iterable<readonly [name: string, value: number]>): readonly MetricSample[] =>
  Array.from(entries, ([name, value]) => ({ labels: { [label]: name }, value }))

const metric = (
  type: Metric['type'],
  name: string,
  help: string,
  labels: readonly string[],
  read: Metric['read'],
): Metric => ({ name: `breakwater_${name}`, type, help, labels, read })

export const METRICS: readonly Metric[] = [
  metric('gauge', 'info', 'Always 1; the version is a label.', ['version'], ({ version }) =>
    each('version', [[version, 1]]),
  ),
  metric('gauge', 'connections', 'Admitted connections.', ['role'], ({ connectionsByRole }) =>
    each('role', connectionsByRole),
  ),
  metric('gauge', 'open_sockets', 'Accepted sockets, whatever they are for.', [], ({ openSockets }) =>
    one(openSockets),
  ),
  metric(
    'counter',
    'handshakes_total',
    'Handshakes by how they ended: `ok`, or the cause of the failure.',
    ['outcome'],
    ({ admittedCount, failedHandshakes }) => each('outcome', [['ok', admittedCount], ...failedHandshakes]),
  ),
  metric('counter', 'connections_closed_total', 'Admitted connections that ended, by close code.', ['code'], (facts) =>
    each('code', facts.closedByCode),
  ),
  metric('counter', 'events_published_total', 'Events by name.', ['event'], ({ events }) =>
    each(
      'event',
      Array.from(events, ([name, { published }]) => [name, published] as const),
    ),
  ),
  metric('counter', 'event_frames_total', 'Events times the connections they were addressed to.', ['event'], (facts) =>
    each(
      'event',
      Array.from(facts.events, ([name, { addressed }]) => [name, addressed] as const),
    ),
  ),
  metric('counter', 'event_frames_dropped_total', 'Event frames that slow receivers missed.', [], (facts) =>
    one(facts.eventsDroppedCount),
  ),
  metric('gauge', 'queue_depth', 'Things that wait, by queue.', ['queue'], ({ queueDepths }) =>
    each('queue', Object.entries(queueDepths)),
  ),
  metric('gauge', 'queue_bytes', 'Bytes that wait, by queue.', ['queue'], ({ queueBytes }) =>
    each('queue', Object.entries(queueBytes)),
  ),
  metric('counter', 'limit_hits_total', 'How often a limit has bitten.', ['limit'], ({ limitHits }) =>
    each('limit', Object.entries(limitHits)),
  ),
  metric('gauge', 'event_loop_delay_seconds', 'Delay of the event loop in the last second.', ['quantile'], ({ loop }) =>
    each('quantile', [
      ['0.99', loop.delayP99Ms / 1_000],
      ['1', loop.delayMaxMs / 1_000],
    ]),
  ),
  metric('gauge', 'event_loop_utilization_ratio', 'Share of the last second in which the loop had work.', [], (facts) =>
    one(facts.loop.utilization),
  ),
  metric('counter', 'event_loop_stalled_seconds_total', 'Time the event loop was held up.', [], ({ loopStalledMs }) =>
    one(loopStalledMs / 1_000),
  ),
  metric('counter', 'event_loop_stalls_total', 'Stalls of more than a second whose owner is known.', [], (facts) =>
    one(facts.loopStallCount),
  ),
  metric('counter', 'store_commits_total', 'Groups of changes by what became of them.', ['outcome'], ({ store }) =>
    each('outcome', [
      ['ok', store.commits.count],
      ['failed', store.commits.failedCount],
    ]),
  ),
  metric('counter', 'store_rows_total', 'Rows written.', [], ({ store }) => one(store.commits.rowCount)),
  metric('gauge', 'store_last_commit_seconds', 'How long the last commit took.', [], ({ store }) =>
    one(store.commits.lastMs / 1_000),
  ),
  metric('gauge', 'store_longest_commit_seconds', 'How long the longest commit took.', [], ({ store }) =>
    one(store.commits.longestMs / 1_000),
  ),
  metric('gauge', 'store_records', 'Records held.', ['kind'], ({ store }) =>
    each(
      'kind',
      Object.entries(store.records).map(([kind, { count }]) => [kind, count] as const),
    ),
  ),
  metric('gauge', 'store_open', '1 while the store takes changes, 0 once it does not.', [], ({ store }) =>
    one(store.state === 'open' ? 1 : 0),
  ),
  metric('counter', 'log_lines_lost_total', 'Log lines that reached no file.', [], ({ log }) => one(log.lostCount)),
  // Names that dashboards for any process know.
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process started, in seconds since 1970.',
    labels: [],
    read: ({ process }) => one(process.startedAtMs / 1_000),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of all threads.',
    labels: [],
    read: ({ process }) => one(process.cpuMs / 1_000),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory.',
    labels: [],
    read: ({ process }) => one(process.residentBytes),
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    type: 'gauge',
    help: 'Heap in use.',
    labels: [],
    read: ({ process }) => one(process.heapUsedBytes),
  },
  {
    name: 'nodejs_heap_size_total_bytes',
    type: 'gauge',
    help: 'Heap reserved.',
    labels: [],
    read: ({ process }) => one(process.heapTotalBytes),
  },
  {
    name: 'nodejs_external_memory_bytes',
    type: 'gauge',
    help: 'Memory outside the heap that objects hold on to.',
    labels: [],
    read: ({ process }) => one(process.externalBytes),
  },
]
