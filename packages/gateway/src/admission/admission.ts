// Drives connections from their upgrade to hello-ok: paces challenges, keeps the deadline, runs the pipeline, and either
// hands a `Peer` over or refuses completely. Decisions are the pipeline's; this file performs them.

import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import {
  CLOSE,
  cutCloseReason,
  decodeRequest,
  EncodedEvent,
  ERRORS,
  type ErrorEntry,
  encodeError,
  LIMITS,
  PAIRING_WAIT_CAP,
  wireError,
} from '@breakwater/protocol'
import { Peer } from '../connection/peer.ts'
import type { LinkHolder, WebSocketLink } from '../connection/web-socket-link.ts'
import type { Locality } from '../listener/locality.ts'
import type { Logger } from '../observe/logger.ts'
import { StoreFault } from '../store/fault.ts'
import type { Authorised, Candidate, Refusal, Verdict } from './candidate.ts'
import type { ChallengePacer, Turn } from './challenge-pacer.ts'
import type { HandshakeDeadline } from './deadline.ts'
import type { FailureRecorder } from './failure-record.ts'
import type { HelloEncoder } from './hello.ts'
import type { AdmissionPipeline } from './pipeline.ts'

/** Longest hint a refused client gets: stock clients clamp to it (DESIGN section 5). */
const MAX_RETRY_AFTER_MS = 2_000
const MIN_RETRY_AFTER_MS = 200
/** How long a verdict may take that waits for the disk. Stock clients wait 15 s for their hello. */
const MAX_VERDICT_MS = 10_000

/** An upgraded connection, as the listener hands it over. */
export interface UpgradedConnection {
  readonly connId: string
  readonly locality: Locality
  readonly peerAddress: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly acceptedAt: number
  readonly deadline: HandshakeDeadline
  /** The connection was admitted: bytes are no longer counted, nobody holds on to the handshake. */
  readonly release: () => void
}

export interface AdmissionComponents {
  readonly pipeline: AdmissionPipeline
  readonly pacer: ChallengePacer
  readonly failures: FailureRecorder
  readonly hello: HelloEncoder
  readonly log: Logger
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly nowMs: () => number
  readonly random: () => number
  /** Why newcomers are turned away at the moment, undefined when they are welcome. */
  readonly closedFor: () => 'stopping' | undefined
  /** Takes over an admitted peer; returns who the link's messages belong to from now on. */
  readonly onAdmitted: (peer: Peer, candidate: Authorised, link: WebSocketLink) => LinkHolder
}

export class Admission {
  readonly #components: AdmissionComponents
  readonly #handshakes = new Set<Handshake>()

  constructor(components: AdmissionComponents) {
    this.#components = components
  }

  /** Connections on their way in. */
  get pendingCount(): number {
    return this.#handshakes.size
  }

  /** Takes an upgraded connection. `attach` builds its link with the handshake as the holder. */
  begin(connection: UpgradedConnection, attach: (holder: LinkHolder) => WebSocketLink): Handshake {
    const handshake = new Handshake(this.#components, connection, attach, () => this.#handshakes.delete(handshake))
    this.#handshakes.add(handshake)
    handshake.begin()
    return handshake
  }
}

/** One connection's handshake. Its callbacks are dead once it is settled: a late frame or timer changes nothing. */
export class Handshake implements LinkHolder {
  readonly #components: AdmissionComponents
  readonly #connection: UpgradedConnection
  readonly #link: WebSocketLink
  readonly #onSettled: () => void
  readonly #upgradedAt: number
  readonly #nonce = randomUUID()
  /** Frames that came early, in order. */
  readonly #kept: string[] = []
  /** Kept to answer with its request id. */
  #firstFrame = ''
  #verdictTimer: NodeJS.Timeout | undefined
  #turn: Turn | undefined
  #giveUpPlace: (() => void) | undefined
  #state: 'waiting' | 'challenged' | 'overloaded' | 'judging' | 'settled' = 'waiting'

  constructor(
    components: AdmissionComponents,
    connection: UpgradedConnection,
    attach: (holder: LinkHolder) => WebSocketLink,
    onSettled: () => void,
  ) {
    this.#components = components
    this.#connection = connection
    this.#onSettled = onSettled
    this.#upgradedAt = components.now()
    this.#link = attach(this)
  }

  /** Sends the challenge now, in turn, or (overloaded) at once with the answer already known. */
  begin(): void {
    this.#connection.deadline.hold()
    const giveUpPlace = this.#components.pacer.request((turn) => {
      this.#turn = turn
      this.#challenge('challenged')
    })
    if (giveUpPlace === undefined) this.#challenge('overloaded')
    else this.#giveUpPlace = giveUpPlace
  }

  #challenge(state: 'challenged' | 'overloaded'): void {
    if (this.#state === 'settled' || !this.#link.isOpen) {
      this.#turn?.release()
      return
    }
    this.#state = state
    this.#connection.deadline.enter('connect')
    const payload = { nonce: this.#nonce, ts: this.#components.nowMs(), capabilities: [PAIRING_WAIT_CAP] }
    this.#link.send(new EncodedEvent('connect.challenge', payload).frameFor())
    const early = this.#kept.shift()
    if (early !== undefined) this.#take(early)
  }

  onText(text: string): void {
    if (this.#state === 'settled') return
    // Who speaks before the challenge, or behind `connect`, is heard in turn.
    if (this.#state === 'waiting' || this.#state === 'judging') this.#keep(text)
    else this.#take(text)
  }

  #take(text: string): void {
    this.#firstFrame = text
    const closedFor = this.#components.closedFor()
    if (closedFor === 'stopping') this.#turnAway('GATEWAY_STOPPING', 'gateway-restarting', closedFor)
    else if (this.#state === 'overloaded') this.#turnAway('GATEWAY_STARTING', 'startup-sidecars', 'overload')
    else this.#judge(text)
  }

  onPong(): void {}

  onClose(code: number, reason: string): void {
    if (this.#state === 'settled') return
    this.#fail('peer-closed', code, reason === '' ? 'the peer went away before hello-ok' : reason)
    this.#settle()
  }

  /** The deadline ran out: a complete reason, then the close. */
  expire(leg: string, legMs: number): void {
    if (this.#state === 'settled') return
    this.#close('handshake-timeout', CLOSE.policy.code, `handshake timeout (${leg}, ${legMs} ms)`)
  }

  /** The connection sent more than a stranger may: from here on nothing of it is read. */
  overflow(): void {
    if (this.#state === 'settled') this.#link.terminate()
    else this.#close('preauth-overflow', CLOSE.tooBig.code, `preauth payload too large (${LIMITS.preAuthBytes} bytes)`)
    this.#link.setReading(false)
  }

  #keep(text: string): void {
    if (this.#kept.length >= LIMITS.pipelinedFrames) {
      this.#close('pipeline-overflow', CLOSE.policy.code, 'too many pending handshake frames')
      return
    }
    this.#kept.push(text)
  }

  /** Judged once this turn's reads are done: for a peer that has hung up since, no signature is verified. */
  #judge(text: string): void {
    this.#state = 'judging'
    setImmediate(() => {
      if (this.#state !== 'judging' || !this.#link.isOpen) return
      const startedAt = this.#components.now()
      try {
        const verdict = this.#components.pipeline(this.#candidate(), text)
        if (verdict instanceof Promise) this.#await(verdict)
        else this.#conclude(verdict)
      } catch (fault) {
        this.#fault(fault)
      }
      this.#components.pacer.recordCost(this.#components.now() - startedAt)
    })
  }

  /** From here on the peer waits for our disk, so its own time stands still; ours is bounded. */
  #await(verdict: Promise<Verdict<Authorised>>): void {
    this.#connection.deadline.hold()
    this.#verdictTimer = setTimeout(() => {
      this.#turnAway('GATEWAY_STARTING', 'startup-sidecars', 'storage-slow')
    }, MAX_VERDICT_MS)
    verdict.then((value) => this.#conclude(value)).catch((fault: unknown) => this.#fault(fault))
  }

  #candidate(): Candidate {
    const { connId, locality, peerAddress, headers } = this.#connection
    const yieldTurn = (): void => this.#turn?.release()
    return { connId, locality, peerAddress, headers, nonce: this.#nonce, yieldTurn }
  }

  #conclude(verdict: Verdict<Authorised>): void {
    if (this.#state === 'settled') {
      if (verdict.ok) this.#settleHandoff(verdict.value, false)
    } else if (verdict.ok) this.#admit(verdict.value)
    else this.#refuse(verdict.refusal)
  }

  #admit(candidate: Authorised): void {
    const peer = this.#peerOf(candidate)
    const seesPresence = candidate.role === 'operator' && peer.hasScope('operator.read')
    const hello = this.#components.hello.encode(candidate, seesPresence)
    this.#settle()
    this.#connection.release()
    // Before anybody hears of the peer: whatever is published to it comes after its hello.
    this.#link.send(hello, (error) => this.#settleHandoff(candidate, error == null))
    const holder = this.#components.onAdmitted(peer, candidate, this.#link)
    this.#link.handTo(holder)
    for (const text of this.#kept.splice(0)) holder.onText(text)
  }

  /** A setup code is spent when its hello was written, and only then. */
  #settleHandoff({ handoff, device }: Authorised, isDelivered: boolean): void {
    handoff?.settle(isDelivered).catch((fault: unknown) => {
      const fields = { deviceId: device?.deviceId, isDelivered, error: String(fault) }
      this.#components.log.error('the end of a setup could not be stored', fields)
    })
  }

  #peerOf({ connId, role, grantedScopes, connect, method, locality, device }: Authorised): Peer {
    return new Peer(
      {
        connId,
        role,
        scopes: grantedScopes,
        client: connect.client,
        caps: new Set(connect.caps?.filter((cap) => cap !== PAIRING_WAIT_CAP) ?? []),
        authMethod: method,
        locality,
        ...(device === undefined ? {} : { deviceId: device.deviceId }),
        ...(device !== undefined && method === 'device-token' ? { callerDeviceId: device.deviceId } : {}),
        connectedAtMs: this.#components.nowMs(),
      },
      this.#link,
    )
  }

  /** Overload and shutdown: the cheapest complete answer, without judging the credential. */
  #turnAway(error: 'GATEWAY_STARTING' | 'GATEWAY_STOPPING', reason: string, cause: string): void {
    const retryAfterMs = Math.round(
      MIN_RETRY_AFTER_MS + this.#components.random() * (MAX_RETRY_AFTER_MS - MIN_RETRY_AFTER_MS),
    )
    const options = { retryAfterMs, details: { reason, cause, method: 'connect' } }
    this.#refuse({
      error,
      options,
      closeReason: error === 'GATEWAY_STARTING' ? 'gateway starting' : 'gateway restart in progress',
    })
  }

  #refuse(refusal: Refusal): void {
    const entry: ErrorEntry = ERRORS[refusal.error]
    const shape = wireError(refusal.error, refusal.options)
    if (refusal.isAnswered !== false) this.#link.send(encodeError(requestIdOf(this.#firstFrame), shape))
    const closeReason = refusal.closeReason ?? shape.message
    this.#close(refusal.error, entry.close ?? CLOSE.policy.code, closeReason, refusal.waiting)
  }

  /** Also when it comes too late to answer: the log has it, and nobody stays connected half-way. */
  #fault(fault: unknown): void {
    if (StoreFault.is(fault) && fault.code === 'STORE_BUSY' && this.#state !== 'settled') {
      this.#turnAway('GATEWAY_STARTING', 'startup-sidecars', 'storage-busy')
      return
    }
    const correlationId = randomUUID()
    const message = `internal error (${correlationId})`
    this.#components.log.error('admission failed', {
      correlationId,
      connId: this.#connection.connId,
      error: fault instanceof Error ? fault.stack : String(fault),
    })
    if (this.#state === 'settled') this.#link.close(CLOSE.internal.code, message)
    else this.#refuse({ error: 'INTERNAL_FAULT', options: { message, details: { correlationId } } })
  }

  #close(cause: string, code: number, reason: string, waiting?: Refusal['waiting']): void {
    this.#fail(cause, code, reason, waiting)
    this.#settle()
    this.#link.close(code, reason)
  }

  #fail(cause: string, code: number, reason: string, waiting?: Refusal['waiting']): void {
    const { connId, acceptedAt, peerAddress, headers, deadline, locality } = this.#connection
    const now = this.#components.now()
    this.#components.failures.record({
      connId,
      cause,
      phase: deadline.leg,
      handshakeMs: Math.round(now - this.#upgradedAt),
      durationMs: Math.round(now - acceptedAt),
      remote: locality.clientAddress ?? peerAddress,
      host: headers.host,
      fwd: headerText(headers['x-forwarded-for'] ?? headers.forwarded),
      origin: headers.origin,
      ua: headers['user-agent'],
      code,
      reason: cutCloseReason(reason),
      ...waiting,
    })
  }

  #settle(): void {
    this.#state = 'settled'
    this.#firstFrame = ''
    clearTimeout(this.#verdictTimer)
    this.#connection.deadline.finish()
    this.#giveUpPlace?.()
    this.#turn?.release()
    this.#onSettled()
  }
}

function requestIdOf(text: string): string {
  const decoded = decodeRequest(text)
  if (decoded.ok) return decoded.frame.id
  return decoded.problem === 'not-request' ? decoded.id : 'invalid'
}

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value
