import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PeerSession, type PeerSessionComponents } from '../../src/connection/peer-session.ts'
import { PeerRegistry } from '../../src/connection/registry.ts'
import { WsLog } from '../../src/observe/ws-log.ts'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

class Setting {
  readonly calls: string[] = []
  readonly lines: string[] = []
  readonly link = new RecordingLink()
  readonly peer = fakePeer({ connId: 'c1' }, this.link)
  readonly peers = new PeerRegistry()
  nowMs = 1_000
  readonly session: PeerSession

  constructor() {
    const note = (what: string) => () => void this.calls.push(what)
    const components = {
      peers: this.peers,
      presence: {
        connected: () => this.calls.push(`announced ${this.peers.size}`),
        disconnected: note('gone'),
        touch: note('touched'),
      },
      heartbeat: { watch: note('watched'), unwatch: note('unwatched'), pong: note('pong') },
      router: {
        receive: (_: unknown, text: string) => this.calls.push(`received ${text}`),
        peerClosed: note('aborted'),
      },
      closed: { record: (_: unknown, code: number, reason: string) => this.calls.push(`recorded ${code} ${reason}`) },
      wsLog: new WsLog('compact', (line) => this.lines.push(line)),
      now: () => this.nowMs,
    }
    this.session = new PeerSession(components as unknown as PeerSessionComponents, this.peer)
  }
}

describe('an admitted connection', () => {
  test('is registered before anybody hears of it', () => {
    const setting = new Setting()
    setting.session.begin()
    assert.equal(setting.peers.get('c1'), setting.peer)
    assert.deepEqual(setting.calls, ['watched', 'announced 1'])
  })

  test('has its messages routed, and its pongs noted as signs of life', () => {
    const setting = new Setting()
    setting.session.begin()
    setting.calls.length = 0
    setting.session.onText('hi')
    setting.session.onPong()
    assert.deepEqual(setting.calls, ['received hi', 'pong', 'touched'])
  })

  test('ends once: unregistered, unwatched, its calls aborted, its presence gone, its end remembered', () => {
    const setting = new Setting()
    setting.session.begin()
    setting.calls.length = 0
    setting.nowMs += 2_500
    setting.session.onClose(1001, 'leaving')
    setting.session.onClose(1006, '')
    assert.deepEqual(setting.calls, ['unwatched', 'aborted', 'gone', 'recorded 1001 leaving'])
    assert.equal(setting.peers.size, 0)
    assert.ok(setting.peer.isClosed)
    assert.deepEqual(setting.lines, ['[ws] close conn=c1 code=1001 durationMs=2500 handshake=ok reason=leaving'])
  })

  test('that we closed is remembered with our reason, not with what the socket said', () => {
    const setting = new Setting()
    setting.session.begin()
    setting.peer.close(4001, 'device removed')
    setting.session.onClose(1006, '')
    assert.equal(setting.calls.at(-1), 'recorded 4001 device removed')
  })
})
