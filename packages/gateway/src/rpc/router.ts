// Takes one message of a peer to its handler and the answer back: decode, role, scope, schema, idempotency, handler.
// Knows no method's meaning. Handlers that answer at once never leave the current turn of the loop.

import {
  CLOSE,
  CONTRACT_METHODS,
  decodeRequest,
  type ErrorName,
  type ErrorOptions,
  encodeError,
  encodeOk,
  IDEMPOTENT_METHODS,
  isControlPlaneWrite,
  isRecord,
  methodAccess,
  type RequestFrame,
  WireError,
  type WireErrorShape,
  wireError,
} from '@breakwater/protocol'
import type { ParamsValidators } from '@breakwater/protocol/params-validators'
import type { Peer } from '../connection/peer.ts'
import type { Logger } from '../observe/logger.ts'
import { Call } from './call.ts'
import type { MethodDefinition, MethodHandler } from './define-method.ts'
import { FairQueue } from './fair-queue.ts'
import { IdempotencyCache } from './idempotency.ts'
import { toWireError } from './to-wire-error.ts'
import { WriteLimiter } from './write-limiter.ts'

/** Consecutive calls of the other role's methods that a connection survives; the next one ends it (protocol notes 5). */
const MAX_ROLE_VIOLATIONS = 11
const DEFAULT_DEADLINE_MS = 30_000
/** Calls of one connection that may be waiting for their handlers, for aborting them when it closes. */
type RunningCalls = Set<Call>

export interface RouterComponents {
  readonly methods: readonly MethodDefinition[]
  readonly validators: ParamsValidators
  readonly log: Logger
  readonly nowMs: () => number
  /** Stops or resumes reading from every connection of an owner whose requests pile up. */
  readonly setReading: (ownerKey: string, reading: boolean) => void
}

type Outcome = { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly error: WireErrorShape }

export class Router {
  readonly #methods: ReadonlyMap<string, MethodDefinition>
  readonly #validators: ParamsValidators
  readonly #log: Logger
  readonly #queue: FairQueue
  readonly #outcomes: IdempotencyCache<Outcome>
  readonly #writes: WriteLimiter
  readonly #running = new WeakMap<Peer, RunningCalls>()

  constructor({ methods, validators, log, nowMs, setReading }: RouterComponents) {
    this.#methods = new Map(methods.map((method) => [method.name, method]))
    this.#validators = validators
    this.#log = log
    this.#queue = new FairQueue({ onPause: (owner, isPaused) => setReading(owner, !isPaused) })
    this.#outcomes = new IdempotencyCache({ nowMs })
    this.#writes = new WriteLimiter({ nowMs })
  }

  /** Names of the methods served, for `hello-ok.features`. */
  get methodNames(): string[] {
    return [...this.#methods.keys()]
  }

  /** Requests refused because too much was waiting. */
  get refusedCount(): number {
    return this.#queue.refusedCount
  }

  /** One message of a connection. Messages that are not JSON are dropped, as on the wire. */
  receive(peer: Peer, text: string): void {
    const decoded = decodeRequest(text)
    if (!decoded.ok) {
      if (decoded.problem === 'not-request') {
        this.#refuse(peer, decoded.id, 'INVALID_FRAME', { message: `invalid request frame: ${decoded.reason}` })
      }
      return
    }
    const { frame } = decoded
    const accepted = this.#queue.submit(peer.ownerKey, { bytes: text.length, run: () => this.#serve(peer, frame) })
    if (!accepted) this.#refuse(peer, frame.id, 'BUSY', { retryAfterMs: 1_000 })
  }

  /**
   * Calls a method for a caller inside the process: same checks, no frames. Rejects with `WireError`.
   */
  async call(peer: Peer, method: string, params?: unknown): Promise<unknown> {
    const access = this.#accessProblem(peer, method)
    if (access !== undefined) throw access
    await this.#validators.load(method)
    const call = new Call(peer, 'in-process', this.#log)
    return await this.#checkedHandler(peer, method, params)(params as never, call)
  }

  /** Aborts what the connection still waits for. */
  peerClosed(peer: Peer): void {
    for (const call of this.#running.get(peer) ?? []) call.abort(new Error('connection closed'))
    this.#running.delete(peer)
  }

  #serve(peer: Peer, frame: RequestFrame): void | Promise<void> {
    if (peer.isClosed) return
    const problem = this.#accessProblem(peer, frame.method)
    if (problem !== undefined) {
      this.#sendError(peer, frame.id, problem.shape)
      return
    }
    peer.roleViolations = 0
    if (!this.#validators.isLoaded(frame.method)) {
      return this.#validators.load(frame.method).then(() => this.#run(peer, frame))
    }
    return this.#run(peer, frame)
  }

  #run(peer: Peer, frame: RequestFrame): void | Promise<void> {
    const call = new Call(peer, frame.id, this.#log)
    let result: unknown
    try {
      const handler = this.#checkedHandler(peer, frame.method, frame.params)
      result = IDEMPOTENT_METHODS.has(frame.method)
        ? this.#runOnce(peer, frame, () => handler(frame.params as never, call))
        : handler((frame.params ?? {}) as never, call)
    } catch (thrown) {
      this.#sendError(peer, frame.id, toWireError(thrown, frame.method, this.#log))
      return
    }
    if (!isPromise(result)) {
      peer.outbound.send(encodeOk(frame.id, result))
      return
    }
    return this.#finish(peer, frame, call, result)
  }

  /** Role and scope, judged before anything else is looked at; undefined when the call may go on. */
  #accessProblem(peer: Peer, method: string): WireError | undefined {
    const access = methodAccess(method)
    const { role } = peer.identity
    if (access === undefined) return this.#unknownMethodProblem(peer, method)
    if (!access.roles.includes(role)) return this.#wrongRole(peer)
    if (access.scope !== undefined && role === 'operator' && !peer.hasScope(access.scope))
      return missingScope(access.scope)
    if (method === 'connect') return new WireError('CONNECT_REPEATED')
    return undefined
  }

  #wrongRole(peer: Peer): WireError {
    peer.roleViolations += 1
    // The answer to this call goes out first; the close follows it.
    if (peer.roleViolations > MAX_ROLE_VIOLATIONS) {
      queueMicrotask(() => peer.close(CLOSE.policy.code, 'repeated unauthorized calls'))
    }
    return new WireError('UNAUTHORIZED_ROLE', { message: `unauthorized role: ${peer.identity.role}` })
  }

  /** Scope is checked before existence: who may not do everything does not learn what exists. */
  #unknownMethodProblem(peer: Peer, method: string): WireError {
    if (peer.identity.role !== 'operator') return this.#wrongRole(peer)
    if (!peer.hasScope('operator.admin')) return missingScope('operator.admin')
    return new WireError('UNKNOWN_METHOD', { message: `unknown method: ${method.slice(0, 128)}` })
  }

  /** The handler, once limits and schema have nothing against the call. Throws `WireError`. */
  #checkedHandler(peer: Peer, method: string, params: unknown): MethodHandler<never> {
    const definition = this.#methods.get(method)
    if (definition === undefined) {
      throw new WireError('NOT_IMPLEMENTED', {
        details: { reason: 'not-implemented', method },
        nextCommand: 'breakwater --version',
      })
    }
    if (isControlPlaneWrite(method)) this.#limitWrite(peer, method)
    const problem = this.#validators.check(method, params)
    if (problem !== undefined)
      throw new WireError('INVALID_PARAMS', { message: `invalid ${method} params: ${problem}` })
    return definition.handler
  }

  #limitWrite(peer: Peer, method: string): void {
    const retryAfterMs = this.#writes.take(method, peer.ownerKey)
    if (retryAfterMs === undefined) return
    throw new WireError('RATE_LIMITED', {
      message: `rate limit exceeded for ${method}; retry after ${Math.ceil(retryAfterMs / 1000)}s`,
      retryAfterMs,
      details: { method, limit: '30 per 60s' },
    })
  }

  /** Runs a call with effects once per key; a repeated key gets the stored outcome, an overlapping one joins. */
  async #runOnce(peer: Peer, frame: RequestFrame, run: () => unknown): Promise<unknown> {
    const key = isRecord(frame.params) ? frame.params.idempotencyKey : undefined
    if (typeof key !== 'string' || key.length === 0) throw new WireError('IDEMPOTENCY_KEY_REQUIRED')
    const outcome = await this.#outcomes.once(`${peer.ownerKey}\n${frame.method}\n${key}`, async () => {
      try {
        return { ok: true, payload: await run() }
      } catch (thrown) {
        return { ok: false, error: toWireError(thrown, frame.method, this.#log) }
      }
    })
    if (outcome.ok) return outcome.payload
    throw new WireError(outcome.error)
  }

  async #finish(peer: Peer, frame: RequestFrame, call: Call, result: Promise<unknown>): Promise<void> {
    const running = this.#running.get(peer) ?? new Set()
    this.#running.set(peer, running)
    running.add(call)
    const deadlineMs = this.#methods.get(frame.method)?.deadlineMs ?? DEFAULT_DEADLINE_MS
    const deadline = Promise.withResolvers<never>()
    const timer =
      deadlineMs === 0
        ? undefined
        : setTimeout(() => {
            const overdue = new WireError('REQUEST_TIMEOUT', { details: { method: frame.method, deadlineMs } })
            call.abort(overdue)
            deadline.reject(overdue)
          }, deadlineMs)
    try {
      const payload = await (timer === undefined ? result : Promise.race([result, deadline.promise]))
      if (!peer.isClosed) peer.outbound.send(encodeOk(frame.id, payload))
    } catch (thrown) {
      if (!peer.isClosed) this.#sendError(peer, frame.id, toWireError(thrown, frame.method, this.#log))
    } finally {
      clearTimeout(timer)
      running.delete(call)
    }
  }

  #refuse(peer: Peer, id: string, name: ErrorName, options: ErrorOptions): void {
    this.#sendError(peer, id, wireError(name, options))
  }

  #sendError(peer: Peer, id: string, error: WireErrorShape): void {
    peer.outbound.send(encodeError(id, error))
  }
}

const missingScope = (scope: string): WireError =>
  new WireError('MISSING_SCOPE', {
    message: `missing scope: ${scope}`,
    details: { missingScope: scope, requiredScopes: [scope] },
    nextCommand: 'breakwater devices list',
  })

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

/** Every contract method, served or not: a client that calls one is told which. */
export const contractMethodNames = (): string[] => Object.keys(CONTRACT_METHODS)
