// The contract between the connection and whatever carries its messages. Text in, text out, closed exactly once.
// A transport never retries, never times out on its own beyond what its options say, and never throws from `open`.

import type { ClientError, CloseInfo } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'

export interface TransportClose extends CloseInfo {
  /** Why it failed, when the transport knows more than a code: TLS, HTTP answer, system error. */
  readonly error?: ClientError
}

/**
 * Called by a transport, never from inside `open`, `send`, `close` or `terminate`.
 * Order: at most one `onOpen`, then messages, then exactly one `onClose`; nothing follows it.
 */
export interface TransportHandlers {
  onOpen(): void
  onMessage(text: string): void
  onClose(close: TransportClose): void
}

export interface TransportSocket {
  /** Queues a text message; does nothing unless open. */
  send(text: string): void
  /** Starts an orderly close; `onClose` follows. */
  close(code: number, reason: string): void
  /** Ends it at once, without a close frame; `onClose` follows. */
  terminate(): void
  /** Bytes accepted by `send` that have not left this process. */
  readonly bufferedBytes: number
}

export interface Transport {
  /** The peer is authenticated by a certificate pin, so credentials cannot reach anybody else. */
  readonly isPinned: boolean
  open(endpoint: GatewayEndpoint, handlers: TransportHandlers): TransportSocket
}
