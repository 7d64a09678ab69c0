// Device tokens are derived, not stored: HMAC-SHA-256 of device, role and generation under a key file. Which generations
// are alive is the device record's business (pairing/device-grants.ts); the store only keeps numbers.

import { createHmac } from 'node:crypto'
import type { Role } from '@breakwater/protocol'
import { liveGenerations, liveToken } from '../pairing/device-grants.ts'
import type { DeviceRecord } from '../store/records.ts'
import { isSameSecret } from './secrets.ts'

const MAX_REMEMBERED_TOKENS = 4_096
const NAME_CHARS = 22

export class DeviceTokens {
  readonly #key: Buffer
  readonly #derived = new Map<string, string>()

  /** `key`: 32 random bytes that never leave the state directory. */
  constructor(key: Buffer) {
    this.#key = key
  }

  /** The bearer of one generation: 43 characters of base64url. */
  derive(deviceId: string, role: Role, generation: number): string {
    const name = `${deviceId}|${role}|${generation}`
    const known = this.#derived.get(name)
    if (known !== undefined) return known
    const token = createHmac('sha256', this.#key).update(name).digest('base64url')
    if (this.#derived.size >= MAX_REMEMBERED_TOKENS) this.#derived.delete(this.#derived.keys().next().value ?? '')
    this.#derived.set(name, token)
    return token
  }

  /** The generation the presented bearer is of, while that is alive; undefined otherwise. */
  match(record: DeviceRecord, role: Role, presented: string, nowMs: number): number | undefined {
    const token = liveToken(record, role)
    if (token === undefined) return undefined
    return liveGenerations(token, nowMs).find((generation) =>
      isSameSecret(this.derive(record.deviceId, role, generation), presented),
    )
  }

  /** The setup token behind a join path: whoever knows the path can be told the token, which is stored nowhere. */
  bootstrapOf(joinCode: string): string {
    return createHmac('sha256', this.#key).update(`join|${joinCode}`).digest('base64url')
  }

  /** A name for a shared secret that says nothing about it: the same secret has the same name in this gateway only. */
  nameOf(secret: string): string {
    return createHmac('sha256', this.#key).update(`shared-secret|${secret}`).digest('base64url').slice(0, NAME_CHARS)
  }
}
