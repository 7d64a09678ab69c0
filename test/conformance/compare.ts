// Holds what came back against what was expected and says in words what differs. Pure.
// In our own dialect every refusal must also be complete (law 9), whatever the case asks for.

import { cutCloseReason, RECOVERIES } from '@breakwater/protocol'
import type { Frame } from '@breakwater/testkit'
import { ABSENT, type Answered, type Dialect, type Expectation, type Matcher, type Refused } from './case.ts'
import type { Observation } from './drive.ts'

/** The differences; empty when everything is as expected. */
export function compare(
  expected: Exclude<Expectation, { kind: 'unobserved' }>,
  seen: Observation,
  dialect: Dialect,
): string[] {
  const problems = [...differences(expected, seen), ...(dialect === 'ours' ? incomplete(seen) : [])]
  return problems.length === 0 ? [] : [...problems, `seen: ${shown(seen)}`]
}

function differences(expected: Exclude<Expectation, { kind: 'unobserved' }>, seen: Observation): string[] {
  switch (expected.kind) {
    case 'hello':
      return [
        ...field('hello-ok', seen.connect?.ok, true),
        ...field('protocol', seen.connect?.payload?.protocol, 4),
        ...(expected.scopes === undefined ? [] : field('scopes', seen.connect?.payload?.auth?.scopes, expected.scopes)),
        ...(expected.method === undefined
          ? []
          : field('auth.method', seen.connect?.payload?.auth?.method, expected.method)),
        ...(expected.hasDeviceToken === undefined
          ? []
          : field(
              'device token given',
              seen.connect?.payload?.auth?.deviceToken !== undefined,
              expected.hasDeviceToken,
            )),
        ...field('close', seen.close?.code, ABSENT),
      ]
    case 'refused':
      return refusal(expected, seen)
    case 'closed':
      return [
        ...field('response', seen.connect, ABSENT),
        ...field('close code', seen.close?.code, expected.close),
        ...field('close reason', seen.close?.reason, expected.reason),
      ]
    case 'http':
      return [
        ...field('HTTP status', seen.http?.status, expected.status),
        ...field('error.type', httpErrorType(seen), expected.type ?? ABSENT),
      ]
    case 'answered':
      return answer(expected, seen)
  }
}

function refusal(expected: Refused, { connect, close }: Observation): string[] {
  const error = connect?.error
  return [
    ...errorFields(expected, error),
    ...field('close code', close?.code, expected.close),
    ...field('close reason', close?.reason, expected.closeReason ?? cutCloseReason(error?.message ?? '')),
  ]
}

function answer(expected: Answered, { connect, answers, close }: Observation): string[] {
  const last = answers.at(-1)
  return [
    ...field('hello-ok', connect?.ok, true),
    ...(expected.count === undefined ? [] : field('answers', answers.length, expected.count)),
    ...(expected.count === 0 ? [] : field('last answer ok', last?.ok, expected.error === undefined)),
    ...(expected.error === undefined ? [] : errorFields({ detail: undefined, ...expected.error }, last?.error)),
    ...(expected.id === undefined ? [] : field('response id', last?.id, expected.id)),
    ...field('close code', close?.code, expected.close?.code ?? ABSENT),
    ...(expected.close === undefined ? [] : field('close reason', close?.reason, expected.close.reason)),
  ]
}

type ExpectedError = Pick<Refused, 'code' | 'detail' | 'message' | 'details' | 'retryable'>

function errorFields(expected: ExpectedError, error: Frame['error']): string[] {
  return [
    ...field('error.code', error?.code, expected.code),
    ...field('details.code', error?.details?.code, expected.detail ?? ABSENT),
    ...field('message', error?.message, expected.message),
    ...field('retryable', error?.retryable ?? false, expected.retryable ?? false),
    ...Object.entries(expected.details ?? {}).flatMap(([name, matcher]) =>
      field(`details.${name}`, error?.details?.[name], matcher),
    ),
  ]
}

/** What a person or client does about these is always a command or a credential; the command must be named. */
const NEEDS_COMMAND: ReadonlySet<unknown> = new Set(['pair', 're-authenticate', 'rotate-token'])

/** Law 9: a code, a sentence, what to do, when, and with which command. */
function incomplete({ http, connect, answers }: Observation): string[] {
  const overHttp = http !== undefined && http.status >= 400 && !hasSentence(http)
  return [
    ...(overHttp ? ['an HTTP refusal has no sentence'] : []),
    ...[connect, ...answers].flatMap((frame) => incompleteError(frame?.error)),
  ]
}

function incompleteError(error: Frame['error']): string[] {
  if (error === undefined) return []
  const { message, retryable, retryAfterMs, details } = error
  return [
    ...(message.length > 0 ? [] : ['a refusal has no sentence']),
    ...(typeof retryable === 'boolean' ? [] : ['a refusal does not say whether retrying helps']),
    ...(retryable === true && retryAfterMs === undefined ? ['a refusal says to retry but not when'] : []),
    ...(RECOVERIES.includes(details?.recovery) ? [] : ['a refusal does not name its recovery']),
    ...(NEEDS_COMMAND.has(details?.recovery) && typeof details.nextCommand !== 'string'
      ? ['a refusal does not name the next command']
      : []),
  ]
}

function hasSentence({ contentType, body }: NonNullable<Observation['http']>): boolean {
  if (!contentType.startsWith('application/json')) return false
  const { error } = JSON.parse(body) as { error?: { message?: unknown } }
  return typeof error?.message === 'string' && error.message !== ''
}

function field(name: string, value: unknown, matcher: Matcher): string[] {
  if (matches(value, matcher)) return []
  return [`${name}: expected ${matcher === ABSENT ? 'nothing' : text(matcher)}, got ${text(value)}`]
}

function matches(value: unknown, matcher: Matcher): boolean {
  if (matcher === ABSENT) return value === undefined
  if (matcher instanceof RegExp) return typeof value === 'string' && matcher.test(value)
  return JSON.stringify(value) === JSON.stringify(matcher)
}

const text = (value: unknown): string =>
  value instanceof RegExp ? String(value) : (JSON.stringify(value) ?? 'nothing')

function httpErrorType({ http }: Observation): unknown {
  if (http === undefined || !http.contentType.startsWith('application/json')) return undefined
  return (JSON.parse(http.body) as { error?: { type?: unknown } }).error?.type
}

function shown({ http, connect, answers, close }: Observation): string {
  const hello = connect?.ok ? { ok: true, auth: connect.payload?.auth } : connect
  return JSON.stringify({ http, connect: hello, answers: answers.slice(-2), answerCount: answers.length, close }).slice(
    0,
    1_500,
  )
}
