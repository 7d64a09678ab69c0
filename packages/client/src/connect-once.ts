// One connection for one errand, e.g. a command line: a single attempt, the complete error, no retry and no timers left.

import type { EventFrame, HelloOk } from '@breakwater/protocol'
import { type Caller, toMethods } from './api.ts'
import { type ClientComponents, withPlatform } from './components.ts'
import { ConnectionDriver, type DriverListener, type Live } from './connection/driver.ts'
import type { Gap } from './connection/gap-detector.ts'
import type { Ending } from './connection/machine.ts'
import { FALLBACK_RETRY_MS } from './connection/recovery.ts'
import { ClientError } from './errors.ts'
import { EventEmitter, type EventStream } from './event-stream.ts'
import { type ClientOptionsInput, resolveOptions } from './options.ts'

export interface ConnectOnceOptions extends ClientOptionsInput {
  /** Gives up connecting with ABORTED. Has no effect once connected. */
  readonly signal?: AbortSignal
  /** Sees every event from the first on; `events` only from when the caller subscribes. */
  readonly onEvent?: (frame: EventFrame) => void
  /** Events were lost: what was built from them has to be fetched again. */
  readonly onGap?: (gap: Gap) => void
}

/** An open connection. It is never re-established: after `closed` every call rejects with NOT_CONNECTED. */
export interface Connection extends Caller, AsyncDisposable {
  readonly hello: HelloOk
  readonly events: EventStream
  /** Resolves with the reason when the connection is over, by whomever. Never rejects. */
  readonly closed: Promise<ClientError>
  /**
   * Resolves when the socket is gone; pending calls reject with CLOSED. Rejects with CREDENTIALS_UNAVAILABLE when a
   * token the gateway granted could not be stored: the errand is done, the next one will not find it.
   */
  close(): Promise<void>
}

/**
 * Resolves with a ready connection. Rejects with the ClientError that says what went wrong; INVALID_OPTIONS,
 * INVALID_URL and INSECURE_URL before any I/O. The only second attempt it ever makes is one with another credential after
 * the first was refused, e.g. the stored device token after the shared one.
 */
export async function connectOnce(components: ClientComponents, input: ConnectOnceOptions): Promise<Connection> {
  const { signal, onEvent, onGap = () => {}, ...rest } = input
  const options = resolveOptions(rest)
  if (signal?.aborted === true) {
    throw new ClientError('ABORTED', 'connecting was aborted by the caller', { cause: signal.reason })
  }
  const platform = withPlatform(components)
  const events = new EventEmitter(platform)
  if (onEvent !== undefined) events.subscribe(onEvent)
  const faults: ClientError[] = []
  const listener: DriverListener = {
    onState: () => {},
    onEvent: (frame) => events.emit(frame),
    onGap,
    onHeld: () => {},
    onCredentialFault: (error) => faults.push(error),
  }
  const driver = new ConnectionDriver({ ...platform, listener }, options)
  let outcome: Live | Ending = await driver.dial(1, signal)
  if ('error' in outcome && outcome.hasFallback) {
    await new Promise<void>((resolve) => platform.clock.setTimer(resolve, FALLBACK_RETRY_MS))
    outcome = await driver.dial(2, signal)
  }
  if ('error' in outcome) throw outcome.error
  return toConnection(driver, outcome, events, faults)
}

function toConnection(
  driver: ConnectionDriver,
  live: Live,
  events: EventEmitter,
  faults: readonly ClientError[],
): Connection {
  const call = ((method, params, options) => driver.call(method, params, options)) as Caller['call']
  const close = async (): Promise<void> => {
    await driver.stop()
    const [fault] = faults
    if (fault !== undefined) throw fault
  }
  const closed = live.ended.then(({ error }) => {
    events.end()
    return error
  })
  return { hello: live.hello, events, closed, call, methods: toMethods(call), close, [Symbol.asyncDispose]: close }
}
