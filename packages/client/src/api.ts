// Typed methods, derived from the contract's names: `client.call('sessions.list', …)` and `client.methods['sessions.list'](…)`.
// Types only, plus one proxy; no wrapper is written by hand. Names outside the contract stay callable, untyped.

import type { ContractMethod } from '@breakwater/protocol'
import type * as Contract from '@openclaw/gateway-protocol'
import type { Static, TSchema } from 'typebox'
import type { CallOptions } from './connection/calls.ts'

/** `sessions.list` and `SessionsList` both become `sessionslist`. */
type Letters<T extends string> = T extends `${infer A}.${infer B}`
  ? `${Letters<A>}${Letters<B>}`
  : T extends `${infer A}-${infer B}`
    ? `${Letters<A>}${Letters<B>}`
    : Lowercase<T>

type SchemasNamed<Suffix extends string> = {
  readonly [K in keyof typeof Contract as K extends `${infer Name}${Suffix}`
    ? Letters<Name>
    : never]: (typeof Contract)[K]
}
type ParamsSchemas = SchemasNamed<'ParamsSchema'>
type ResultSchemas = SchemasNamed<'ResultSchema'>

type StaticOf<S> = S extends TSchema ? Static<S> : unknown

/** The parameters the contract gives a method; `unknown` where it gives none. */
export type ParamsOf<M extends string> =
  Letters<M> extends infer L ? (L extends keyof ParamsSchemas ? StaticOf<ParamsSchemas[L]> : unknown) : never

/** The result the contract gives a method; `unknown` where it gives none. */
export type ResultOf<M extends string> =
  Letters<M> extends infer L ? (L extends keyof ResultSchemas ? StaticOf<ResultSchemas[L]> : unknown) : never

/** Any method name, with completion for the contract's. */
export type MethodName = ContractMethod | (string & {})

export type Methods = {
  readonly [M in ContractMethod]: (params?: ParamsOf<M>, options?: CallOptions) => Promise<ResultOf<M>>
}

/** Something that can call methods; `connectOnce` and `GatewayClient` both are. */
export interface Caller {
  /**
   * Resolves with the response's payload. Rejects with a ClientError: NOT_CONNECTED, PAYLOAD_TOO_LARGE, OVERLOADED and
   * INVALID_OPTIONS before anything is sent; REQUEST_REFUSED with the gateway's error; REQUEST_TIMEOUT, ABORTED and
   * CLOSED when the outcome is unknown. Never repeated automatically.
   */
  call<M extends MethodName>(method: M, params?: ParamsOf<M>, options?: CallOptions): Promise<ResultOf<M>>
  /** The same by name: `methods['sessions.list']({ limit: 5 })`. */
  readonly methods: Methods
}

/** Builds `methods` over `call`. Any string names a method, except `then`: the object must not look like a promise. */
export const toMethods = (call: Caller['call']): Methods =>
  new Proxy({} as Methods, {
    get: (_, name) =>
      typeof name !== 'string' || name === 'then'
        ? undefined
        : (params?: unknown, options?: CallOptions) => call(name, params as never, options),
  })
