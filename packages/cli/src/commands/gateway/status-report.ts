// What `breakwater status` shows: picked from the gateway's answers, judged, and put into words. Pure. Official gateways
// answer the same methods with other extras, so every member beyond the contract may be missing.

import { type HelloOk, isRecord, type PresenceEntry } from '@breakwater/protocol'
import { count, formatBytes, formatMs } from '../../output/quantity.ts'
import type { Style } from '../../output/style.ts'
import { renderFields, renderTable } from '../../output/table.ts'
import { authMethodOf, type Target } from '../../target/resolve-target.ts'
import { type LoopFigures, loopText } from './health.ts'

export interface StatusInput {
  readonly hello: HelloOk
  readonly target: Target
  readonly connectMs: number
  /** Of `status`. */
  readonly answer: unknown
  /** Of `system-presence`. */
  readonly presence: unknown
}

export interface Problem {
  readonly message: string
  readonly nextCommand: string
}

export interface StatusReport {
  readonly ok: boolean
  readonly problems: readonly Problem[]
  readonly reachable: true
  readonly url: string
  readonly version: string
  readonly uptimeMs: number
  readonly pid: number | undefined
  readonly auth: {
    /** How the gateway authenticates callers; only administrators are told. */
    readonly mode: string | undefined
    /** How this command was let in. */
    readonly method: string
    readonly credentialFrom: string
  }
  /** Where it keeps its files; only administrators are told. */
  readonly stateDir: string | undefined
  readonly configPath: string | undefined
  readonly connectMs: number
  readonly clients: readonly PresenceEntry[]
  readonly sessionCount: number | undefined
  readonly tasks: { readonly active: number; readonly failures: number } | undefined
  readonly channels: readonly string[]
  readonly eventLoop: LoopFigures | undefined
  readonly memoryBytes: number | undefined
  /** How often each named limit has bitten since the start; limits that never did are left out. */
  readonly limits: Readonly<Record<string, number>>
}

interface StatusAnswer {
  readonly pid?: number
  readonly channelSummary?: readonly string[]
  readonly sessions?: { readonly count?: number }
  readonly tasks?: { readonly active: number; readonly failures: number }
  readonly eventLoop?: LoopFigures
  readonly processMemory?: { readonly rssBytes?: number }
  readonly limits?: Readonly<Record<string, number>>
}

export function toReport({ hello, target, connectMs, answer, presence }: StatusInput): StatusReport {
  const { pid, channelSummary, sessions, tasks, eventLoop, processMemory, limits } = (
    isRecord(answer) ? answer : {}
  ) as StatusAnswer
  const problems = findProblems(eventLoop)
  return {
    ok: problems.length === 0,
    problems,
    reachable: true,
    url: target.url,
    version: hello.server.version,
    uptimeMs: hello.snapshot.uptimeMs,
    pid,
    auth: { mode: hello.snapshot.authMode, method: authMethodOf(hello), credentialFrom: target.credentialFrom },
    stateDir: hello.snapshot.stateDir,
    configPath: hello.snapshot.configPath,
    connectMs: Math.round(connectMs),
    clients: (Array.isArray(presence) ? (presence as PresenceEntry[]) : []).filter(({ mode }) => mode !== 'gateway'),
    sessionCount: sessions?.count,
    tasks: tasks === undefined ? undefined : { active: tasks.active, failures: tasks.failures },
    channels: channelSummary ?? [],
    eventLoop,
    memoryBytes: processMemory?.rssBytes,
    limits: Object.fromEntries(Object.entries(limits ?? {}).filter(([, times]) => times > 0)),
  }
}

function findProblems(eventLoop: LoopFigures | undefined): Problem[] {
  if (eventLoop?.degraded !== true) return []
  return [
    {
      message: `its event loop is overloaded (${(eventLoop.reasons ?? []).join(', ')})`,
      nextCommand: 'breakwater call diagnostics.stability',
    },
  ]
}

export function renderStatus(report: StatusReport, style: Style): string {
  const { version, problems, clients } = report
  const first = problems[0]
  const verdict = first === undefined ? style.good('running and well') : style.warning(`running, but ${first.message}`)
  const next = first === undefined ? '' : `${style.strong('next:')} ${first.nextCommand}\n`
  return `The gateway (${version}) is ${verdict}.\n${next}${fieldsOf(report, style)}${clientTable(clients, style)}`
}

function fieldsOf(report: StatusReport, style: Style): string {
  const { auth, tasks, eventLoop, memoryBytes, pid, channels, limits } = report
  const memory = memoryBytes === undefined ? undefined : formatBytes(memoryBytes)
  const bites = Object.entries(limits).map(([name, times]) => `${name} ${times}`)
  return renderFields([
    ['address', report.url],
    ['auth mode', auth.mode],
    ['let in by', auth.credentialFrom],
    ['up for', formatMs(report.uptimeMs)],
    ['process', [pid === undefined ? undefined : `pid ${pid}`, memory].filter((part) => part !== undefined).join(', ')],
    ['state', report.stateDir],
    ['config', report.configPath],
    ['event loop', eventLoop === undefined ? undefined : loopText(eventLoop, style)],
    ['sessions', report.sessionCount],
    ['tasks', tasks === undefined ? undefined : `${tasks.active} active, ${tasks.failures} failed`],
    ['channels', channels.length === 0 ? 'none' : channels.join('; ')],
    ['limits hit', bites.length === 0 ? 'none' : style.warning(bites.join(', '))],
    ['clients', report.clients.length === 0 ? 'none connected' : `${count(report.clients.length, 'client')} connected`],
  ])
}

function clientTable(clients: readonly PresenceEntry[], style: Style): string {
  if (clients.length === 0) return ''
  const rows = clients.map(({ host, mode, platform, ip, version, roles }) =>
    [host, roles?.join('+'), mode, platform, version, ip].map((cell) => cell ?? ''),
  )
  return `\n${renderTable(['CLIENT', 'ROLE', 'MODE', 'PLATFORM', 'VERSION', 'ADDRESS'].map(style.quiet), rows)}`
}
