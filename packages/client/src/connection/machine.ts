// The life of a connection as a table: (state, event) -> (state, effects). No socket, no timer, no clock, no I/O.
// A pair that is missing from the table is ignored on purpose: late timers, late closes, answers to nobody.
// When to dial again is the supervisor's decision; this machine says what an ending means and follows its schedule.

import {
  cutCloseReason,
  ERRORS,
  type HelloOk,
  isRecord,
  PAIRING_WAIT_CAP,
  type ResponseFrame,
  type WireErrorShape,
  wireError,
} from '@breakwater/protocol'
import type { Verdict } from '@breakwater/supervisor'
import { ClientError, type CloseInfo, type ConnectPhase, foreignText } from '../errors.ts'
import type { TransportClose } from '../transport/transport.ts'
import { isStarting, judgeError, type RecoveryContext } from './recovery.ts'

/** How a connection ended, or why it never began. */
export interface Ending {
  readonly error: ClientError
  readonly verdict: Verdict
  /** The credential was refused and there is another one to offer: one more attempt may work. */
  readonly hasFallback: boolean
}

interface Waiting {
  readonly ending: Ending
  /** False until the owner of retries has said when: the name may still change. */
  readonly isScheduled: boolean
  /** Clock time of the next attempt; undefined while it waits in line, and while parked. */
  readonly nextAttemptAt: number | undefined
}

interface Attempting {
  readonly generation: number
  /** Why it waits for a person: this attempt asks again whether that has been settled. */
  readonly waitsFor: Ending | undefined
}

/**
 * connecting: from the dial until the challenge. challenged: the connect frame is being made. refused: the gateway said
 * no, and what that means for the credentials is being noted; the socket no longer matters.
 */
export type State =
  | { readonly name: 'idle' }
  | ({ readonly name: 'connecting'; readonly phase: 'open' | 'challenge' } & Attempting)
  | ({ readonly name: 'challenged' } & Attempting)
  | ({ readonly name: 'authenticating'; readonly connectId: string } & Attempting)
  | ({ readonly name: 'refused'; readonly error: ClientError } & Attempting)
  | { readonly name: 'ready'; readonly generation: number; readonly hello: HelloOk }
  | ({ readonly name: 'backoff' } & Waiting)
  | ({ readonly name: 'pairing' } & Waiting)
  | ({ readonly name: 'parked' } & Waiting)
  | { readonly name: 'stopped' }

export type Event =
  | { readonly type: 'dial'; readonly generation: number }
  | { readonly type: 'opened' }
  /** The challenge event's payload, unjudged. */
  | { readonly type: 'challenge'; readonly payload: unknown }
  /** `isHeld`: the gateway may answer when a person has. */
  | { readonly type: 'prepared'; readonly text: string; readonly connectId: string; readonly isHeld: boolean }
  /** The connect frame cannot be made: key, credentials or manifest are unavailable. */
  | { readonly type: 'failed'; readonly error: ClientError }
  | { readonly type: 'answered'; readonly frame: ResponseFrame }
  /** The refusal has been noted, as far as that was possible. */
  | { readonly type: 'noted'; readonly hasFallback: boolean }
  | { readonly type: 'expired' }
  /** Nothing was heard for two tick intervals. */
  | { readonly type: 'silent' }
  | { readonly type: 'closed'; readonly close: TransportClose; readonly restartExpectedMs?: number | undefined }
  /** Our own wish to reconnect: new manifest, new credential. */
  | { readonly type: 'restart'; readonly close: CloseInfo }
  | { readonly type: 'scheduled'; readonly as: WaitingName; readonly nextAttemptAt: number | undefined }
  | { readonly type: 'stop' }

export type WaitingName = 'backoff' | 'pairing' | 'parked'
export type StateName = State['name']
export type EventType = Event['type']

export interface ReadChallenge {
  readonly nonce: string
  /** Undefined when the gateway gave no usable time; a device cannot sign then. */
  readonly ts: number | undefined
  /** The gateway can hold its answer until a person has given his. */
  readonly canHold: boolean
}

export type Effect =
  | { readonly type: 'open' }
  /** Replaces the handshake deadline. */
  | { readonly type: 'arm'; readonly phase: ConnectPhase }
  /** `isWaiting`: a person is being waited for, and there is time for the gateway to hold its answer. */
  | { readonly type: 'prepare'; readonly challenge: ReadChallenge; readonly isWaiting: boolean }
  | { readonly type: 'send'; readonly text: string }
  /** From now on somebody else takes the time: nobody should wait for this attempt. */
  | { readonly type: 'yield' }
  | { readonly type: 'close'; readonly close: CloseInfo }
  | { readonly type: 'begin'; readonly hello: HelloOk }
  /** Find out what the refusal means for the credentials; answered by `noted`. */
  | { readonly type: 'note'; readonly error: ClientError }
  /** The attempt or the session is over. The socket may still be closing. */
  | { readonly type: 'end'; readonly ending: Ending }

export type Transition = readonly [State, readonly Effect[]]

type StateOf<N extends StateName> = Extract<State, { name: N }>
type EventOf<T extends EventType> = Extract<Event, { type: T }>
type Row<N extends StateName> = { readonly [T in EventType]?: (state: StateOf<N>, event: EventOf<T>) => Transition }

export const CLIENT_CLOSE = {
  stopped: { code: 1000, reason: '' },
  failed: { code: 1008, reason: 'connect failed' },
  retried: { code: 1008, reason: 'connect retry' },
  starting: { code: 1013, reason: 'gateway starting' },
  noChallenge: { code: 1008, reason: 'connect challenge timeout' },
  badChallenge: { code: 1008, reason: 'connect challenge missing nonce' },
  noHello: { code: 4000, reason: 'connect timeout' },
  silent: { code: 4000, reason: 'tick timeout' },
} as const satisfies Record<string, CloseInfo>

const dial = (state: State, { generation }: EventOf<'dial'>): Transition => [
  { name: 'connecting', generation, phase: 'open', waitsFor: state.name === 'pairing' ? state.ending : undefined },
  [{ type: 'open' }, { type: 'arm', phase: 'open' }],
]
const stop = (): Transition => [{ name: 'stopped' }, [{ type: 'close', close: CLIENT_CLOSE.stopped }]]
const stopAttempt = (): Transition => {
  const [, effects] = end(new ClientError('CLOSED', 'the connection was stopped'), CLIENT_CLOSE.stopped)
  return [{ name: 'stopped' }, effects]
}
const failed = (_: State, { error }: EventOf<'failed'>): Transition => end(error, CLIENT_CLOSE.failed)
const closedEarly = (_: State, { close }: EventOf<'closed'>): Transition => {
  const fallback = `the connection was closed before hello-ok: ${describeClose(close)}`
  return end(close.error ?? new ClientError('CONNECT_FAILED', fallback, { close: infoOf(close) }))
}
const scheduled = (state: State & Waiting, { as, nextAttemptAt }: EventOf<'scheduled'>): Transition => {
  const isKnown = state.isScheduled && state.name === as && state.nextAttemptAt === nextAttemptAt
  return [isKnown ? state : { name: as, ending: state.ending, isScheduled: true, nextAttemptAt }, []]
}
const timeout = (phase: ConnectPhase, waitedFor: string, close: CloseInfo): Transition =>
  end(new ClientError('CONNECT_TIMEOUT', `the gateway did not ${waitedFor} in time`, { phase }), close)

const waiting = { dial, scheduled, stop } as const

export const TABLE: { readonly [N in StateName]: Row<N> } = {
  idle: { dial, stop },
  connecting: {
    opened: (state) => [{ ...state, phase: 'challenge' }, [{ type: 'arm', phase: 'challenge' }]],
    challenge: ({ generation, waitsFor }, { payload }) => {
      const challenge = readChallenge(payload)
      if (challenge !== undefined) {
        const isWaiting = waitsFor !== undefined
        return [{ name: 'challenged', generation, waitsFor }, [{ type: 'prepare', challenge, isWaiting }]]
      }
      return end(new ClientError('INVALID_CHALLENGE', 'the challenge carries no nonce'), CLIENT_CLOSE.badChallenge)
    },
    failed,
    expired: ({ phase }) =>
      phase === 'open'
        ? timeout('open', 'accept the connection', CLIENT_CLOSE.noChallenge)
        : timeout('challenge', 'send its challenge', CLIENT_CLOSE.noChallenge),
    closed: closedEarly,
    stop: stopAttempt,
  },
  challenged: {
    prepared: (state, { text, connectId, isHeld }) => [
      { ...state, name: 'authenticating', connectId },
      [{ type: 'send', text }, { type: 'arm', phase: 'hello' }, ...(isHeld ? [{ type: 'yield' } as const] : [])],
    ],
    failed,
    // The gateway kept its part of the bargain: our own key or store is what took so long.
    expired: () => timeout('challenge', 'get our answer to its challenge', CLIENT_CLOSE.noHello),
    closed: closedEarly,
    stop: stopAttempt,
  },
  authenticating: {
    answered,
    failed,
    expired: () => timeout('hello', 'answer connect', CLIENT_CLOSE.noHello),
    closed: (state, event) =>
      isUnexplainedMismatch(event.close) ? refuse(state, TOKEN_MISMATCH) : closedEarly(state, event),
    stop: stopAttempt,
  },
  refused: {
    noted: ({ error }, { hasFallback }) => end(error, closeAfter(error, hasFallback), { hasFallback }),
    // Given up while noting: the refusal stays the reason.
    failed: ({ error }) => end(error, CLIENT_CLOSE.failed),
    stop: stopAttempt,
  },
  ready: {
    silent: () => {
      const text = 'nothing was heard from the gateway for two tick intervals'
      return end(new ClientError('CLOSED', text, { close: CLIENT_CLOSE.silent }), CLIENT_CLOSE.silent)
    },
    restart: (_, { close }) => end(new ClientError('CLOSED', `reconnecting: ${close.reason}`, { close }), close),
    closed: (_, { close, restartExpectedMs }) => {
      const text = `the connection was closed: ${describeClose(close)}`
      const facts = { close: infoOf(close), ...(close.error === undefined ? {} : { cause: close.error }) }
      return end(new ClientError('CLOSED', text, facts), undefined, { restartExpectedMs })
    },
    stop: stopAttempt,
  },
  backoff: waiting,
  pairing: waiting,
  parked: waiting,
  stopped: { dial },
}

/** The next state and what to do about it. A pair outside the table returns the same state object and no effects. */
export function step(state: State, event: Event): Transition {
  const row: Partial<Record<EventType, (state: never, event: never) => Transition>> = TABLE[state.name]
  const rule = row[event.type]
  return rule === undefined ? [state, []] : rule(state as never, event as never)
}

function answered(state: StateOf<'authenticating'>, { frame }: EventOf<'answered'>): Transition {
  const { generation, connectId } = state
  if (frame.id !== connectId) return [state, []]
  if (!frame.ok) {
    return frame.error === undefined ? end(invalidAnswer(), CLIENT_CLOSE.failed) : refuse(state, frame.error)
  }
  if (!isHello(frame.payload)) return end(invalidAnswer(), CLIENT_CLOSE.failed)
  const hello = frame.payload
  return [{ name: 'ready', generation, hello }, [{ type: 'begin', hello }]]
}

function refuse({ generation, waitsFor }: StateOf<'authenticating'>, wire: WireErrorShape): Transition {
  const error = new ClientError('CONNECT_REFUSED', foreignText(String(wire.message)), { wire })
  return [{ name: 'refused', generation, waitsFor, error }, [{ type: 'note', error }]]
}

const closeAfter = (error: ClientError, hasFallback: boolean): CloseInfo => {
  if (hasFallback) return CLIENT_CLOSE.retried
  return isStarting(error) ? CLIENT_CLOSE.starting : CLIENT_CLOSE.failed
}

const TOKEN_MISMATCH = wireError('AUTH_DEVICE_TOKEN_MISMATCH')
const TOKEN_MISMATCH_REASON = cutCloseReason(ERRORS.AUTH_DEVICE_TOKEN_MISMATCH.message)

/**
 * Gateways from before error details refuse a device token by the close alone. Their reason is one constant of the wire
 * and is compared as such; any other close says nothing about the token, which then stays (client notes 4.3).
 */
const isUnexplainedMismatch = ({ code, reason }: CloseInfo): boolean =>
  code === CLIENT_CLOSE.failed.code && reason === TOKEN_MISMATCH_REASON

/** Ends an attempt or a session: the verdict decides how the waiting is called. */
function end(error: ClientError, close?: CloseInfo, context: RecoveryContext = {}): Transition {
  const ending = { error, verdict: judgeError(error, context), hasFallback: context.hasFallback === true }
  const closing: readonly Effect[] = close === undefined ? [] : [{ type: 'close', close }]
  const name = WAITING_AFTER[ending.verdict.verdict]
  return [{ name, ending, isScheduled: false, nextAttemptAt: undefined }, [...closing, { type: 'end', ending }]]
}

const WAITING_AFTER = { retry: 'backoff', pairing: 'pairing', terminal: 'parked' } as const

function readChallenge(payload: unknown): ReadChallenge | undefined {
  if (!isRecord(payload) || typeof payload.nonce !== 'string' || payload.nonce.trim() === '') return undefined
  const { nonce, ts, capabilities } = payload
  return {
    nonce,
    ts: typeof ts === 'number' && Number.isSafeInteger(ts) && ts >= 0 ? ts : undefined,
    canHold: Array.isArray(capabilities) && capabilities.includes(PAIRING_WAIT_CAP),
  }
}

function isHello(payload: unknown): payload is HelloOk {
  return (
    isRecord(payload) &&
    payload.type === 'hello-ok' &&
    isRecord(payload.server) &&
    isRecord(payload.auth) &&
    isRecord(payload.policy) &&
    isRecord(payload.features) &&
    isRecord(payload.snapshot)
  )
}

const invalidAnswer = (): ClientError =>
  new ClientError('INVALID_RESPONSE', 'the gateway answered connect with neither hello-ok nor an error')

const infoOf = ({ code, reason }: CloseInfo): CloseInfo => ({ code, reason })

const describeClose = ({ code, reason }: CloseInfo): string =>
  reason === '' ? `code ${code}` : `code ${code}, ${foreignText(reason)}`
