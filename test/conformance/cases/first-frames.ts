// First frames: their form and their size, and what may follow them.

import { answered, type ConnectCase, closed, hello, refused } from '../case.ts'
import { operator } from './peers.ts'

const connectFrame = (params: unknown, more: object = {}) => ({
  type: 'req',
  id: '1',
  method: 'connect',
  params,
  ...more,
})

const noResponse = closed(1008, 'invalid request frame')

const NOT_BARE_1000 = 'Design 8: an unparsable first frame ends with 1008 and a reason, never with a bare 1000.'

const frames: readonly ConnectCase[] = [
  {
    id: 'first-request-health',
    title: 'another method before connect is answered and ends the connection',
    cites: ['handshake.connect-first'],
    send: { kind: 'messages', messages: [{ type: 'req', id: '1', method: 'health', params: {} }] },
    expect: refused('INVALID_REQUEST', undefined, 'invalid handshake: first request must be connect'),
    provokes: ['INVALID_HANDSHAKE'],
  },
  ...[
    { id: 'event', what: 'an event', message: { type: 'event', event: 'x' } },
    { id: 'response', what: 'a response', message: { type: 'res', id: '1', ok: true } },
    { id: 'no-id', what: 'a request without an id', message: { type: 'req', method: 'connect', params: operator() } },
    { id: 'extra', what: 'a request with an unknown property', message: connectFrame(operator(), { zzz: 1 }) },
    { id: 'empty-object', what: 'an empty object', message: {} },
    { id: 'array', what: 'an array', message: [] },
    { id: 'null', what: 'null', message: 'null' },
  ].map(
    ({ id, what, message }): ConnectCase => ({
      id: `first-frame-${id}`,
      title: `${what} as the first frame ends the connection without a response`,
      cites: ['handshake.frame'],
      send: { kind: 'messages', messages: [message] },
      expect: noResponse,
    }),
  ),
  {
    id: 'first-frame-not-json',
    title: 'a first frame that is not JSON ends the connection without a response',
    cites: ['handshake.unparsable'],
    send: { kind: 'messages', messages: ['hello'] },
    expect: { ours: noResponse, official: closed(1000, ''), why: NOT_BARE_1000 },
  },
  {
    id: 'first-frame-binary-junk',
    title: 'a first binary message that is not JSON ends the connection without a response',
    cites: ['handshake.unparsable', 'transport.binary'],
    send: { kind: 'messages', messages: [Buffer.from([0, 255, 1, 2])] },
    expect: { ours: noResponse, official: closed(1000, ''), why: NOT_BARE_1000 },
  },
  {
    id: 'first-frame-empty',
    title: 'an empty first message is no JSON either',
    cites: ['handshake.unparsable'],
    send: { kind: 'messages', messages: [''] },
    expect: { ours: noResponse, official: closed(1000, ''), why: NOT_BARE_1000 },
  },
  {
    id: 'first-frame-binary-json',
    title: 'a binary message that holds a connect is one',
    cites: ['transport.binary'],
    send: { kind: 'connect', params: operator(), as: 'binary' },
    expect: hello({ scopes: ['operator.read'], method: 'token' }),
  },
  {
    id: 'first-frame-not-utf8',
    title: 'text that is not UTF-8 ends with 1007',
    cites: ['transport.utf8'],
    send: { kind: 'messages', messages: [Buffer.from([0xff, 0xfe])], isText: true },
    expect: closed(1007, ''),
  },
]

const sizes: readonly ConnectCase[] = [
  {
    id: 'connect-60000-bytes',
    title: 'a connect of 60,000 bytes is accepted',
    cites: ['limits.preauth-bytes'],
    send: { kind: 'connect', params: operator(), bytes: 60_000 },
    expect: hello({ scopes: ['operator.read'] }),
  },
  {
    id: 'connect-65536-bytes',
    title: 'a connect of exactly 64 KiB leaves no room for the upgrade request',
    cites: ['limits.preauth-bytes'],
    send: { kind: 'connect', params: operator(), bytes: 65_536 },
    expect: {
      ours: closed(1009, /^preauth payload too large/),
      official: hello({ scopes: ['operator.read'] }),
      why: 'Law 1: a stranger costs 64 KiB in all, upgrade request and frame headers included, not 64 KiB a frame.',
    },
  },
  {
    id: 'connect-200000-bytes',
    title: 'a connect of 200,000 bytes ends with 1009',
    cites: ['limits.preauth-bytes'],
    send: { kind: 'connect', params: operator(), bytes: 200_000 },
    expect: {
      ours: closed(1009, /^preauth payload too large/),
      official: closed(1009, ''),
      why: 'Law 9: the close names the limit.',
    },
  },
  {
    id: 'pipelined-15',
    title: 'fifteen requests behind a connect are answered after hello-ok',
    cites: ['limits.pipelined'],
    send: {
      kind: 'connect',
      params: operator(),
      device: { key: 'new' },
      behind: Array.from({ length: 15 }, () => 'last-heartbeat'),
    },
    expect: answered({ count: 15 }),
  },
  {
    id: 'pipelined-40',
    title: 'forty requests behind a connect that is still being judged are too many',
    cites: ['limits.pipelined'],
    send: {
      kind: 'connect',
      params: operator(),
      device: { key: 'new' },
      behind: Array.from({ length: 40 }, () => 'last-heartbeat'),
    },
    expect: closed(1008, 'too many pending handshake frames'),
  },
]

export const firstFrameCases: readonly ConnectCase[] = [...frames, ...sizes]
