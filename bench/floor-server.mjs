// The floor: the least a WebSocket gateway can do. It upgrades, challenges, parses, answers constants and broadcasts.
// It checks no credential, keeps no state and validates nothing, so every ratio says what doing the real work costs.
// Plain JavaScript, because its start time is one of the figures. Loopback only, never a server to build on.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'

const LISTEN_BACKLOG = 4096
const LOOP_SAMPLE_MS = 10

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'rpc-bytes': { type: 'string', default: '400' },
    'event-bytes': { type: 'string', default: '700' },
  },
})

const peers = new Set()
const pendingInvokes = new Map()
let node

const rpcPayload = paddedPayload((filler) => response('12345', [{ text: filler }]), Number(flags['rpc-bytes']))
const eventPayload = paddedPayload((filler) => presenceEvent([{ text: filler }]), Number(flags['event-bytes']))

const methods = {
  connect(peer, { id, params }) {
    peers.add(peer)
    if (params?.role === 'node') node = peer
    peer.send(response(id, helloOk(params)))
  },
  'system-event'(peer, { id }) {
    const event = Buffer.from(presenceEvent(eventPayload))
    for (const subscriber of peers) subscriber.send(event, { binary: false })
    peer.send(response(id, { ok: true }))
  },
  // Two hops: the asker's request goes to the connected node as an event, the node's result comes back to the asker.
  'node.invoke'(peer, { id, params }) {
    const invokeId = randomUUID()
    pendingInvokes.set(invokeId, { peer, id })
    const payload = { ...params, id: invokeId }
    node?.send(JSON.stringify({ type: 'event', event: 'node.invoke.request', payload }))
  },
  'node.invoke.result'(peer, { id, params }) {
    const asker = pendingInvokes.get(params.id)
    pendingInvokes.delete(params.id)
    peer.send(response(id, { ok: true }))
    asker?.peer.send(response(asker.id, { ok: params.ok, payload: params.payload }))
  },
}

const loopDelay = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS })
loopDelay.enable()

const http = createServer((request, reply) => {
  if (request.url !== '/loop') return reply.writeHead(404).end()
  const delayMaxMs = Math.max(0, loopDelay.max / 1e6 - LOOP_SAMPLE_MS)
  loopDelay.reset()
  reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ eventLoop: { delayMaxMs } }))
})

new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (peer) => {
  peer.send(
    JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: randomUUID(), ts: Date.now() } }),
  )
  peer.on('message', (data) => {
    const request = JSON.parse(data)
    const method = methods[request.method]
    if (method === undefined) peer.send(response(request.id, rpcPayload))
    else method(peer, request)
  })
  peer.on('close', () => {
    peers.delete(peer)
    if (node === peer) node = undefined
  })
})
http.listen({ port: Number(flags.port), host: '127.0.0.1', backlog: LISTEN_BACKLOG })

function response(id, payload) {
  return JSON.stringify({ type: 'res', id, ok: true, payload })
}

function presenceEvent(presence) {
  return JSON.stringify({
    type: 'event',
    event: 'presence',
    payload: { presence },
    seq: 1,
    stateVersion: { presence: 1, health: 1 },
  })
}

/** One constant presence list that makes the encoded frame `bytes` long, or as short as the frame can be. */
function paddedPayload(encode, bytes) {
  return [{ text: 'x'.repeat(Math.max(0, bytes - encode('').length)) }]
}

function helloOk({ role = 'operator', scopes = [] } = {}) {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: 'floor', connId: randomUUID() },
    features: { methods: [], events: [] },
    snapshot: {
      presence: [],
      health: {},
      stateVersion: { presence: 1, health: 1 },
      uptimeMs: Math.round(performance.now()),
    },
    auth: { role, scopes },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
  }
}
