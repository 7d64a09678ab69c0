// Decides what a connection may still be sent when its receiver is slow (protocol notes section 8, "slow consumers").
// The bytes themselves wait in the transport; here is only the account.

import { CLOSE, LIMITS } from '@breakwater/protocol'
import type { Link, TextFrame } from './link.ts'

export type SendOutcome = 'sent' | 'dropped' | 'closed'

export class OutboundQueue {
  readonly #link: Link
  readonly #close: (code: number, reason: string) => void
  /** Lossy events this connection missed because its buffer was full. */
  droppedCount = 0

  constructor(link: Link, close: (code: number, reason: string) => void) {
    this.#link = link
    this.#close = close
  }

  /** Bytes the transport has not written yet. */
  get waitingBytes(): number {
    return this.#link.bufferedBytes()
  }

  /** A frame that must not be lost: a full buffer closes the connection as a slow consumer. */
  send(frame: TextFrame): SendOutcome {
    if (this.#isFull()) {
      this.#close(CLOSE.policy.code, 'slow consumer')
      return 'closed'
    }
    this.#link.send(frame)
    return 'sent'
  }

  /** A frame that may be lost: a full buffer skips it. */
  sendLossy(frame: TextFrame): SendOutcome {
    if (this.#isFull()) {
      this.droppedCount += 1
      return 'dropped'
    }
    this.#link.send(frame)
    return 'sent'
  }

  #isFull(): boolean {
    return this.#link.bufferedBytes() > LIMITS.maxBufferedBytes
  }
}
