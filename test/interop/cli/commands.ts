// The commands of the official command line that are played against this gateway, which of the printed fields come from
// us, and what of them differs from run to run. Data only.

import type { MaskRule } from './fields.ts'

/** `fresh`: a gateway nobody has used. `used`: a desktop app and a node are paired and connected. */
export type GatewayState = 'fresh' | 'used'

interface CommandBase {
  /** Name of the golden file; commands that print the same fields share one. */
  readonly golden: string
  readonly state: GatewayState
  readonly args: readonly string[]
}

/** Prints one JSON document, after lines of its own. */
export interface DocumentCommand extends CommandBase {
  readonly prints: 'document'
  /** Fields that come from the gateway; the command line adds its own and its own words. */
  readonly keep?: RegExp
  readonly drop?: RegExp
}

/** Prints text for people: read with patterns, because its words are not ours. */
export interface TextCommand extends CommandBase {
  readonly prints: 'text'
  readonly patterns: Readonly<Record<string, RegExp>>
}

export type CliCommand = DocumentCommand | TextCommand

const document = (
  golden: string,
  state: GatewayState,
  args: string,
  more: Pick<DocumentCommand, 'keep' | 'drop'> = {},
): CliCommand => ({
  golden,
  state,
  args: args.split(' '),
  prints: 'document',
  ...more,
})

const text = (golden: string, state: GatewayState, args: string, patterns: TextCommand['patterns']): CliCommand => ({
  golden,
  state,
  args: args.split(' '),
  prints: 'text',
  patterns,
})

const row = (label: string): RegExp => new RegExp(`^│ ${label} +│ (.*?) +│$`, 'm')

/** Found out about the machine and the installation by the command line, without asking the gateway. */
const LOCAL_STATUS =
  /^(os|update|updateChannelSource|memory|gatewayService|nodeService|secretDiagnostics|collection|hostDesktop)\b/
const PROBE_OF_GATEWAY =
  /^(ok|degraded|capability|primaryTargetId|warnings\[\d+\]\.code|targets\[\d+\]\.(?!connect\.(latencyMs|error)))/
const POLICY_OF_GATEWAY = /^(path|exists|hash|file|resolvedDefaults)\b|\.effective$/

export const CLI_COMMANDS: readonly CliCommand[] = [
  text('health', 'fresh', 'health', {
    eventLoop: /^Gateway event loop: (\w+) max=/m,
    probeDuration: /^Gateway probe duration: (\d+ms)$/m,
    agents: /^Agents: (.*)$/m,
    heartbeat: /^Heartbeat interval: (.*)$/m,
    sessionStore: /^Session store \(main\): (.*)$/m,
  }),
  document('health-document', 'fresh', 'health --json'),
  text('status', 'fresh', 'status', {
    gateway: row('Gateway'),
    tasks: row('Tasks'),
    heartbeat: /^│ Heartbeat +│ (\w+ \(\w+)/m,
    sessions: /^│ Sessions +│ (\d+ stored)/m,
  }),
  document('status-document', 'fresh', 'status --json', { drop: LOCAL_STATUS }),
  text('gateway-probe', 'fresh', 'gateway probe', {
    reachable: /^Reachable: (.*)$/m,
    capability: /^Capability: (.*)$/m,
    connect: /^ {2}Connect: (\w+) \(/m,
  }),
  document('gateway-probe-document', 'fresh', 'gateway probe --json', { keep: PROBE_OF_GATEWAY }),
  document('health-document', 'fresh', 'gateway call health'),
  document('health-document', 'fresh', 'gateway call health --json'),
  document('system-presence', 'fresh', 'gateway call system-presence'),
  document('system-presence', 'fresh', 'gateway call system-presence --json'),
  document('sessions-list', 'fresh', 'gateway call sessions.list'),
  document('sessions-list', 'fresh', 'gateway call sessions.list --json'),
  text('devices-list', 'fresh', 'devices list', { list: /^(.+)$/m }),
  document('devices-list-document', 'fresh', 'devices list --json'),
  text('nodes-list', 'fresh', 'nodes list', { counts: /^(Pending: .*)$/m }),
  document('nodes-list-document', 'fresh', 'nodes list --json'),
  text('nodes-status', 'fresh', 'nodes status', { counts: /^(Known: .*)$/m }),
  document('nodes-status-document', 'fresh', 'nodes status --json'),
  text('cron-list', 'fresh', 'cron list', { list: /^(.+)$/m }),
  document('cron-list-document', 'fresh', 'cron list --json'),
  text('approvals-get', 'fresh', 'approvals get --gateway', {
    target: row('Target'),
    path: row('Path'),
    state: row('State'),
    hash: row('Hash'),
    version: row('Version'),
    defaults: row('Defaults'),
    agents: row('Agents'),
    allowlist: row('Allowlist'),
  }),
  document('approvals-get-document', 'fresh', 'approvals get --gateway --json', { keep: POLICY_OF_GATEWAY }),
  text('used-devices-list', 'used', 'devices list', { paired: /^(Paired \(\d+\))$/m, roles: /(operator)/ }),
  document('used-devices-list-document', 'used', 'devices list --json'),
  document('used-system-presence', 'used', 'gateway call system-presence --json'),
]

/** Fields that are there or not, depending on the machine and its load. */
export const COMES_AND_GOES = /(^|[.\]])(ip|eventLoop\.reasons(\[\d+\])?)$/

/** What differs between two runs of the same gateway; what is known of this run comes on top, see the script. */
export const MASK_RULES: readonly MaskRule[] = [
  { name: 'time', path: /(^|[.\]])(ts|onlineSince|lastActivityAt|\w+AtMs)$/, whole: 'number' },
  { name: 'duration', path: /(^|\.)(durationMs|connectLatencyMs|uptimeMs)$/, whole: 'number' },
  { name: 'load', path: /eventLoop\.(intervalMs|delayP99Ms|delayMaxMs|utilization|cpuCoreRatio)$/, whole: 'number' },
  { name: 'load', path: /eventLoop\.degraded$/, whole: 'boolean' },
  { name: 'load', path: /eventLoop\.degradedSinceMs$/, whole: 'nullable' },
  { name: 'load', path: /^eventLoop$/, whole: 'string' },
  { name: 'memory', path: /^processMemory\.\w+Bytes$/, whole: 'number' },
  { name: 'pid', path: /(^|\.)pid$/, whole: 'number' },
  { name: 'key', path: /(^|\.)publicKey$/, whole: 'string' },
  { name: 'device id', path: /(^|\.)(deviceId|nodeId)$/, whole: 'string' },
  { name: 'uuid', part: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g },
  { name: 'device id', path: /(^|[.\]])instanceId$/, part: /^[0-9a-f]{64}$/ },
  { name: 'ip', part: /(?<!\d)(?!127\.)\d{1,3}(\.\d{1,3}){3}(?!\d)/g },
  { name: 'port', part: /(?<=127\.0\.0\.1:)\d+/g },
  { name: 'duration', part: /\b\d+(\.\d+)?m?s\b/g },
]
