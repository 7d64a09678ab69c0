// Lets a connection through when its device is approved for what it asks; otherwise tells which approval is missing and
// how to get it. Who is approved, and by what, is the pairing plane's to say.

import { PAIRING_WAIT_CAP } from '@breakwater/protocol'
import type { Admittance, DeviceAdmission } from '../pairing/device-admission.ts'
import type { PairingReason } from '../pairing/pairing-policy.ts'
import type { PairingWaits } from '../pairing/pairing-waits.ts'
import { refuseSetupCode } from './authenticate.ts'
import { type Authenticated, next, type Paired, refuse, type Verdict } from './candidate.ts'

/** How long a connection that offers to wait is held: less than any client waits for its hello. */
export const HOLD_MS = 8_000

export interface PairComponents {
  readonly admission: Pick<DeviceAdmission, 'admit'>
  readonly waits: Pick<PairingWaits, 'wait'>
}

export const pair =
  ({ admission, waits }: PairComponents) =>
  (candidate: Authenticated): Verdict<Paired> | Promise<Verdict<Paired>> => {
    const conclude = (answer: Admittance) =>
      answer.kind === 'required' ? hold({ admission, waits }, candidate, answer) : toVerdict(candidate, answer)
    const answer = admission.admit(candidate)
    return answer instanceof Promise ? answer.then(conclude) : conclude(answer)
  }

type Required = Extract<Admittance, { kind: 'required' }>

/** Who offers to wait is answered when a person has answered, or when nobody did in time. */
function hold(
  { admission, waits }: PairComponents,
  candidate: Authenticated,
  required: Required,
): Verdict<Paired> | Promise<Verdict<Paired>> {
  if (candidate.connect.caps?.includes(PAIRING_WAIT_CAP) !== true) return pairingRequired(candidate, required)
  const wait = waits.wait(required.request.requestId, { maxMs: HOLD_MS })
  if (wait === 'full') return pairingRequired(candidate, required)
  candidate.yieldTurn?.()
  return wait.then(async (answer) => {
    if (answer !== 'approved') return pairingRequired(candidate, required)
    return toVerdict(candidate, await admission.admit(candidate))
  })
}

function toVerdict(candidate: Authenticated, answer: Admittance): Verdict<Paired> {
  switch (answer.kind) {
    case 'admitted': {
      const { record, scopes, handoff } = answer
      return next({
        ...candidate,
        record,
        ...(scopes === undefined ? {} : { allowedScopes: scopes }),
        ...(handoff === undefined ? {} : { handoff }),
      })
    }
    case 'required':
      return pairingRequired(candidate, answer)
    case 'full':
      return pairingFull(candidate, answer)
    case 'scope-mismatch':
      return scopeMismatch()
    case 'setup-code-spent':
      return refuseSetupCode('used')
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

/** Stock clients stop for good on this refusal unless told that coming back helps. */
const COME_BACK = { recommendedNextStep: 'wait_then_retry', retryable: true, pauseReconnect: false }

function pairingRequired(candidate: Authenticated, { reason, record, request }: Required): Verdict<Paired> {
  const { requestId } = request
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
        deviceId: request.deviceId,
        requestedRole: candidate.role,
        ...nonEmpty('requestedScopes', candidate.requestedScopes),
        ...(isSameKey
          ? { ...nonEmpty('approvedRoles', record.roles), ...nonEmpty('approvedScopes', record.approvedScopes) }
          : {}),
        ...COME_BACK,
      },
      nextCommand: `breakwater devices approve ${requestId}`,
    },
    { closeReason: `${message} (requestId: ${requestId})`, waiting: { deviceId: request.deviceId, requestId } },
  )
}

/** No id: nothing to approve until an older request is answered or expires. */
function pairingFull(candidate: Authenticated, full: Extract<Admittance, { kind: 'full' }>): Verdict<Paired> {
  const { suffix } = MESSAGES[full.reason]
  const message =
    full.limit === 'scopes'
      ? `pairing required: more than ${full.max} scopes, or one that is too long, cannot be asked for`
      : `pairing required: ${suffix}, and ${full.max} requests are waiting already`
  return refuse(
    'PAIRING_REQUIRED',
    {
      message,
      details: {
        reason: full.reason,
        limit: full.limit,
        max: full.max,
        remediationHint: 'Approve or reject the requests that are waiting; unanswered ones expire.',
        deviceId: candidate.device?.deviceId,
        requestedRole: candidate.role,
        ...(full.limit === 'scopes' ? {} : COME_BACK),
      },
      nextCommand: 'breakwater devices list',
    },
    { waiting: { deviceId: candidate.device?.deviceId ?? '', requestId: undefined } },
  )
}

/** With its own token a device is told to ask for approval another way; no request is made for it (pairing notes 2). */
const scopeMismatch = (): Verdict<Paired> =>
  refuse('AUTH_SCOPE_MISMATCH', {
    details: { authReason: 'scope_mismatch', canRetryWithDeviceToken: false },
    nextCommand: 'breakwater devices list',
  })

const nonEmpty = (name: string, values: readonly string[]) => (values.length === 0 ? {} : { [name]: values })
