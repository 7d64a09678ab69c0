// A scripted gateway at the far end of a memory transport: challenge, hello, answers; every part can be replaced.

import { type ConnectParams, decodeRequest, encodeError, encodeOk, type RequestFrame } from '@breakwater/protocol'
import { type MemoryPeer, MemoryTransport } from '../../src/transport/memory.ts'
import { helloOk } from './hello.ts'

export interface MemoryGatewayScript {
  /** Unset = a good challenge at once. */
  onAccept?: (peer: MemoryPeer, gateway: MemoryGateway) => void
  /** Unset = hello-ok. */
  onConnect?: (peer: MemoryPeer, frame: RequestFrame, gateway: MemoryGateway) => void
  /** Unset = echo. */
  onRequest?: (peer: MemoryPeer, frame: RequestFrame, gateway: MemoryGateway) => void
}

export class MemoryGateway {
  readonly connects: ConnectParams[] = []
  readonly peers: MemoryPeer[] = []
  readonly closes: { code: number; reason: string }[] = []
  readonly transport: MemoryTransport
  script: MemoryGatewayScript

  constructor(script: MemoryGatewayScript = {}, options: { isPinned?: boolean } = {}) {
    this.script = script
    this.transport = new MemoryTransport((peer) => this.#accept(peer), options)
  }

  get last(): MemoryPeer {
    const peer = this.peers.at(-1)
    if (peer === undefined) throw new Error('nobody has connected')
    return peer
  }

  challenge(peer: MemoryPeer, payload: unknown = { nonce: 'n-1', ts: 1_737_264_000_000 }): void {
    peer.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload }))
  }

  event(event: string, payload: unknown = {}, seq?: number, peer = this.last): void {
    peer.send(JSON.stringify({ type: 'event', event, payload, seq }))
  }

  refuse(peer: MemoryPeer, frame: RequestFrame, error: Parameters<typeof encodeError>[1]): void {
    peer.send(encodeError(frame.id, error))
    peer.close(1008, error.message)
  }

  #accept(peer: MemoryPeer): void {
    this.peers.push(peer)
    peer.onClose = (close) => this.closes.push(close)
    peer.onMessage = (text) => {
      const decoded = decodeRequest(text)
      if (!decoded.ok) throw new Error(`the client sent no request frame: ${text}`)
      this.#onRequest(peer, decoded.frame)
    }
    if (this.script.onAccept === undefined) this.challenge(peer)
    else this.script.onAccept(peer, this)
  }

  #onRequest(peer: MemoryPeer, frame: RequestFrame): void {
    if (frame.method === 'connect') {
      this.connects.push(frame.params as ConnectParams)
      if (this.script.onConnect === undefined) peer.send(encodeOk(frame.id, helloOk()))
      else this.script.onConnect(peer, frame, this)
    } else if (this.script.onRequest === undefined) peer.send(encodeOk(frame.id, { echo: frame.params ?? null }))
    else this.script.onRequest(peer, frame, this)
  }
}
