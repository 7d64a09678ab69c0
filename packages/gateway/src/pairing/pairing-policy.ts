// Does this connect need the owner's approval, and may it be given silently (pairing notes sections 2 and 4)?
// Pure: records and facts in, a decision out.

import { coversScopes } from '@breakwater/protocol'
import type { Authenticated } from '../admission/candidate.ts'
import type { DeviceRecord } from '../store/records.ts'

export type PairingReason = 'not-paired' | 'metadata-upgrade' | 'role-upgrade' | 'scope-upgrade'

/** Why a device must be approved (again); undefined when it may connect as it asks. */
export function pairingReason(record: DeviceRecord | undefined, candidate: Authenticated): PairingReason | undefined {
  const { device, role, requestedScopes } = candidate
  if (record === undefined || record.publicKey !== device?.publicKey) return 'not-paired'
  if (!isSamePlatform(record, candidate.connect.client)) return 'metadata-upgrade'
  const token = record.tokens[role]
  if (!record.roles.includes(role) || token === undefined || token.revokedAtMs !== undefined) return 'role-upgrade'
  if (role === 'operator' && !coversScopes(record.approvedScopes, requestedScopes)) return 'scope-upgrade'
  return undefined
}

export interface SilentPolicy {
  /** `gateway.nodes.pairing.autoApproveLocal`. */
  readonly autoApproveLocal: boolean
}

/** Pages the gateway serves or knows as its own. A browser extension is not one: it rides along on any page. */
const OWN_PAGES = new Set(['openclaw-control-ui', 'openclaw-tui'])

/** The silent-approval matrix: a person at this machine is the owner, a page or a repaired node is not. */
export function mayApproveSilently(
  reason: PairingReason,
  record: DeviceRecord | undefined,
  candidate: Authenticated,
  policy: SilentPolicy,
): boolean {
  const { locality, headers, connect, role, method } = candidate
  if (locality.kind !== 'local') return false
  const isPage = OWN_PAGES.has(connect.client.id) || connect.client.mode === 'webchat'
  if (headers.origin !== undefined && !isPage) return false
  if (role === 'node' && candidate.requestedScopes.length > 0) return false
  if (record !== undefined && role !== 'operator') return false
  if (reason === 'metadata-upgrade')
    return headers.origin === undefined && !isPage && isNativeApp(connect.client.id, connect.client.mode)
  if (!policy.autoApproveLocal) return false
  if (reason === 'scope-upgrade') return method === 'none' || method === 'token' || method === 'password'
  return true
}

const NATIVE_APPS = new Set(['openclaw-macos', 'openclaw-linux', 'openclaw-ios', 'openclaw-android'])
export const isNativeApp = (clientId: string, mode: string): boolean => mode === 'ui' && NATIVE_APPS.has(clientId)

/** What a device says it runs on, as far as it is pinned. */
export interface PlatformFacts {
  readonly platform?: string
  readonly deviceFamily?: string
}

/** False when a pinned platform or device family has changed. Version bumps of the same system are not a change. */
export function isSamePlatform(pinned: PlatformFacts, presented: PlatformFacts): boolean {
  return (
    !isOther(pinned.platform, presented.platform, canonicalPlatform) &&
    !isOther(pinned.deviceFamily, presented.deviceFamily, (value) => value)
  )
}

function isOther(
  pinned: string | undefined,
  presented: string | undefined,
  canonical: (value: string) => string,
): boolean {
  if (pinned === presented) return false
  const before = pinned?.trim().toLowerCase() ?? ''
  if (before === '') return false
  return canonical(before) !== canonical(presented?.trim().toLowerCase() ?? '')
}

const PLATFORM_ALIASES: Readonly<Record<string, string>> = { darwin: 'macos', win32: 'windows' }

/** `iOS 18.4` and `iOS 18.5`, `darwin` and `macOS 15.3` are the same platform. */
function canonicalPlatform(platform: string): string {
  const name = platform.replace(/[\s/]+v?\d[\d.]*.*$/, '')
  return PLATFORM_ALIASES[name] ?? name
}
