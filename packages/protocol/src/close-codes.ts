// Close codes of the gateway and what they mean to a client (protocol notes 6.3; RFC 6455 section 7.4).

export const CLOSE = {
  normal: { code: 1000, meaning: 'The client ended the connection.' },
  protocolMismatch: { code: 1002, meaning: 'The protocol ranges do not meet.' },
  abnormal: { code: 1006, meaning: 'The connection was cut without a close frame, e.g. after a missed ping.' },
  policy: {
    code: 1008,
    meaning: 'Refused: authentication, pairing, schema, origin, handshake time-out or a slow consumer.',
  },
  tooBig: { code: 1009, meaning: 'A message over the limit: 64 KiB in all before hello-ok, 25 MiB each after it.' },
  internal: { code: 1011, meaning: 'A fault of the gateway.' },
  restart: { code: 1012, meaning: 'The gateway stops or restarts; come back.' },
  tryLater: { code: 1013, meaning: 'Starting, stopping or overloaded; come back after the hint.' },
  clientTimeout: { code: 4000, meaning: 'Sent by clients: no hello-ok or no ticks in time.' },
  authChanged: { code: 4001, meaning: 'The credential or policy behind this connection changed.' },
} as const
