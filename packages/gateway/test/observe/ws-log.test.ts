import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Connection } from '../../src/listener/connection.ts'
import { WsLog, type WsLogMode } from '../../src/observe/ws-log.ts'
import { fakePeer } from '../fake-peer.ts'

function watch(mode: WsLogMode): { log: WsLog; lines: string[] } {
  const lines: string[] = []
  return { log: new WsLog(mode, (line) => lines.push(line)), lines }
}

const CONN_ID = '12345678-90ab-cdef'

/** Everything that can happen to one connection. */
function live(log: WsLog): void {
  const raw = { remotePort: 50_000, localAddress: '127.0.0.1', localPort: 18_789 }
  log.opened({ connId: CONN_ID, peerAddress: '127.0.0.1', isUnixSocket: false, raw } as unknown as Connection)
  const peer = fakePeer({ connId: CONN_ID })
  log.connected(peer)
  log.greeted(peer, { methods: 70, events: 40, presence: 1, stateVersion: { presence: 2, health: 3 } })
  log.received(CONN_ID, 'health', 120)
  log.published('tick', 1)
  log.closed(CONN_ID, 1000, 12.4, 'ok', '')
  log.closed(CONN_ID, 1008, 3.6, 'failed', 'handshake timeout (connect, 3000 ms)')
}

const whatOf = (line: string): string => line.split(' ')[1] ?? ''

describe('the WebSocket log', () => {
  const SHOWN: Readonly<Record<WsLogMode, readonly string[]>> = {
    off: [],
    auto: ['close'],
    compact: ['open', 'connect', 'hello-ok', 'event', 'close', 'close'],
    full: ['open', 'connect', 'hello-ok', 'request', 'event', 'close', 'close'],
  }
  for (const [mode, shown] of Object.entries(SHOWN) as [WsLogMode, readonly string[]][]) {
    test(`shows in mode ${mode}: ${shown.join(', ') || 'nothing'}`, () => {
      const { log, lines } = watch(mode)
      live(log)
      assert.deepEqual(lines.map(whatOf), shown)
      assert.equal(log.isWatched, mode === 'compact' || mode === 'full')
    })
  }

  test('names what happened in pairs, with short connection ids', () => {
    const { log, lines } = watch('full')
    live(log)
    assert.deepEqual(lines, [
      '[ws] open conn=12345678 remote=127.0.0.1:50000 local=127.0.0.1:18789 endpoint=tcp',
      '[ws] connect conn=12345678 client=openclaw-macos displayName=desk version=1.2.3 mode=ui platform="macOS 15.3.1" role=operator auth=token',
      '[ws] hello-ok conn=12345678 methods=70 events=40 presence=1 stateVersion=2/3',
      '[ws] request conn=12345678 method=health bytes=120',
      '[ws] event event=tick receivers=1',
      '[ws] close conn=12345678 code=1000 durationMs=12 handshake=ok',
      '[ws] close conn=12345678 code=1008 durationMs=4 handshake=failed reason="handshake timeout (connect, 3000 ms)"',
    ])
  })

  test('says nothing of events nobody received', () => {
    const { log, lines } = watch('compact')
    log.published('tick', 0)
    assert.deepEqual(lines, [])
  })

  test('cannot be forged by what a peer calls itself', () => {
    const { log, lines } = watch('compact')
    log.connected(
      fakePeer({
        client: {
          id: 'cli',
          mode: 'cli',
          version: '1" role=admin',
          platform: 'x\n[ws] hello-ok conn=00000000',
          displayName: '\u001b[2Kgone',
        },
      }),
    )
    assert.equal(lines.length, 1)
    assert.doesNotMatch(lines[0] ?? '', /\p{Cc}/u)
    assert.match(lines[0] ?? '', /version="1\\" role=admin"/)
    assert.match(lines[0] ?? '', /platform="x\\n\[ws\] hello-ok conn=00000000"/)
  })
})
