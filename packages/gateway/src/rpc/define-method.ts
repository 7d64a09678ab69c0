// How a method is declared: its wire name and a short handler. Role, scope and parameter schema come from the protocol.

import type { ErrorOptions } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { Logger } from '../observe/logger.ts'

/** What a handler knows about its call. Never the socket. */
export interface CallContext {
  readonly peer: Peer
  /** Aborts when the caller disconnects or the request's deadline passes. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Answers the same request once more after the first response (two-phase methods). */
  respondAgain(payload: unknown): void
  failAgain(options: ErrorOptions & { name: import('@breakwater/protocol').ErrorName; payload?: unknown }): void
}

export type MethodHandler<Params = unknown> = (params: Params, context: CallContext) => unknown

export interface MethodDefinition {
  readonly name: string
  readonly handler: MethodHandler<never>
  /** Deadline of one call in milliseconds; undefined: the router's default. 0: none. */
  readonly deadlineMs?: number
}

/** Declares a method. Parameters arrive validated; a thrown `WireError` is the answer, anything else is a fault. */
export const defineMethod = <Params>(
  name: string,
  handler: MethodHandler<Params>,
  options: { readonly deadlineMs?: number } = {},
): MethodDefinition => ({ name, handler: handler as MethodHandler<never>, ...options })
