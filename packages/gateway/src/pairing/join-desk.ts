// Join URLs: a setup code for nodes that are told one address instead of a code (pairing notes section 6). Fetched once;
// the path is a secret of its own, from which the token is derived, so that neither is ever stored.

import type { SetupCodePayload } from '@breakwater/protocol'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import { put } from '../store/changes.ts'
import type { Store } from '../store/store.ts'
import type { PairingAnnouncer } from './announcer.ts'
import { bootstrapDigest, isOpen } from './setup-codes.ts'

export const JOIN_CODE_BYTES = 16
/** 16 bytes as base64url. */
export const JOIN_CODE = /^[A-Za-z0-9_-]{22}$/

export interface JoinDeskComponents {
  readonly store: Store
  readonly tokens: Pick<DeviceTokens, 'bootstrapOf'>
  readonly announcer: PairingAnnouncer
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export class JoinDesk {
  readonly #components: JoinDeskComponents

  constructor(components: JoinDeskComponents) {
    this.#components = components
  }

  /** The payload of the setup code, once; undefined for paths that never were, were fetched, or have expired. */
  async claim(joinCode: string): Promise<SetupCodePayload | undefined> {
    const { store, tokens, announcer, nowMs } = this.#components
    if (!JOIN_CODE.test(joinCode)) return undefined
    const bootstrapToken = tokens.bootstrapOf(joinCode)
    const tokenSha256 = bootstrapDigest(bootstrapToken)
    if (store.setupCodes.get(tokenSha256)?.joinCodeSha256 === undefined) return undefined
    const claimed = await store.decide((view) => {
      const code = view.setupCodes.get(tokenSha256)
      const isThere = code?.joinCodeSha256 === bootstrapDigest(joinCode) && isOpen(code, nowMs())
      if (!isThere || code.joinAddress === undefined) return { changes: [], result: undefined }
      const { joinCodeSha256: _, joinAddress, ...fetched } = code
      return { changes: [put('setupCodes', fetched)], result: { code, joinAddress } }
    })
    if (claimed === undefined) return undefined
    announcer.decided('setup code fetched through its join URL', { setupId: claimed.code.setupId })
    return { ...claimed.joinAddress, bootstrapToken, expiresAtMs: claimed.code.expiresAtMs }
  }
}

/** Where the payload is fetched. Undefined where the path would cross a network in clear text. */
export function joinUrlOf(gatewayUrl: string, joinCode: string): string | undefined {
  const url = new URL(gatewayUrl)
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'wss:' && !isLoopback) return undefined
  const path = url.pathname.replace(/\/$/, '')
  return `${url.protocol === 'wss:' ? 'https' : 'http'}://${url.host}${path}/j/${joinCode}`
}
