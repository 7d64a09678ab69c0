// One WebSocket as a link: the only file that touches a `ws` socket after its upgrade. Every connection shares the same
// named listeners; what a message means is decided by whoever holds the link at the moment.

import { cutCloseReason, LIMITS } from '@breakwater/protocol'
import type { WebSocket } from 'ws'
import type { Link, TextFrame } from './link.ts'

/** Who the link's messages belong to: admission first, the peer after hello-ok. */
export interface LinkHolder {
  onText(text: string): void
  onPong(): void
  onClose(code: number, reason: string): void
}

const AS_TEXT = { binary: false }

const LINK = Symbol('link')

type LinkedSocket = WebSocket & { [LINK]: WebSocketLink }

export class WebSocketLink implements Link {
  readonly #ws: WebSocket
  #holder: LinkHolder
  #graceTimer: NodeJS.Timeout | undefined
  #isPongUnderWay = false
  /** The last ping that came while a pong was being written. */
  #unansweredPing: Buffer | undefined

  constructor(ws: WebSocket, holder: LinkHolder) {
    this.#ws = ws
    this.#holder = holder
    const linked = ws as LinkedSocket
    linked[LINK] = this
    ws.on('message', linkOnMessage)
    ws.on('ping', linkOnPing)
    ws.on('pong', linkOnPong)
    ws.on('close', linkOnClose)
    ws.on('error', linkOnError)
  }

  handTo(holder: LinkHolder): void {
    this.#holder = holder
  }

  get holder(): LinkHolder {
    return this.#holder
  }

  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }

  /**
   * A failed write ends in `close`, where it is accounted for. `onWritten` hears of the one frame: with an error when it
   * was not handed to the operating system.
   */
  send(frame: TextFrame, onWritten?: (error?: Error | null) => void): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(frame, AS_TEXT, onWritten)
    else onWritten?.(new Error('the connection is closed'))
  }

  bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  close(code: number, reason: string): void {
    if (this.#ws.readyState === this.#ws.CLOSED) return
    this.#ws.close(code, cutCloseReason(reason))
    this.#graceTimer ??= setTimeout(() => this.#ws.terminate(), LIMITS.closeGraceMs).unref()
  }

  terminate(): void {
    this.#ws.terminate()
  }

  setReading(reading: boolean): void {
    if (reading) this.#ws.resume()
    else this.#ws.pause()
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  /**
   * One pong is written at a time, for the latest ping (RFC 6455 section 5.5.3): a peer that pings and reads nothing
   * would otherwise fill our memory with pongs.
   */
  answerPing(payload: Buffer): void {
    if (this.#isPongUnderWay) {
      this.#unansweredPing = payload
      return
    }
    if (!this.isOpen) return
    this.#isPongUnderWay = true
    this.#ws.pong(payload, false, (error) => {
      this.#isPongUnderWay = false
      const next = this.#unansweredPing
      this.#unansweredPing = undefined
      if (next !== undefined && !error) this.answerPing(next)
    })
  }

  closed(code: number, reason: string): void {
    clearTimeout(this.#graceTimer)
    this.#holder.onClose(code, reason)
  }
}

function linkOnMessage(this: WebSocket, data: Buffer): void {
  // Binary messages that hold UTF-8 JSON are accepted like text (protocol notes section 1).
  ;(this as LinkedSocket)[LINK].holder.onText(data.toString('utf8'))
}

function linkOnPing(this: WebSocket, payload: Buffer): void {
  ;(this as LinkedSocket)[LINK].answerPing(payload)
}

function linkOnPong(this: WebSocket): void {
  ;(this as LinkedSocket)[LINK].holder.onPong()
}

function linkOnClose(this: WebSocket, code: number, reason: Buffer): void {
  ;(this as LinkedSocket)[LINK].closed(code, reason.toString('utf8'))
}

/** Protocol violations and resets: `ws` closes the socket itself and `close` follows with the code. */
function linkOnError(): void {}
