// What a peer is reached through: a WebSocket, or nothing but memory for callers inside the process.

/** The text of a frame, or its UTF-8 bytes when several receivers share them. */
export type TextFrame = string | Buffer

export interface Link {
  /** Hands one text frame, possibly encoded already, to the transport. Never throws; a closed link drops it. */
  send(frame: TextFrame): void
  /** Bytes handed over that the transport has not yet written. */
  bufferedBytes(): number
  /** Starts the closing handshake; the link is destroyed after the close grace. */
  close(code: number, reason: string): void
  /** Destroys the link at once, without a close frame. */
  terminate(): void
  /** Stops or resumes reading from the other side: back-pressure for floods. */
  setReading(reading: boolean): void
  ping(): void
}
