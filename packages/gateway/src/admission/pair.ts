// Lets a connection through when its device is approved for what it asks; approves silently what the owner's own machine
// may; otherwise tells which approval is missing.

import { randomUUID } from 'node:crypto'
import { unionScopes } from '@breakwater/protocol'
import { mayApproveSilently, type PairingReason, pairingReason, type SilentPolicy } from '../pairing/pairing-policy.ts'
import { put } from '../store/changes.ts'
import type { DeviceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { type Authenticated, next, type Paired, type ProvenDevice, refuse, type Verdict } from './candidate.ts'

export interface PairComponents {
  readonly store: Store
  readonly policy: () => SilentPolicy
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export const pair =
  ({ store, policy, nowMs }: PairComponents) =>
  (candidate: Authenticated): Verdict<Paired> | Promise<Verdict<Paired>> => {
    const { device } = candidate
    if (device === undefined) return next({ ...candidate, record: undefined })
    const record = store.devices.get(device.deviceId)
    const reason = pairingReason(record, candidate)
    if (reason === undefined) return next({ ...candidate, record })
    if (candidate.isOwnerProcess && candidate.connect.client.id === 'gateway-client')
      return next({ ...candidate, record })
    if (candidate.method === 'device-token' && reason === 'scope-upgrade') return scopeMismatch()
    if (!mayApproveSilently(reason, record, candidate, policy())) return pairingRequired(candidate, record, reason)
    return store
      .decide((view) => {
        const approved = silentlyApproved(candidate, device, view.devices.get(device.deviceId), nowMs())
        return { changes: [put('devices', approved)], result: approved }
      })
      .then((approved) => next({ ...candidate, record: approved }))
  }

/** The record after a silent approval: roles and scopes are added to what was approved, never taken away. */
function silentlyApproved(
  candidate: Authenticated,
  device: ProvenDevice,
  before: DeviceRecord | undefined,
  nowMs: number,
): DeviceRecord {
  const { role, requestedScopes, connect } = candidate
  const known = before?.publicKey === device.publicKey ? before : undefined
  const approvedScopes =
    role === 'operator' ? unionScopes(known?.approvedScopes ?? [], requestedScopes) : (known?.approvedScopes ?? [])
  const scopes = role === 'operator' ? approvedScopes : []
  const token = known?.tokens[role]
  return {
    deviceId: device.deviceId,
    publicKey: device.publicKey,
    ...withoutUndefined({
      displayName: connect.client.displayName ?? known?.displayName,
      platform: connect.client.platform,
      deviceFamily: connect.client.deviceFamily,
      clientId: connect.client.id,
      clientMode: connect.client.mode,
    }),
    roles: [...new Set([...(known?.roles ?? []), role])],
    approvedScopes,
    approvedVia: known?.approvedVia === 'owner' || known?.approvedVia === 'bootstrap' ? known.approvedVia : 'silent',
    createdAtMs: known?.createdAtMs ?? nowMs,
    approvedAtMs: nowMs,
    tokens: {
      ...known?.tokens,
      [role]:
        token === undefined || token.revokedAtMs !== undefined
          ? { generation: (token?.generation ?? 0) + 1, scopes, createdAtMs: nowMs }
          : { ...token, scopes },
    },
  }
}

const MESSAGES: Readonly<Record<PairingReason, { readonly suffix: string; readonly hint: string }>> = {
  'not-paired': {
    suffix: 'device is not approved yet',
    hint: 'Approve this device from the pending pairing requests.',
  },
  'role-upgrade': {
    suffix: 'device is asking for a higher role than currently approved',
    hint: 'Review the requested role, then approve the pending request.',
  },
  'scope-upgrade': {
    suffix: 'device is asking for more scopes than currently approved',
    hint: 'Review the requested scopes, then approve the pending request.',
  },
  'metadata-upgrade': {
    suffix: 'device identity changed and must be re-approved',
    hint: 'Review the changed device details, then approve the pending request.',
  },
}

function pairingRequired(
  candidate: Authenticated,
  record: DeviceRecord | undefined,
  reason: PairingReason,
): Verdict<Paired> {
  const requestId = randomUUID()
  const { suffix, hint } = MESSAGES[reason]
  const isSameKey = record !== undefined && record.publicKey === candidate.device?.publicKey
  const message = `pairing required: ${suffix}`
  return refuse(
    'PAIRING_REQUIRED',
    {
      message,
      details: {
        reason,
        requestId,
        remediationHint: hint,
        deviceId: candidate.device?.deviceId,
        requestedRole: candidate.role,
        ...nonEmpty('requestedScopes', candidate.requestedScopes),
        ...(isSameKey
          ? { ...nonEmpty('approvedRoles', record.roles), ...nonEmpty('approvedScopes', record.approvedScopes) }
          : {}),
        recommendedNextStep: 'wait_then_retry',
        retryable: true,
        pauseReconnect: false,
      },
      nextCommand: `breakwater devices approve ${requestId}`,
    },
    { closeReason: `${message} (requestId: ${requestId})` },
  )
}

/** With its own token a device is told to ask for approval another way; no request is made for it (pairing notes 2). */
const scopeMismatch = (): Verdict<Paired> =>
  refuse('AUTH_SCOPE_MISMATCH', {
    details: { authReason: 'scope_mismatch', canRetryWithDeviceToken: false },
    nextCommand: 'breakwater devices list',
  })

const nonEmpty = (name: string, values: readonly string[]) => (values.length === 0 ? {} : { [name]: values })

const withoutUndefined = <Fields extends Record<string, unknown>>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>
  }
