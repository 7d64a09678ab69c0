// Apps name the version of the system they run on. A newer version of the same system is no other device: the record
// follows it. Everything else that differs was a matter for approval. Pure.

import type { ClientInfo } from '@breakwater/protocol'
import type { DeviceRecord } from '../store/records.ts'
import { isSamePlatform } from './pairing-policy.ts'

const VERSIONED_APPS = new Set(['openclaw-macos', 'openclaw-ios', 'openclaw-watchos', 'openclaw-android'])

/** The platform to note instead of the recorded one, or undefined: leave it. */
export function refreshedPlatform(record: DeviceRecord, client: ClientInfo): string | undefined {
  const { platform } = client
  if (record.platform === platform || !VERSIONED_APPS.has(client.id)) return undefined
  // Programs that share the app's key name the system without a version, and would undo it in turn.
  return /\d/.test(platform) && isSamePlatform(record, client) ? platform : undefined
}
