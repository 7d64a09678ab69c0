// The one place with a socket and timers: performs the machine's effects and feeds what happens back as events.
// Decides nothing. One socket at a time; a dial settles only once the socket of a failed attempt is gone.

import { cutCloseReason, decodeServerMessage, type EventFrame, type HelloOk, isRecord } from '@breakwater/protocol'
import { type Random, SupervisorError } from '@breakwater/supervisor'
import type { ClientClock } from '../clock.ts'
import { isReissuing } from '../credentials/issued-tokens.ts'
import { ClientError, type CloseInfo, type ConnectPhase } from '../errors.ts'
import type { ClientOptions } from '../options.ts'
import type { Transport } from '../transport/transport.ts'
import { type CallOptions, Calls } from './calls.ts'
import { Deadlines } from './deadlines.ts'
import { type Gap, type LastSeq, observeSeq } from './gap-detector.ts'
import { Handshake, type HandshakeComponents } from './handshake.ts'
import { Link } from './link.ts'
import { type Effect, type Ending, type Event, type State, step, type WaitingName } from './machine.ts'
import { payloadLimitOf } from './payload-limit.ts'
import { checkIntervalMs, isSilent, tickIntervalOf } from './watchdog.ts'

export interface DriverComponents extends Omit<HandshakeComponents, 'isPinned'> {
  readonly transport: Transport
  readonly clock: ClientClock
  readonly random: Random
  readonly listener: DriverListener
  /** Runs foreign code; what it throws must not reach the connection. */
  readonly guard: (foreign: () => void) => void
}

/** Called outside of any effect; may call back into the driver. */
export interface DriverListener {
  onState(state: State): void
  onEvent(frame: EventFrame): void
  onGap(gap: Gap): void
  /** The attempt lasts as long as a person takes to decide: nobody should wait in line behind it. */
  onHeld(): void
  /** A granted or refused credential could not be stored; the connection itself is unharmed. */
  onCredentialFault(error: ClientError): void
}

export interface Live {
  readonly hello: HelloOk
  /** Resolves when the session is over and its socket gone. Never rejects. */
  readonly ended: Promise<Ending>
}

/** A dial under way, from `open` until its ending has been delivered. */
interface Run {
  readonly generation: number
  readonly outcome: PromiseWithResolvers<Live | Ending>
  readonly ended: PromiseWithResolvers<Ending>
  readonly handshake: Handshake
  link: Link | undefined
  /** Keeps what the gateway granted or refused; settled before the next run begins. */
  bookkeeping: Promise<void>
}

type PrepareEffect = Extract<Effect, { type: 'prepare' }>

const NO_GENERATION = -1

export class ConnectionDriver {
  readonly #components: DriverComponents
  readonly #options: ClientOptions
  readonly #deadlines: Deadlines<'handshake' | 'watchdog' | 'request'>
  readonly #calls: Calls
  #state: State = { name: 'idle' }
  #generation = NO_GENERATION
  #run: Run | undefined
  #inbox: Event[] | undefined
  #lastActivityAt = 0
  #lastSeq: LastSeq
  #restartExpectedMs: number | undefined
  #idSeed: string | undefined

  constructor(components: DriverComponents, options: ClientOptions) {
    this.#components = components
    this.#options = options
    this.#deadlines = new Deadlines(components)
    const keep = (method: string, payload: unknown) => this.#keep(method, payload)
    this.#calls = new Calls({ ...components, deadlines: this.#deadlines, keep }, options)
  }

  get state(): State {
    return this.#state
  }

  get hello(): HelloOk | undefined {
    return this.#state.name === 'ready' ? this.#state.hello : undefined
  }

  /** One attempt. Resolves with a live session or with how it ended; never rejects. Call again only after the ending. */
  dial(generation: number, signal?: AbortSignal): Promise<Live | Ending> {
    const { transport } = this.#components
    const outcome = Promise.withResolvers<Live | Ending>()
    const onAbort = (): void => this.#feed({ type: 'failed', error: abortError(signal?.reason) })
    this.#run = {
      generation,
      outcome,
      ended: Promise.withResolvers<Ending>(),
      handshake: new Handshake({ ...this.#components, isPinned: transport.isPinned }, this.#options),
      link: undefined,
      bookkeeping: Promise.resolve(),
    }
    this.#generation = generation
    this.#feed({ type: 'dial', generation })
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort)
    return outcome.promise.finally(() => signal?.removeEventListener('abort', onAbort))
  }

  call(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    return this.#calls.call(method, params, options)
  }

  /** Closes a ready connection so that its owner dials again; does nothing otherwise. */
  restart(close: CloseInfo): void {
    this.#feed({ type: 'restart', close: { code: close.code, reason: cutCloseReason(close.reason) } })
  }

  /** The supervisor's plan for the next attempt. */
  scheduled(as: WaitingName, nextAttemptAt: number | undefined): void {
    this.#feed({ type: 'scheduled', as, nextAttemptAt })
  }

  /** Resolves when the socket is gone and every deadline cleared. */
  async stop(): Promise<void> {
    const run = this.#run
    this.#feed({ type: 'stop' })
    await run?.link?.gone
    await run?.bookkeeping
  }

  /** Events that arise while an effect is performed wait their turn, so every step sees a settled state. */
  #feed(event: Event): void {
    if (this.#inbox !== undefined) {
      this.#inbox.push(event)
      return
    }
    const inbox: Event[] = [event]
    this.#inbox = inbox
    try {
      for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) this.#step(next)
    } finally {
      this.#inbox = undefined
    }
  }

  #step(event: Event): void {
    const previous = this.#state
    const [next, effects] = step(previous, event)
    this.#state = next
    for (const effect of effects) this.#perform(effect)
    if (next !== previous) this.#components.guard(() => this.#components.listener.onState(next))
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'open':
        this.#open()
        break
      case 'arm':
        this.#deadlines.arm('handshake', this.#timeoutOf(effect.phase), () => this.#feed({ type: 'expired' }))
        break
      case 'prepare':
        void this.#prepare(effect, this.#generation)
        break
      case 'send':
        this.#run?.link?.send(effect.text)
        break
      case 'yield':
        this.#components.guard(() => this.#components.listener.onHeld())
        break
      case 'close':
        this.#run?.link?.close(effect.close)
        break
      case 'begin':
        this.#begin(effect.hello)
        break
      case 'note':
        this.#note(effect.error)
        break
      case 'end':
        void this.#end(effect.ending)
    }
  }

  #open(): void {
    const run = this.#run
    if (run === undefined) return
    // The one place where callbacks of an older socket are dropped.
    const current = (act: () => void) => (run.generation === this.#generation ? act() : undefined)
    run.link = new Link(
      this.#components,
      { endpoint: this.#options.endpoint, closeGraceMs: this.#options.closeGraceMs },
      {
        onOpen: () => current(() => this.#feed({ type: 'opened' })),
        onMessage: (text) => current(() => this.#onMessage(text)),
        onClose: (close) =>
          current(() => this.#feed({ type: 'closed', close, restartExpectedMs: this.#restartExpectedMs })),
      },
    )
  }

  #timeoutOf(phase: ConnectPhase): number {
    const { openTimeoutMs, challengeTimeoutMs, helloTimeoutMs } = this.#options
    return { open: openTimeoutMs, challenge: challengeTimeoutMs, hello: helloTimeoutMs }[phase]
  }

  async #prepare({ challenge, isWaiting }: PrepareEffect, generation: number): Promise<void> {
    const run = this.#run
    if (run === undefined) return
    const connectId = `1:${this.#idPrefix(generation)}`
    const event = await run.handshake.connectFrame(connectId, challenge, isWaiting).then(
      ({ text, isHeld }): Event => ({ type: 'prepared', text, connectId, isHeld }),
      (error: ClientError): Event => ({ type: 'failed', error }),
    )
    if (generation === this.#generation) this.#feed(event)
  }

  #begin(hello: HelloOk): void {
    const run = this.#run
    const link = run?.link
    if (run === undefined || link === undefined) return
    this.#deadlines.disarm('handshake')
    this.#lastSeq = undefined
    this.#restartExpectedMs = undefined
    this.#calls.open(
      {
        send: (text) => link.send(text),
        get bufferedBytes() {
          return link.bufferedBytes
        },
        maxPayloadBytes: payloadLimitOf(hello.policy),
      },
      this.#idPrefix(run.generation),
    )
    this.#armWatchdog(tickIntervalOf(hello.policy))
    run.bookkeeping = run.handshake.accepted(hello.auth).catch((error) => this.#onCredentialFault(error))
    run.outcome.resolve({ hello, ended: run.ended.promise })
  }

  #note(error: ClientError): void {
    const run = this.#run
    if (run === undefined) return
    run.bookkeeping = run.handshake.refused(error).then(({ hasFallback, fault }) => {
      if (fault !== undefined) this.#onCredentialFault(fault)
      if (run.generation === this.#generation) this.#feed({ type: 'noted', hasFallback })
    })
  }

  /** A rotated token is stored before its caller or the next attempt goes on; the close that follows it has to wait. */
  #keep(method: string, payload: unknown): Promise<void> | undefined {
    const run = this.#run
    if (run === undefined || !isReissuing(method)) return undefined
    run.bookkeeping = run.bookkeeping
      .then(() => run.handshake.answered(method, payload))
      .catch((error) => this.#onCredentialFault(error))
    return run.bookkeeping
  }

  /** Everything of the run is over before its owner hears of it: timers, calls, socket, bookkeeping. */
  async #end(ending: Ending): Promise<void> {
    const run = this.#run
    if (run === undefined) return
    this.#run = undefined
    this.#generation = NO_GENERATION
    this.#deadlines.clear()
    this.#calls.close(ending.error)
    await run.link?.gone
    await run.bookkeeping
    run.ended.resolve(ending)
    run.outcome.resolve(ending)
  }

  #onMessage(text: string): void {
    const decoded = decodeServerMessage(text)
    // What cannot be understood may come from a later version; it is no sign of life either.
    if (decoded.kind === 'invalid') return
    this.#lastActivityAt = this.#components.clock.now()
    if (decoded.kind === 'event') this.#onEvent(decoded.frame)
    else if (this.#state.name === 'authenticating') this.#feed({ type: 'answered', frame: decoded.frame })
    else this.#calls.receive(decoded.frame)
  }

  #onEvent(frame: EventFrame): void {
    if (frame.event === 'connect.challenge') this.#feed({ type: 'challenge', payload: frame.payload })
    if (this.#state.name !== 'ready') return
    const { listener, guard } = this.#components
    const { last, gap } = observeSeq(this.#lastSeq, frame.seq)
    this.#lastSeq = last
    if (gap !== undefined) guard(() => listener.onGap(gap))
    if (frame.event === 'shutdown') this.#restartExpectedMs = readRestartExpected(frame.payload)
    guard(() => listener.onEvent(frame))
  }

  #armWatchdog(tickIntervalMs: number): void {
    this.#deadlines.arm('watchdog', checkIntervalMs(tickIntervalMs), () => {
      const nowMs = this.#components.clock.now()
      if (isSilent(this.#lastActivityAt, nowMs, tickIntervalMs, this.#calls.pendingKind)) {
        this.#feed({ type: 'silent' })
      } else this.#armWatchdog(tickIntervalMs)
    })
  }

  #onCredentialFault(error: ClientError): void {
    this.#components.guard(() => this.#components.listener.onCredentialFault(error))
  }

  /** Ids only have to be unique on their socket; the rest makes them recognisable in two logs. */
  #idPrefix(generation: number): string {
    this.#idSeed ??= Math.floor(this.#components.random() * 0x1_0000_0000).toString(16)
    return `${this.#idSeed}-${generation}`
  }
}

function abortError(reason: unknown): ClientError {
  return SupervisorError.is(reason) && reason.code === 'DIAL_DEADLINE'
    ? new ClientError('CONNECT_TIMEOUT', 'the attempt as a whole took too long', { cause: reason })
    : new ClientError('ABORTED', 'connecting was aborted by the caller', { cause: reason })
}

function readRestartExpected(payload: unknown): number | undefined {
  const value = isRecord(payload) ? payload.restartExpectedMs : undefined
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}
