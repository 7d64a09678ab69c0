// Every live peer, by connection and by device. Owns membership only; announcing comes and goes is the caller's.

import type { Peer } from './peer.ts'

export class PeerRegistry {
  readonly #byConnId = new Map<string, Peer>()
  readonly #byDevice = new Map<string, Set<Peer>>()
  /** Since the start. */
  admittedCount = 0

  get size(): number {
    return this.#byConnId.size
  }

  add(peer: Peer): void {
    this.admittedCount += 1
    this.#byConnId.set(peer.identity.connId, peer)
    const { deviceId } = peer.identity
    if (deviceId === undefined) return
    const siblings = this.#byDevice.get(deviceId)
    if (siblings === undefined) this.#byDevice.set(deviceId, new Set([peer]))
    else siblings.add(peer)
  }

  /** False when the peer was not (or no longer) registered. */
  remove(peer: Peer): boolean {
    const { connId, deviceId } = peer.identity
    if (this.#byConnId.get(connId) !== peer) return false
    this.#byConnId.delete(connId)
    if (deviceId !== undefined) {
      const siblings = this.#byDevice.get(deviceId)
      siblings?.delete(peer)
      if (siblings?.size === 0) this.#byDevice.delete(deviceId)
    }
    return true
  }

  get(connId: string): Peer | undefined {
    return this.#byConnId.get(connId)
  }

  all(): IterableIterator<Peer> {
    return this.#byConnId.values()
  }

  ofDevice(deviceId: string): Iterable<Peer> {
    return this.#byDevice.get(deviceId) ?? []
  }

  /** Stops or resumes reading from every connection of an owner: a device, or one connection without a device. */
  setReading(ownerKey: string, reading: boolean): void {
    this.get(ownerKey)?.setReading(reading)
    for (const peer of this.ofDevice(ownerKey)) peer.setReading(reading)
  }

  isConnected(deviceId: string): boolean {
    return this.#byDevice.has(deviceId)
  }
}
