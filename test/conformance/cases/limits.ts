// Deadlines and budgets of strangers: time, sockets, guesses, and handshakes that are no WebSocket handshakes.

import { type ConnectCase, closed, hello, http, refused, SECRET, unobserved } from '../case.ts'
import { behindProxy, mac, operator } from './peers.ts'

const WRONG = 'not-the-secret'
const NEVER_BARE_1000 = 'Design 8: the close names the leg that ran out and its time, under 1008.'

const deadlines: readonly ConnectCase[] = [
  {
    id: 'timeout-silent',
    title: 'a connection that never sends connect is closed',
    cites: ['limits.handshake-timeout'],
    configuration: 'short-handshake',
    send: { kind: 'silence' },
    expect: {
      ours: closed(1008, /^handshake timeout \(connect, 1500 ms\)$/),
      official: closed(1000, ''),
      why: NEVER_BARE_1000,
    },
  },
  {
    id: 'timeout-pings',
    title: 'a connection that only pings is closed all the same',
    cites: ['limits.ping-is-no-progress'],
    configuration: 'short-handshake',
    send: { kind: 'silence', pings: true },
    expect: {
      ours: closed(1008, /^handshake timeout \(connect, 1500 ms\)$/),
      official: closed(1000, ''),
      why: NEVER_BARE_1000,
    },
  },
  {
    id: 'timeout-upgrade',
    title: 'a socket that never asks for the upgrade is refused',
    cites: ['limits.upgrade-timeout'],
    configuration: 'short-handshake',
    send: { kind: 'bytes', text: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n' },
    expect: {
      ours: http(408, 'handshake_timeout'),
      official: unobserved('its HTTP server waits a minute for the headers'),
      why: 'Law 4: the deadline runs from accept.',
    },
  },
  {
    id: 'upgrade-malformed',
    title: 'an upgrade without a key is refused',
    cites: ['transport.upgrade-form'],
    send: {
      kind: 'bytes',
      text: 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
    },
    expect: {
      ours: http(400, 'invalid_websocket_handshake'),
      official: http(400, undefined),
      why: 'Law 9: refusals before the upgrade are JSON with a machine code.',
    },
  },
]

const budgets: readonly ConnectCase[] = [
  {
    id: 'crowd-loopback',
    title: 'on this machine 32 silent sockets do not keep the 33rd out',
    cites: ['limits.preauth-sockets'],
    isLoud: true,
    send: { kind: 'crowd', silent: 32, params: operator() },
    expect: {
      ours: hello({ scopes: ['operator.read'] }),
      official: http(503, undefined),
      why: 'Design 5: loopback is no source; a stuck program of the owner must not lock the owner out.',
    },
  },
  {
    id: 'crowd-proxied',
    title: 'the 33rd socket of one proxied client is refused before its upgrade',
    cites: ['limits.preauth-sockets'],
    configuration: 'proxied',
    isLoud: true,
    headers: behindProxy('203.0.113.90'),
    send: { kind: 'crowd', silent: 32, params: operator() },
    expect: {
      ours: http(503, 'too_many_unauthenticated_sockets'),
      official: http(503, undefined),
      why: 'Law 9: refusals before the upgrade are JSON with a machine code.',
    },
  },
  {
    id: 'guesses-token',
    title: 'after eleven wrong tokens a proxied client has to wait',
    cites: ['limits.guesses'],
    configuration: 'proxied',
    isLoud: true,
    headers: behindProxy('203.0.113.77'),
    prepare: [
      { params: operator({ auth: { token: WRONG } }), refused: true, times: 11, headers: behindProxy('203.0.113.77') },
    ],
    send: { kind: 'connect', params: operator({ auth: { token: SECRET } }) },
    expect: rateLimited(),
  },
  {
    id: 'guesses-device-token',
    title: 'after eleven wrong device tokens a proxied client has to wait',
    cites: ['limits.guesses'],
    configuration: 'proxied',
    isLoud: true,
    headers: behindProxy('203.0.113.79'),
    prepare: [
      {
        params: mac({ auth: { deviceToken: WRONG } }),
        device: true,
        refused: true,
        times: 11,
        headers: behindProxy('203.0.113.79'),
      },
    ],
    send: { kind: 'connect', params: mac({ auth: { deviceToken: WRONG } }), device: { key: 'new' } },
    expect: rateLimited(),
  },
  {
    id: 'guesses-loopback',
    title: 'on this machine wrong tokens slow down but never lock out',
    cites: ['limits.guesses'],
    isLoud: true,
    prepare: [{ params: operator({ auth: { token: WRONG } }), refused: true, times: 4 }],
    send: { kind: 'connect', params: operator() },
    expect: hello({ scopes: ['operator.read'] }),
  },
]

function rateLimited() {
  return refused('INVALID_REQUEST', 'AUTH_RATE_LIMITED', /^unauthorized: too many failed authentication attempts/, {
    retryable: true,
    details: { recommendedNextStep: 'wait_then_retry', authReason: 'rate_limited', canRetryWithDeviceToken: false },
  })
}

export const limitCases: readonly ConnectCase[] = [...deadlines, ...budgets]
