// The form of a conformance case: what one peer sends and what each dialect of the protocol answers. Types and the few
// words cases are written in; driving and comparing are elsewhere.

import type { ErrorName } from '@breakwater/protocol'
import type { SignOptions } from '@breakwater/testkit'
import type { ConfigurationName } from './configurations.ts'
import type { RequirementId } from './requirements.ts'

/** `ours`: this repository. `official`: the published gateway whose clients must work here. */
export type Dialect = 'ours' | 'official'

/** Stands for the target's shared secret anywhere in what a case sends. */
export const SECRET = '{secret}'
/** Stands for the device token that the preparation of the case was given. */
export const DEVICE_TOKEN = '{device-token}'

/** Stands for the target's own origin in a header. */
export const OWN_ORIGIN = '{origin}'

/** A connect as it is sent; `undefined` leaves a property out. Deliberately untyped: cases send nonsense too. */
export type ConnectTemplate = Readonly<Record<string, unknown>>

/** `new`: a key of its own. `prepared`: the key of the case's preparation. Options spoil the proof. */
export type DeviceTemplate = Omit<SignOptions, 'signedAtMs'> & {
  readonly key: 'new' | 'prepared'
  /** Distance of the signature's time from the challenge, in milliseconds. */
  readonly signedAtOffsetMs?: number
}

export type Sent =
  | {
      readonly kind: 'connect'
      readonly params: ConnectTemplate
      readonly device?: DeviceTemplate
      readonly bytes?: number
      readonly as?: 'binary'
      readonly behind?: readonly unknown[]
    }
  /** First messages other than a connect, sent at once. Strings and bytes go out as they are. */
  | { readonly kind: 'messages'; readonly messages: readonly unknown[]; readonly isText?: true }
  /** Nothing after the challenge, pings apart. */
  | { readonly kind: 'silence'; readonly pings?: true }
  /** Bytes on a bare socket, before any upgrade. */
  | { readonly kind: 'bytes'; readonly text: string }
  /** This many silent connections are opened before the one that is judged. */
  | { readonly kind: 'crowd'; readonly silent: number; readonly params: ConnectTemplate }

/** A connection that was here before, on this machine, and is gone again. */
export interface Preparation {
  readonly params: ConnectTemplate
  readonly device?: true
  /** Whether it is refused, and how often it comes. */
  readonly refused?: true
  readonly times?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface FollowUp {
  readonly method?: string
  readonly params?: unknown
  /** Sent as it is; answered under the id `invalid` or not at all. */
  readonly message?: unknown
  readonly times?: number
  /** Length of the message in bytes; it is not answered. */
  readonly bytes?: number
}

export interface ConnectCase {
  readonly id: string
  /** The behaviour as a sentence. */
  readonly title: string
  readonly cites: readonly RequirementId[]
  /** `token` unless said otherwise. */
  readonly configuration?: ConfigurationName
  /** Leaves penalties behind that other cases would feel: wants a gateway of its own, or to be the last. */
  readonly isLoud?: true
  readonly headers?: Readonly<Record<string, string>>
  readonly prepare?: readonly Preparation[]
  readonly send: Sent
  readonly followUps?: readonly FollowUp[]
  readonly expect: Expectation | Divergence
  /** Names of errors without a detail code that it provokes in ours, for the pin on the error table. */
  readonly provokes?: readonly ErrorName[]
}

/** The two dialects answer differently, and why this gateway does. */
export interface Divergence {
  readonly ours: Expectation
  readonly official: Expectation
  readonly why: string
}

export type Expectation = Hello | Refused | Closed | HttpRefused | Answered | Unobserved

/** A value, a pattern, or `ABSENT`. */
export type Matcher = string | number | boolean | RegExp | readonly string[] | typeof ABSENT
export const ABSENT = Symbol('absent')

export interface Hello {
  readonly kind: 'hello'
  readonly scopes?: readonly string[]
  readonly method?: string
  readonly hasDeviceToken?: boolean
}

/** An error response, then the close. */
export interface Refused {
  readonly kind: 'refused'
  readonly code: string
  /** `details.code`; undefined: there must be none. */
  readonly detail: string | undefined
  readonly message: Matcher
  readonly details?: Readonly<Record<string, Matcher>>
  /** Absent on the wire means false. */
  readonly retryable?: boolean
  readonly close: number
  /** The message, cut to what a close frame carries, unless given. */
  readonly closeReason?: Matcher
}

/** A close without a response. */
export interface Closed {
  readonly kind: 'closed'
  readonly close: number
  readonly reason: Matcher
}

export interface HttpRefused {
  readonly kind: 'http'
  readonly status: number
  /** `error.type` of a JSON body; undefined: plain text. */
  readonly type: string | undefined
}

/** Hello-ok, then the answer to the last follow-up. */
export interface Answered {
  readonly kind: 'answered'
  /** Follow-ups that were answered; all of them unless given. */
  readonly count?: number
  /** Undefined: a success. */
  readonly error?: {
    readonly code: string
    readonly detail?: string
    readonly message: Matcher
    readonly details?: Readonly<Record<string, Matcher>>
    readonly retryable?: boolean
  }
  /** Response id of the last answer when it is not the request's. */
  readonly id?: string
  /** The connection ends; undefined: it stays open. */
  readonly close?: { readonly code: number; readonly reason: Matcher }
}

/** The dialect was not watched doing this, and why; its case is skipped there. */
export interface Unobserved {
  readonly kind: 'unobserved'
  readonly why: string
}

export const isDivergence = (expect: ConnectCase['expect']): expect is Divergence => 'ours' in expect

export const expectationOf = ({ expect }: ConnectCase, dialect: Dialect): Expectation =>
  isDivergence(expect) ? expect[dialect] : expect

export const hello = (more: Omit<Hello, 'kind'> = {}): Hello => ({ kind: 'hello', ...more })

export const closed = (close: number, reason: Matcher): Closed => ({ kind: 'closed', close, reason })

export const http = (status: number, type: string | undefined): HttpRefused => ({ kind: 'http', status, type })

export const answered = (more: Omit<Answered, 'kind'> = {}): Answered => ({ kind: 'answered', ...more })

export const unobserved = (why: string): Unobserved => ({ kind: 'unobserved', why })

export const refused = (
  code: string,
  detail: string | undefined,
  message: Matcher,
  more: Omit<Refused, 'kind' | 'code' | 'detail' | 'message' | 'close'> & { readonly close?: number } = {},
): Refused => ({ kind: 'refused', code, detail, message, close: 1008, ...more })
