// Wire limits that both ends must agree on (protocol notes section 7). Sizes in bytes, durations in milliseconds.

export const LIMITS = {
  /** Largest sum of bytes a connection may send before it is authenticated. */
  preAuthBytes: 65_536,
  /** Largest inbound message after hello-ok. */
  maxPayloadBytes: 26_214_400,
  /** Outbound bytes buffered for one connection before it counts as a slow consumer. */
  maxBufferedBytes: 52_428_800,
  /** Allowed distance between a device signature's time and the gateway's clock. */
  signatureSkewMs: 120_000,
  /** Interval of the `tick` event. */
  tickIntervalMs: 30_000,
  /** Interval of WebSocket pings; a connection that misses one whole interval is terminated. */
  pingIntervalMs: 25_000,
  /** Close reasons longer than this are cut, RFC 6455 section 5.5 leaves 123. */
  closeReasonBytes: 120,
  /** How long after `close()` a socket may linger before it is destroyed. */
  closeGraceMs: 1_000,
  /** Frames a client may pipeline behind `connect` before hello-ok. */
  pipelinedFrames: 15,
  /** Longest `traceparent` of a request. */
  traceparentChars: 128,
} as const
