// Why a device can or cannot connect, from what is known about it: the cause in one sentence and the command that helps.
// Pure. Reads codes; sentences of the gateway are passed on, never parsed.

import { foreignText } from '@breakwater/client'
import { ERRORS, type ErrorEntry, LIMITS } from '@breakwater/protocol'
import { formatMs } from '../../output/quantity.ts'
import { asksFor, nameOf, type PairedRow, type PendingRow } from '../devices/device-rows.ts'
import type { Attempt, Ended, WhyFacts } from './why-facts.ts'

export interface Explanation {
  /** `ok`: nothing keeps it out. `waiting`: a person has to act here. `blocked`: something is wrong. */
  readonly verdict: 'ok' | 'waiting' | 'blocked' | 'unknown'
  /** For programs: the refusal's name, or a word of ours. */
  readonly cause: string
  readonly message: string
  readonly nextCommand?: string
  readonly nextStep?: string
}

export function explain(facts: WhyFacts): Explanation {
  const { gateway, failure, paired, pending, attempts, ended, text } = facts
  if (gateway === 'silent') {
    return {
      verdict: 'blocked',
      cause: failure?.code ?? 'SILENT',
      message: `the gateway itself does not answer: ${failure?.message ?? 'no reason was given'}`,
      nextCommand: 'breakwater doctor',
    }
  }
  const [device, another] = paired
  if (another !== undefined) return ambiguous(facts)
  if (gateway === 'down') return whileDown(facts, device)
  const request = pending[0]
  if (device?.connected === true) return connected(facts, device, request)
  if (request !== undefined) return waiting(facts, request)
  const last = lastOf(attempts)
  if (last !== undefined && last.cause !== 'admitted' && !isAnsweredSince(last, device)) {
    return refused(facts, last, device)
  }
  if (device !== undefined) return away(facts, device, last)
  const failed = ended.findLast(({ handshake }) => handshake === 'failed')
  if (failed !== undefined) return neverCameFar(facts, failed)
  if (last !== undefined) return gone(last)
  return {
    verdict: 'unknown',
    cause: 'NEVER_SEEN',
    message: `nothing named ${JSON.stringify(foreignText(text))} has reached this gateway: it is not paired, does not wait, and has not tried`,
    nextStep:
      'On the device, check the address and that it reaches this machine (breakwater probe --url <address>); here, breakwater logs --grep <text>',
  }
}

const ago = ({ nowMs }: WhyFacts, atMs: number): string => `${formatMs(Math.max(0, nowMs - atMs))} ago`

/** It was approved after it asked, and has not come back yet. */
const isAnsweredSince = ({ cause, lastAtMs }: Attempt, device: PairedRow | undefined): boolean =>
  cause === 'PAIRING_REQUIRED' && device?.approvedAtMs !== undefined && device.approvedAtMs >= lastAtMs

/** What was proven counts; claims only where there is nothing else. */
function lastOf(attempts: readonly Attempt[]): Attempt | undefined {
  return attempts.findLast(({ isProven }) => isProven) === undefined
    ? attempts.at(-1)
    : newestOf(attempts.filter(({ isProven, cause }) => isProven || cause.startsWith('DEVICE_AUTH_')))
}

const newestOf = (attempts: readonly Attempt[]): Attempt | undefined =>
  attempts.toSorted((a, b) => a.lastAtMs - b.lastAtMs).at(-1)

const ambiguous = ({ paired, text }: WhyFacts): Explanation => ({
  verdict: 'unknown',
  cause: 'AMBIGUOUS',
  message: `${JSON.stringify(foreignText(text))} fits several devices: ${paired.map((row) => `${nameOf(row)} (${row.deviceId.slice(0, 12)})`).join(', ')}`,
  nextCommand: 'breakwater devices list',
})

function whileDown({ pending }: WhyFacts, device: PairedRow | undefined): Explanation {
  const so = device === undefined ? 'nothing can connect' : `${nameOf(device)} cannot connect`
  const also = pending.length > 0 ? '; it waits for approval, too (breakwater devices approve works now)' : ''
  return {
    verdict: 'blocked',
    cause: 'GATEWAY_DOWN',
    message: `no gateway is running here, so ${so}${also}`,
    nextStep: 'breakwater gateway (in this terminal), or breakwater gateway start (as a service)',
  }
}

function connected(facts: WhyFacts, device: PairedRow, request: PendingRow | undefined): Explanation {
  if (request === undefined) {
    return { verdict: 'ok', cause: 'CONNECTED', message: `${nameOf(device)} is connected` }
  }
  return {
    verdict: 'waiting',
    cause: 'SCOPE_UPGRADE',
    message: `${nameOf(device)} is connected with what it has, and waits for more (${asksFor(request)}), last asked ${ago(facts, request.ts)}`,
    nextCommand: `breakwater devices approve ${foreignText(request.requestId)}`,
  }
}

function waiting(facts: WhyFacts, request: PendingRow): Explanation {
  const again = request.isRepair === true ? ' again' : ''
  return {
    verdict: 'waiting',
    cause: 'PAIRING_REQUIRED',
    message: `${nameOf(request)} waits for your approval${again} (${asksFor(request)}), last asked ${ago(facts, request.ts)}`,
    nextCommand: `breakwater devices approve ${foreignText(request.requestId)}`,
  }
}

function refused(facts: WhyFacts, last: Attempt, device: PairedRow | undefined): Explanation {
  const { cause, count, lastAtMs } = last
  const who = device === undefined ? attemptName(last) : nameOf(device)
  const times = count === 1 ? '' : ` (${count} times)`
  const when = `${ago(facts, lastAtMs)}${times}`
  const own = OWN_WORDS[cause]?.(last)
  const meaning = meaningOf(cause) ?? foreignText(last.message)
  const help = helpFor(last)
  const doubt = device === undefined || last.isProven ? '' : ' (whoever it was has not proven to be this device)'
  return {
    verdict: 'blocked',
    cause,
    message: `${who} was refused ${when}: ${own ?? meaning}${doubt}`,
    ...help,
  }
}

const attemptName = ({ name, deviceId }: Attempt): string => foreignText(name ?? '') || deviceId.slice(0, 12)

function meaningOf(cause: string): string | undefined {
  if (!Object.hasOwn(ERRORS, cause)) return undefined
  const { meaning }: ErrorEntry = ERRORS[cause as keyof typeof ERRORS]
  return meaning.charAt(0).toLowerCase() + meaning.slice(1).replace(/\.$/, '')
}

const OWN_WORDS: Readonly<Record<string, (last: Attempt) => string>> = {
  DEVICE_AUTH_SIGNATURE_EXPIRED: ({ clockAheadMs }) =>
    `its clock is ${formatMs(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this one; ${formatMs(LIMITS.signatureSkewMs)} are allowed`,
  PAIRING_REQUIRED: () => 'it has to be approved, and its last request has expired or was answered',
}

type Help = Pick<Explanation, 'nextCommand' | 'nextStep'>

const HELP: Readonly<Record<string, Help>> = {
  DEVICE_AUTH_SIGNATURE_EXPIRED: {
    nextStep: 'Set the clock of the device right, or of this machine (timedatectl status).',
  },
  PAIRING_REQUIRED: { nextStep: 'Let the device try again, then: breakwater devices approve' },
  AUTH_TOKEN_MISMATCH: { nextCommand: 'breakwater token show' },
  AUTH_TOKEN_MISSING: { nextCommand: 'breakwater token show' },
  AUTH_DEVICE_TOKEN_MISMATCH: {
    nextStep:
      'Have the device forget this gateway and connect with the shared token (breakwater token show), or with a new code (breakwater qr).',
  },
  AUTH_BOOTSTRAP_TOKEN_INVALID: { nextCommand: 'breakwater qr' },
  AUTH_SCOPE_MISMATCH: {
    nextStep:
      'Have it connect with the shared token once (breakwater token show): it then asks for the scopes it lacks, and breakwater devices approve gives them.',
  },
}

/** The gateway's own word first, where it is a command and not about somebody else's id. */
function helpFor({ cause, nextCommand }: Attempt): Help {
  const known = HELP[cause]
  if (known !== undefined) return known
  return nextCommand === undefined ? { nextCommand: 'breakwater doctor' } : { nextCommand: foreignText(nextCommand) }
}

function away(facts: WhyFacts, device: PairedRow, last: Attempt | undefined): Explanation {
  const name = nameOf(device)
  const tokens = device.tokens ?? []
  const revoked = tokens.filter(({ revokedAtMs }) => revokedAtMs !== undefined).map(({ role }) => role)
  if (tokens.length > 0 && revoked.length === tokens.length) {
    return {
      verdict: 'blocked',
      cause: 'TOKEN_REVOKED',
      message: `${name} is paired, but its ${revoked.join(' and ')} token was revoked: it has to be approved again`,
      nextStep: 'Let the device connect, it asks by itself; then: breakwater devices approve',
    }
  }
  const seenAtMs = Math.max(last?.lastAtMs ?? 0, device.lastSeenAtMs ?? 0)
  const seen =
    seenAtMs === 0 ? 'it has not connected since it was approved' : `it was last here ${ago(facts, seenAtMs)}`
  const ending = facts.ended.findLast(({ handshake, deviceId }) => handshake === 'ok' && deviceId === device.deviceId)
  const left =
    ending === undefined
      ? ''
      : ` and left with ${ending.code ?? 'no code'} ${JSON.stringify(foreignText(ending.reason))}`
  return {
    verdict: 'ok',
    cause: 'NOT_TRYING',
    message: `${name} is paired and nothing here keeps it out; ${seen}${left}`,
    nextStep:
      'On the device: is it on, and does it reach this address? breakwater probe --url <address> from there tells.',
  }
}

/** No device was named: the connection ended before it said who it is. */
function neverCameFar(facts: WhyFacts, { cause = 'unknown', reason, ts, remote }: Ended): Explanation {
  const meaning = meaningOf(cause) ?? foreignText(reason)
  return {
    verdict: 'blocked',
    cause,
    message: `${remote ?? 'it'} reached this gateway ${ago(facts, ts)} and got no further: ${meaning}`,
    nextCommand: `breakwater logs --grep ${foreignText(remote ?? cause)}`,
  }
}

const gone = (last: Attempt): Explanation => ({
  verdict: 'blocked',
  cause: 'NOT_PAIRED',
  message: `${attemptName(last)} was let in before and is not paired any more: it was removed`,
  nextStep: 'Let the device connect again, it asks by itself; then: breakwater devices approve',
})
