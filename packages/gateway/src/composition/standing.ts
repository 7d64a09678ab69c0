// Connections whose way in hangs on settings beside authentication: a page of an allowed origin, a client of a trusted
// proxy. When those settings become narrower, whoever would be refused now is closed; everybody else is left alone.

import { CLOSE } from '@breakwater/protocol'
import type { Authorised } from '../admission/candidate.ts'
import { judgeOrigin } from '../admission/check-origin.ts'
import type { Peer } from '../connection/peer.ts'
import type { PeerRegistry } from '../connection/registry.ts'
import { isTrustedProxy, type TrustPolicy } from '../listener/trust-policy.ts'

type Page = Parameters<typeof judgeOrigin>[0]

export class Standing {
  readonly #peers: PeerRegistry
  readonly #pages = new WeakMap<Peer, Page>()

  constructor({ peers }: { readonly peers: PeerRegistry }) {
    this.#peers = peers
  }

  /** Call when a peer is admitted: what its page said is kept for as long as it is connected. */
  note(peer: Peer, { headers: { origin, host }, connect, locality }: Authorised): void {
    if (origin === undefined) return
    this.#pages.set(peer, { headers: { origin, host }, connect: { client: connect.client }, locality })
  }

  /** Returns how many were closed. */
  reviewOrigins(allowedOrigins: readonly string[]): number {
    return this.#close('origin not allowed', (peer) => {
      const page = this.#pages.get(peer)
      return page === undefined || judgeOrigin(page, allowedOrigins).ok
    })
  }

  reviewProxies(policy: TrustPolicy): number {
    return this.#close(
      'gateway ingress attribution required',
      ({ identity: { locality } }) => locality.kind !== 'proxied' || isTrustedProxy(locality.proxyAddress, policy),
    )
  }

  #close(reason: string, mayStay: (peer: Peer) => boolean): number {
    const closing = [...this.#peers.all()].filter((peer) => !mayStay(peer))
    for (const peer of closing) peer.close(CLOSE.policy.code, reason)
    return closing.length
  }
}
