// The authentication policy in effect, which may change while the gateway runs: by its configuration, and by a replaced
// token file. A change takes effect at once, and whoever only the old policy let in is sent to fetch the new secret.
// A policy that cannot be put together changes nothing.

import { CLOSE } from '@breakwater/protocol'
import type { Authorised } from '../admission/candidate.ts'
import type { Peer } from '../connection/peer.ts'
import type { PeerRegistry } from '../connection/registry.ts'
import type { Part } from '../lifecycle.ts'
import type { Logger } from '../observe/logger.ts'
import type { AuthPolicy } from './auth-policy.ts'
import { judgeSharedSecret } from './shared-secret.ts'
import { isStillWelcome } from './still-welcome.ts'
import { TokenFile } from './token-file.ts'

/** The token that is made when the configuration names none, and where it lies. */
export interface GeneratedToken {
  readonly path: string
  readonly token: string
}

export interface LiveAuthComponents {
  readonly log: Logger
  readonly peers: PeerRegistry
  /** Reads the generated token, or makes it. */
  readonly generatedToken: () => Promise<GeneratedToken>
}

export class LiveAuth {
  readonly #components: LiveAuthComponents
  #tokenFile: TokenFile | undefined
  #policy: AuthPolicy
  /** Of the newest wish; what an older one comes to is dropped. */
  #generation = 0
  #isStarted = false

  /** `generated`: `policy` uses the generated token. */
  constructor(components: LiveAuthComponents, policy: AuthPolicy, generated: GeneratedToken | undefined) {
    this.#components = components
    this.#policy = policy
    this.#tokenFile = generated === undefined ? undefined : this.#watch(generated)
  }

  get policy(): AuthPolicy {
    return this.#policy
  }

  get part(): Part {
    return {
      name: 'token file',
      start: () => {
        this.#isStarted = true
        this.#tokenFile?.start()
      },
      stop: () => {
        this.#isStarted = false
        this.#tokenFile?.stop()
      },
    }
  }

  /**
   * Takes another policy into effect. Mode `token` without a token uses the generated one. Resolves with how many
   * connections were closed. Rejects when there is no generated token to be had; nothing has changed then.
   */
  async reconfigure(wanted: AuthPolicy): Promise<number> {
    this.#generation += 1
    const generation = this.#generation
    const isGenerated = wanted.mode === 'token' && wanted.token === undefined
    const generated = isGenerated ? await this.#components.generatedToken() : undefined
    if (generation !== this.#generation) return 0
    this.#tokenFile?.stop()
    this.#tokenFile = generated === undefined ? undefined : this.#watch(generated)
    if (this.#isStarted) this.#tokenFile?.start()
    return this.#replace(generated === undefined ? wanted : { mode: 'token', token: generated.token })
  }

  /** Closes a peer whose way in was closed while its connection was still being paired. */
  dropIfOutdated(peer: Peer, { connect, locality, headers, method }: Authorised): void {
    if (method === 'device-token' || method === 'bootstrap-token') return
    if (!judgeSharedSecret(this.#policy, { auth: connect.auth, locality, headers }).ok) drop(peer)
  }

  #watch(generated: GeneratedToken): TokenFile {
    const { log } = this.#components
    const file: TokenFile = new TokenFile(
      {
        log,
        onChange: (token) => {
          if (this.#tokenFile === file) this.#replace({ mode: 'token', token })
        },
      },
      generated,
    )
    return file
  }

  #replace(policy: AuthPolicy): number {
    const previous = this.#policy
    this.#policy = policy
    const dropped = [...this.#components.peers.all()].filter(
      ({ identity }) => !isStillWelcome(identity, previous, policy),
    )
    for (const peer of dropped) drop(peer)
    if (dropped.length > 0) this.#components.log.info('gateway auth changed', { closed: dropped.length })
    return dropped.length
  }
}

const drop = (peer: Peer): void => peer.close(CLOSE.authChanged.code, 'gateway auth changed')
