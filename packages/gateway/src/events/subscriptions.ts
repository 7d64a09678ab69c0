// Who asked to hear about sessions: all changes, or the messages of one session. Lives as long as the connection.
// Only remembers; what an event is and who may see it is decided where it is published.

import type { Peer } from '../connection/peer.ts'

/** Sessions one connection may follow at a time. */
export const MAX_SESSIONS_PER_PEER = 256

interface Following {
  changes: boolean
  /** Canonical session keys, and whether the approvals of that session are wanted too. */
  readonly messages: Map<string, { readonly includeApprovals: boolean }>
}

export class SessionSubscriptions {
  readonly #byPeer = new WeakMap<Peer, Following>()

  followChanges(peer: Peer): void {
    this.#of(peer).changes = true
  }

  /** False when the connection already follows as many sessions as it may. */
  followMessages(peer: Peer, sessionKey: string, includeApprovals: boolean): boolean {
    const { messages } = this.#of(peer)
    if (!messages.has(sessionKey) && messages.size >= MAX_SESSIONS_PER_PEER) return false
    messages.set(sessionKey, { includeApprovals })
    return true
  }

  unfollowMessages(peer: Peer, sessionKey: string): void {
    this.#byPeer.get(peer)?.messages.delete(sessionKey)
  }

  followsChanges(peer: Peer): boolean {
    return this.#byPeer.get(peer)?.changes ?? false
  }

  followsMessages(peer: Peer, sessionKey: string): boolean {
    return this.#byPeer.get(peer)?.messages.has(sessionKey) ?? false
  }

  followsApprovals(peer: Peer, sessionKey: string): boolean {
    return this.#byPeer.get(peer)?.messages.get(sessionKey)?.includeApprovals ?? false
  }

  #of(peer: Peer): Following {
    let following = this.#byPeer.get(peer)
    if (following === undefined) {
      following = { changes: false, messages: new Map() }
      this.#byPeer.set(peer, following)
    }
    return following
  }
}
