// What `breakwater probe` shows for each address. Pure.

import type { Failure } from '../../failure.ts'
import { formatMs } from '../../output/quantity.ts'
import type { Style } from '../../output/style.ts'
import { renderFields } from '../../output/table.ts'

/** Milliseconds of each leg that was finished. */
export interface ProbeLegs {
  /** Name, TCP, TLS and WebSocket upgrade. */
  readonly openMs?: number
  /** From there until the gateway's challenge. */
  readonly challengeMs?: number
  /** From our answer until hello-ok, or until the refusal. */
  readonly helloMs?: number
  /** One `health` request. */
  readonly healthMs?: number
}

export interface ProbeReport {
  readonly url: string
  readonly kind: 'owner-socket' | 'tcp'
  readonly ok: boolean
  readonly credentialFrom: string
  readonly legs: ProbeLegs
  readonly server?: { readonly version: string; readonly protocol: number; readonly methodCount: number }
  /** How the gateway let us in. */
  readonly auth?: { readonly method: string; readonly role: string; readonly scopes: readonly string[] }
  readonly error?: Failure
}

/** As it is shown: without the exit code. */
export type PublicProbeReport = Omit<ProbeReport, 'error'> & { readonly error?: Omit<Failure, 'exitCode'> }

export function renderProbe(
  { ok, targets }: { readonly ok: boolean; readonly targets: readonly PublicProbeReport[] },
  style: Style,
): string {
  const verdict = ok ? style.good('A gateway answers and lets us in.') : style.bad('No gateway lets us in.')
  return `${verdict}\n${targets.map((target) => `\n${renderTarget(target, style)}`).join('')}`
}

function renderTarget(report: PublicProbeReport, style: Style): string {
  const { url, kind, credentialFrom, server, auth, legs, error } = report
  const heading = `${report.ok ? style.good('ok  ') : style.bad('fail')} ${style.strong(url)}\n`
  return (
    heading +
    renderFields(
      [
        ['kind', kind === 'owner-socket' ? "the owner's socket" : 'TCP'],
        ['credential', credentialFrom],
        ['timing', timingText(legs)],
        ['server', server && `${server.version}, protocol ${server.protocol}, ${server.methodCount} methods`],
        ['let in as', auth && `${auth.role}, by ${auth.method}`],
        ['error', error && `${error.code}: ${error.message}`],
        ['try again', error && retryText(error)],
        ['next', error && (error.nextCommand ?? error.nextStep)],
      ],
      '     ',
    )
  )
}

const LEGS = [
  ['openMs', 'open'],
  ['challengeMs', 'challenge'],
  ['helloMs', 'hello'],
  ['healthMs', 'health'],
] as const satisfies readonly (readonly [keyof ProbeLegs, string])[]

const timingText = (legs: ProbeLegs): string =>
  LEGS.flatMap(([key, name]) => (legs[key] === undefined ? [] : [`${name} ${formatMs(legs[key])}`])).join(', ')

function retryText({ retryable, retryAfterMs }: Omit<Failure, 'exitCode'>): string {
  if (retryable !== true) return 'does not help until something changes'
  return retryAfterMs === undefined ? 'helps' : `helps after ${formatMs(retryAfterMs)}`
}
