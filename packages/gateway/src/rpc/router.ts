// Takes one message of a peer to its handler and the answer back: decode, role, scope, schema, idempotency, handler.
// Knows no method's meaning. Handlers that answer at once never leave the current turn of the loop.

import { createHash } from 'node:crypto'
import {
  CLOSE,
  decodeRequest,
  type ErrorName,
  type ErrorOptions,
  encodeError,
  encodeOk,
  encodeOkJson,
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
import type { Spans } from '../observe/spans.ts'
import { Call } from './call.ts'
import type { MethodDefinition, MethodHandler } from './define-method.ts'
import { FairQueue } from './fair-queue.ts'
import { IdempotencyCache } from './idempotency.ts'
import { missingScope } from './refusals.ts'
import { RunningCalls } from './running-calls.ts'
import { toWireError } from './to-wire-error.ts'
import { WriteLimiter } from './write-limiter.ts'

/** Consecutive calls of the other role's methods that a connection survives; the next one ends it (protocol notes 5). */
const MAX_ROLE_VIOLATIONS = 11
const DEFAULT_DEADLINE_MS = 30_000
/** Longer idempotency keys are remembered by their digest. */
const MAX_KEPT_KEY_CHARS = 128
/** What a remembered outcome counts for beside its payload. */
const OUTCOME_BYTES = 256
/** The hint of a request that came while its connection was being closed for a restart. */
const RESTART_RETRY_AFTER_MS = 500

export interface RouterComponents {
  readonly methods: readonly MethodDefinition[]
  readonly validators: ParamsValidators
  readonly log: Logger
  readonly nowMs: () => number
  /** Stops or resumes reading from every connection of an owner whose requests pile up. */
  readonly setReading: (ownerKey: string, reading: boolean) => void
  /** Names a stall after the method that caused it; undefined: nobody measures. */
  readonly spans?: Spans
}

/** Told of each answered request: the method, `ok` or the code of its error, and how long it took. */
export type AnswerListener = (method: string, outcome: string, durationMs: number) => void

/** What a call with effects came to; the payload as it was encoded for the first caller. */
type Outcome =
  | { readonly ok: true; readonly payload: EncodedPayload }
  | { readonly ok: false; readonly error: WireErrorShape }

class EncodedPayload {
  /** Undefined when there is no payload. */
  readonly json: string | undefined

  constructor(payload: unknown) {
    this.json = JSON.stringify(payload)
  }
}

export class Router {
  readonly #methods: ReadonlyMap<string, MethodDefinition>
  readonly #validators: ParamsValidators
  readonly #log: Logger
  readonly #queue: FairQueue
  readonly #outcomes: IdempotencyCache<Outcome>
  readonly #writes: WriteLimiter
  readonly #running = new RunningCalls()
  readonly #spans: Spans | undefined
  /** Connections whose new requests are refused because they are about to be closed. */
  readonly #draining = new WeakSet<Peer>()
  #isDraining = false
  /** Undefined: nobody listens, and nothing is measured. */
  onAnswered: AnswerListener | undefined

  constructor({ methods, validators, log, nowMs, setReading, spans }: RouterComponents) {
    this.#methods = new Map(methods.map((method) => [method.name, method]))
    this.#validators = validators
    this.#log = log
    this.#queue = new FairQueue({ onPause: (owner, isPaused) => setReading(owner, !isPaused) })
    this.#outcomes = new IdempotencyCache({
      nowMs,
      bytesOf: (outcome) => OUTCOME_BYTES + (outcome.ok ? (outcome.payload.json?.length ?? 0) : 0),
    })
    this.#writes = new WriteLimiter({ nowMs })
    this.#spans = spans
  }

  /** Names of the methods served, for `hello-ok.features`. */
  get methodNames(): string[] {
    return [...this.#methods.keys()]
  }

  /** Requests refused because too much was waiting. */
  get refusedCount(): number {
    return this.#queue.refusedCount
  }

  /** Requests that have not started. */
  get waitingCount(): number {
    return this.#queue.waitingCount
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
    if (this.#isDraining && this.#draining.has(peer)) {
      this.#refuseForRestart(peer, frame)
      return
    }
    const accepted = this.#queue.submit(peer.ownerKey, {
      bytes: text.length,
      prepare: () => (this.#validators.isLoaded(frame.method) ? undefined : this.#validators.load(frame.method)),
      run: () => this.#serve(peer, frame),
    })
    if (!accepted) this.#refuse(peer, frame.id, 'BUSY', { retryAfterMs: 1_000 })
  }

  /** Calls a method for a caller inside the process: same checks, no frames. Rejects with `WireError`. */
  async call(peer: Peer, method: string, params?: unknown): Promise<unknown> {
    try {
      await this.#validators.load(method)
      const call = new Call(peer, 'in-process', this.#log)
      const result = this.#invoke(call, method, params)
      const payload = isPromise(result) ? await this.#untilDeadline(call, method, result) : result
      if (!(payload instanceof EncodedPayload)) return payload
      return payload.json === undefined ? undefined : JSON.parse(payload.json)
    } catch (thrown) {
      throw new WireError(toWireError(thrown, method, this.#log), { cause: thrown })
    }
  }

  /** From now on new requests of the connection are refused; what runs goes on. */
  drain(peer: Peer): void {
    this.#isDraining = true
    this.#draining.add(peer)
  }

  /** Whether nothing of the connection waits or runs that ends by itself. Waits without a deadline do not count. */
  isIdle(peer: Peer): boolean {
    return !this.#queue.isWaiting(peer.ownerKey) && this.#running.isIdle(peer)
  }

  /** Aborts what the connection still waits for. */
  peerClosed(peer: Peer): void {
    this.#running.abort(peer)
  }

  /** Answers one request: at once when its handler does, else when it is done. */
  #serve(peer: Peer, frame: RequestFrame): void | Promise<void> {
    if (peer.isClosed) return
    const startedAt = this.onAnswered === undefined ? 0 : performance.now()
    if (this.#spans === undefined) return this.#answer(peer, frame, startedAt)
    // Peers choose the text of a method: only names of ours become labels.
    const label = this.#methods.has(frame.method) ? frame.method : 'unserved method'
    return this.#spans.run(label, () => this.#answer(peer, frame, startedAt))
  }

  #answer(peer: Peer, frame: RequestFrame, startedAt: number): void | Promise<void> {
    const call = new Call(peer, frame.id, this.#log)
    try {
      const result = this.#invoke(call, frame.method, frame.params)
      if (isPromise(result)) return this.#answerLater(call, frame, result, startedAt)
      peer.outbound.send(encodeResult(frame.id, result))
      this.#tell(frame.method, 'ok', startedAt)
    } catch (thrown) {
      this.#answerFault(peer, frame, thrown, startedAt)
    }
  }

  async #answerLater(call: Call, frame: RequestFrame, result: Promise<unknown>, startedAt: number): Promise<void> {
    const { peer } = call
    try {
      const payload = await this.#untilDeadline(call, frame.method, result)
      if (!peer.isClosed) peer.outbound.send(encodeResult(frame.id, payload))
      this.#tell(frame.method, 'ok', startedAt)
    } catch (thrown) {
      // An aborted handler ends by rejecting; nobody waits for its answer.
      if (peer.isClosed && call.isAborted) this.#tell(frame.method, 'aborted', startedAt)
      else this.#answerFault(peer, frame, thrown, startedAt)
    }
  }

  #answerFault(peer: Peer, { id, method }: RequestFrame, thrown: unknown, startedAt: number): void {
    const error = toWireError(thrown, method, this.#log)
    this.#sendError(peer, id, error)
    this.#tell(method, error.code, startedAt)
  }

  #tell(method: string, outcome: string, startedAt: number): void {
    // Whoever began to listen while the request ran does not know when it began.
    if (this.onAnswered === undefined || startedAt === 0) return
    this.onAnswered(this.#methods.has(method) ? method : 'unserved', outcome, performance.now() - startedAt)
  }

  #refuseForRestart(peer: Peer, { id, method }: RequestFrame): void {
    this.#refuse(peer, id, 'GATEWAY_STOPPING', {
      message: 'request unavailable during gateway restart',
      retryAfterMs: RESTART_RETRY_AFTER_MS,
      details: { reason: 'gateway-restarting', method: method.slice(0, MAX_KEPT_KEY_CHARS) },
    })
  }

  /** The way of every call, whoever makes it. Throws `WireError`; what a handler throws passes through. */
  #invoke(call: Call, method: string, params: unknown): unknown {
    const { peer } = call
    const problem = this.#accessProblem(peer, method)
    if (problem !== undefined) throw problem
    peer.roleViolations = 0
    const handler = this.#checkedHandler(peer, method, params)
    const run = (): unknown => handler((params ?? {}) as never, call)
    return IDEMPOTENT_METHODS.has(method) ? this.#runOnce(peer, method, params, run) : run()
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
    const retryAfterMs = this.#writes.take(method, peer.callerKey)
    if (retryAfterMs === undefined) return
    throw new WireError('RATE_LIMITED', {
      message: `rate limit exceeded for ${method}; retry after ${Math.ceil(retryAfterMs / 1000)}s`,
      retryAfterMs,
      details: { method, limit: '30 per 60s' },
    })
  }

  /** Runs a call with effects once per key; a repeated key gets the stored outcome, an overlapping one joins. */
  async #runOnce(peer: Peer, method: string, params: unknown, run: () => unknown): Promise<EncodedPayload> {
    const key = isRecord(params) ? params.idempotencyKey : undefined
    if (typeof key !== 'string' || key.length === 0) throw new WireError('IDEMPOTENCY_KEY_REQUIRED')
    const outcome = await this.#outcomes.once(`${peer.callerKey}\n${method}\n${keptKey(key)}`, async () => {
      try {
        return { ok: true, payload: new EncodedPayload(await run()) }
      } catch (thrown) {
        return { ok: false, error: toWireError(thrown, method, this.#log) }
      }
    })
    if (outcome.ok) return outcome.payload
    throw new WireError(outcome.error)
  }

  #untilDeadline(call: Call, method: string, result: Promise<unknown>): Promise<unknown> {
    const deadlineMs = this.#methods.get(method)?.deadlineMs ?? DEFAULT_DEADLINE_MS
    return this.#running.untilDeadline(call, { method, deadlineMs }, result)
  }

  #refuse(peer: Peer, id: string, name: ErrorName, options: ErrorOptions): void {
    this.#sendError(peer, id, wireError(name, options))
  }

  #sendError(peer: Peer, id: string, error: WireErrorShape): void {
    peer.outbound.send(encodeError(id, error))
  }
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

const encodeResult = (id: string, payload: unknown): string =>
  payload instanceof EncodedPayload ? encodeOkJson(id, payload.json) : encodeOk(id, payload)

const keptKey = (key: string): string =>
  key.length <= MAX_KEPT_KEY_CHARS ? key : createHash('sha256').update(key).digest('base64url')
