// The link of a peer that lives in this process (law 2): no socket, no frames lost. Responses do not pass here, the router
// returns them; events are handed to a listener.

import type { Link, TextFrame } from './link.ts'

export class InProcessLink implements Link {
  readonly #onFrame: (text: string) => void
  readonly #onClose: (code: number, reason: string) => void

  constructor(onFrame: (text: string) => void, onClose: (code: number, reason: string) => void = () => {}) {
    this.#onFrame = onFrame
    this.#onClose = onClose
  }

  send(frame: TextFrame): void {
    this.#onFrame(frame.toString())
  }

  bufferedBytes(): number {
    return 0
  }

  close(code: number, reason: string): void {
    this.#onClose(code, reason)
  }

  terminate(): void {
    this.#onClose(1006, '')
  }

  setReading(): void {}

  ping(): void {}
}
