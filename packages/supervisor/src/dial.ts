// The contract between the supervisor and whoever can open one connection: spec in, attempt out, session or verdict
// back. A dialler tries once and reports; it never loops, waits to retry or dials something supervised.

import type { PolicyOverrides } from './options.ts'
import type { ConnectionKind } from './retry-policy.ts'
import type { ConnectionStatus } from './status.ts'
import type { Verdict } from './verdict.ts'

/** What a dialler is given for one attempt. */
export interface Attempt {
  /** Strictly greater than every earlier attempt's of this connection. */
  readonly generation: number
  /**
   * Aborts when the attempt is no longer wanted (stopped, or over its deadline): release the socket, then settle in any
   * way. Pass it to whatever the dial starts: a supervised connection started with it is recognised as nested.
   * It is not aborted once the dial has settled; from then on `Session.close` ends the session.
   */
  readonly signal: AbortSignal
  /** The approval this connection is waiting for, if an earlier attempt was told to pair. */
  readonly pairingRequestId: string | null
  /**
   * Says that the attempt now waits for somebody else, e.g. a person who has to approve: its start slot goes to the next in
   * line, the attempt goes on.
   */
  yieldSlot(): void
}

/** A connection that is up. */
export interface Session {
  /** Resolves when the session is over and says what to do next; rejecting counts as a `retry` with the error's text. */
  readonly closed: Promise<Verdict>
  /** Ends the session. Called at most once; may cross with the session's own end, which it has to tolerate. */
  close(): void
}

/** One supervised connection. */
export interface ConnectionSpec {
  /** Identity of the connection, unique among the running ones of a supervisor. Shown in status and warnings. */
  readonly name: string
  /** Picks base, cap, start jitter and dial deadline. */
  readonly kind: ConnectionKind
  /**
   * Opens the connection once. Resolve with a live session (handshake done), or with the verdict of a refusal; rejecting
   * counts as a `retry` with the error's text. May be called again only after the previous attempt has ended.
   */
  readonly dial: (attempt: Attempt) => Promise<Session | Verdict> | Session | Verdict
  /** Overrides of the kind's waits for this connection; `startJitterMs: 0` suits a lone dialler. */
  readonly policy?: PolicyOverrides | undefined
  /**
   * Called after every change with the status then current, outside the dial: the place to announce "connected", start
   * dependent connections or stop. Commands issued from here take effect when it returns.
   */
  readonly onChange?: ((status: ConnectionStatus) => void) | undefined
}
