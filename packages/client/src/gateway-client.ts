// A connection that is kept up: one driver, one retry owner (the supervisor), streams of status and events.
// Translates between the two and nothing else; what to do about an error is decided in connection/recovery.ts.

import type { HelloOk } from '@breakwater/protocol'
import type { Verdict } from '@breakwater/supervisor'
import {
  type Attempt,
  type ConnectionStatus,
  MAX_NAME_LENGTH,
  type Session,
  type Supervised,
  Supervisor,
} from '@breakwater/supervisor'
import { type Caller, type MethodName, type Methods, type ParamsOf, type ResultOf, toMethods } from './api.ts'
import { type ClientComponents, withPlatform } from './components.ts'
import type { CallOptions } from './connection/calls.ts'
import { MAX_EXTENSION_MS } from './connection/deadlines.ts'
import { ConnectionDriver, type DriverListener } from './connection/driver.ts'
import type { State, WaitingName } from './connection/machine.ts'
import type { Authenticator } from './credentials/authenticator.ts'
import { ClientError } from './errors.ts'
import { EventEmitter, type EventStream } from './event-stream.ts'
import { type ClientOptions, type ClientOptionsInput, resolveOptions } from './options.ts'
import { type ClientStatus, toStatus } from './status.ts'
import { Emitter, type Stream } from './stream.ts'

export interface GatewayClientComponents extends ClientComponents {
  /** Shared by every connection of the process whose starts should take turns. Unset = one of its own. */
  readonly supervisor?: Supervisor | undefined
}

export interface GatewayClientOptions extends ClientOptionsInput {
  /** Unique among the running connections of the supervisor. Unset = role and URL. */
  readonly name?: string
}

export class GatewayClient implements Caller, AsyncDisposable {
  /** Every event of every connection, from `start` to `stop`. */
  readonly events: EventStream
  readonly statuses: Stream<ClientStatus>
  readonly methods: Methods
  readonly options: ClientOptions
  readonly #events: EventEmitter
  readonly #statuses: Emitter<ClientStatus>
  readonly #driver: ConnectionDriver
  readonly #supervised: Supervised
  readonly #authenticator: Authenticator
  #unsubscribe: (() => void) | undefined
  #yieldSlot: () => void = () => {}

  /** Throws INVALID_OPTIONS, INVALID_URL or INSECURE_URL. Nothing happens before `start`. */
  constructor(components: GatewayClientComponents, input: GatewayClientOptions) {
    const { name, ...rest } = input
    const options = resolveOptions(rest)
    const platform = withPlatform(components)
    const { clock, random } = platform
    const supervisor = components.supervisor ?? new Supervisor({ clock, random })
    this.options = options
    this.#authenticator = components.authenticator
    this.#events = new EventEmitter(platform)
    this.#statuses = new Emitter(platform)
    this.events = this.#events
    this.statuses = this.#statuses
    this.methods = toMethods((method, params, callOptions) => this.call(method, params, callOptions))
    const listener: DriverListener = {
      onState: (state) => this.#onState(state),
      onEvent: (frame) => this.#events.emit(frame),
      onHeld: () => this.#yieldSlot(),
      onGap: (gap) => this.#statuses.emit({ type: 'gap', ...gap }),
      onCredentialFault: (error) => this.#statuses.emit({ type: 'credential-fault', error }),
    }
    this.#driver = new ConnectionDriver({ ...platform, listener }, options)
    const { openTimeoutMs, challengeTimeoutMs, helloTimeoutMs, closeGraceMs } = options
    this.#supervised = supervisor.supervise({
      name: name ?? `${options.role} ${options.endpoint.label}`.slice(0, MAX_NAME_LENGTH),
      kind: 'client',
      // Only ends what hangs in spite of every deadline of its own, extensions included.
      policy: {
        dialDeadlineMs: openTimeoutMs + challengeTimeoutMs + helloTimeoutMs + closeGraceMs + 3 * MAX_EXTENSION_MS,
      },
      dial: (attempt) => this.#dial(attempt),
      onChange: (status) => this.#onSchedule(status),
    })
  }

  /** Where the connection stands now; `gap` and `credential-fault` are seen in `statuses` only. */
  get status(): ClientStatus {
    return toStatus(this.#driver.state)
  }

  /** Of the current connection; undefined unless ready. */
  get hello(): HelloOk | undefined {
    return this.#driver.hello
  }

  /** Attempts, failures, last error, breaker and next attempt, as plain data. */
  get supervision(): ConnectionStatus {
    return this.#supervised.status()
  }

  /** Keeps the connection up until `stop`, or until `signal` aborts. Throws when started inside another client's dial. */
  start(signal?: AbortSignal): void {
    this.#supervised.start(signal)
    this.#unsubscribe ??= this.#authenticator.subscribe?.(this.options.endpoint, () => this.#onCredentialsChanged())
  }

  /** Resolves when the socket is gone and no timer is left. Pending calls reject with CLOSED. May be started again. */
  async stop(): Promise<void> {
    const gone = this.#driver.stop()
    this.#supervised.stop()
    await gone
    this.#events.end()
    this.#statuses.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /**
   * Resolves with hello-ok, now or when the connection is ready. Rejects with the refusal when parked, with CLOSED when
   * stopped, with ABORTED by the signal. Waits through backoff and pairing.
   */
  ready(signal?: AbortSignal): Promise<HelloOk> {
    const { promise, resolve, reject } = Promise.withResolvers<HelloOk>()
    const judge = (status: ClientStatus): void => {
      if (status.type === 'ready') resolve(status.hello)
      else if (status.type === 'parked') reject(status.error)
      else if (status.type === 'closed' && this.supervision.state === 'stopped')
        reject(new ClientError('CLOSED', 'the connection was stopped'))
    }
    const abort = (): void => reject(new ClientError('ABORTED', 'waiting was aborted', { cause: signal?.reason }))
    if (signal?.aborted === true) abort()
    else judge(this.status)
    const unsubscribe = this.#statuses.subscribe(judge)
    signal?.addEventListener('abort', abort)
    return promise.finally(() => {
      unsubscribe()
      signal?.removeEventListener('abort', abort)
    })
  }

  call<M extends MethodName>(method: M, params?: ParamsOf<M>, options?: CallOptions): Promise<ResultOf<M>> {
    return this.#driver.call(method, params, options) as Promise<ResultOf<M>>
  }

  /**
   * A credential, setting or the network changed: ends every wait, also a parked one. What an authenticator's store is told
   * in this process is noticed without it.
   */
  changed(): void {
    this.#supervised.changed()
  }

  /** The pairing request was approved: tries at once. Does nothing unless waiting for it. */
  resume(requestId?: string): void {
    this.#supervised.resume(requestId)
  }

  /** Closes a ready connection with 1012 and connects anew, e.g. because the manifest changed. */
  reconnect(reason = 'node manifest changed'): void {
    this.#driver.restart({ code: 1012, reason })
  }

  async #dial({ generation, signal, yieldSlot }: Attempt): Promise<Session | Verdict> {
    this.#yieldSlot = yieldSlot
    const outcome = await this.#driver.dial(generation, signal)
    if ('error' in outcome) return outcome.verdict
    return { closed: outcome.ended.then(({ verdict }) => verdict), close: () => void this.#driver.stop() }
  }

  /** `ready` is announced from the supervisor's side: only there may a listener start connections that depend on it. */
  #onState(state: State): void {
    const isUnscheduled = 'isScheduled' in state && !state.isScheduled
    const isAskingAgain = 'waitsFor' in state && state.waitsFor !== undefined
    if (state.name === 'ready' || state.name === 'refused' || isUnscheduled || isAskingAgain) return
    this.#statuses.emit(toStatus(state))
  }

  /** Whoever waits for a person may have what it needs now. Our own writes never come while waiting. */
  #onCredentialsChanged(): void {
    const { state } = this.supervision
    if (state === 'parked' || state === 'pairing') this.changed()
  }

  #onSchedule({ state: phase, nextAttemptAt }: ConnectionStatus): void {
    const { state } = this.#driver
    const schedule = (as: WaitingName) => this.#driver.scheduled(as, nextAttemptAt ?? undefined)
    switch (phase) {
      case 'live':
        if (state.name === 'ready') this.#statuses.emit(toStatus(state))
        break
      case 'backoff':
      case 'breaker-open':
        schedule('backoff')
        break
      case 'pairing':
      case 'parked':
        schedule(phase)
        break
      case 'queued':
        // No longer parked, although a start slot may take a moment.
        if (state.name === 'parked') schedule('backoff')
        break
      case 'stopped':
        this.#unsubscribe?.()
        this.#unsubscribe = undefined
        void this.#driver.stop()
    }
  }
}
