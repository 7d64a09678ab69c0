// The authentication policy in effect, which may change while the gateway runs: a replaced token file takes effect at once
// and whoever the old secret let in is sent to fetch the new one.

import type { Authorised } from '../admission/candidate.ts'
import type { Peer } from '../connection/peer.ts'
import type { PeerRegistry } from '../connection/registry.ts'
import type { Part } from '../lifecycle.ts'
import type { Logger } from '../observe/logger.ts'
import type { AuthPolicy } from './auth-policy.ts'
import { dropSharedSecretPeers, isSharedSecretMethod } from './drop-shared-secret-peers.ts'
import { judgeSharedSecret } from './shared-secret.ts'
import { TokenFile } from './token-file.ts'

export interface LiveAuthComponents {
  readonly log: Logger
  readonly peers: PeerRegistry
}

export class LiveAuth {
  readonly #peers: PeerRegistry
  readonly #tokenFile: TokenFile | undefined
  #policy: AuthPolicy

  constructor(
    { log, peers }: LiveAuthComponents,
    policy: AuthPolicy,
    generatedToken: { readonly path: string; readonly token: string } | undefined,
  ) {
    this.#peers = peers
    this.#policy = policy
    if (generatedToken !== undefined) {
      this.#tokenFile = new TokenFile(
        { log, onChange: (token) => this.#replace({ mode: 'token', token }) },
        generatedToken,
      )
    }
  }

  get policy(): AuthPolicy {
    return this.#policy
  }

  get part(): Part {
    return { name: 'token file', start: () => this.#tokenFile?.start(), stop: () => this.#tokenFile?.stop() }
  }

  /** Closes a peer whose secret was replaced while its connection was still being paired. */
  dropIfOutdated(peer: Peer, { connect, locality, headers, method }: Authorised): void {
    if (!isSharedSecretMethod(method)) return
    if (!judgeSharedSecret(this.#policy, { auth: connect.auth, locality, headers }).ok) dropSharedSecretPeers([peer])
  }

  #replace(policy: AuthPolicy): void {
    this.#policy = policy
    dropSharedSecretPeers(this.#peers.all())
  }
}
