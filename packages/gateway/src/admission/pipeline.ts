// The order of admission, step by step: who has come this far may go on. Reads as the table of contents of this folder.

import type { SchemaValidator } from '@breakwater/protocol'
import type { AuthPolicy } from '../auth/auth-policy.ts'
import type { DeviceKeys } from '../auth/device-keys.ts'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import type { AdmissionAttempt } from '../observe/decision-log.ts'
import type { PairingPlane } from '../pairing/pairing-plane.ts'
import type { Store } from '../store/store.ts'
import { authenticate } from './authenticate.ts'
import { authorise } from './authorise.ts'
import type { Authorised, Candidate, Connecting, Verdict } from './candidate.ts'
import { checkOrigin } from './check-origin.ts'
import { checkSecret } from './check-secret.ts'
import { decodeConnect } from './decode-connect.ts'
import { negotiate } from './negotiate.ts'
import { attemptOf } from './note-attempt.ts'
import { pair } from './pair.ts'
import { proveDevice } from './prove-device.ts'

export interface PipelineComponents {
  readonly validateConnect: SchemaValidator
  readonly keys: DeviceKeys
  readonly tokens: DeviceTokens
  readonly store: Store
  readonly pairing: PairingPlane
  /** Settings are read at each connect: they may change while the gateway runs. */
  readonly authPolicy: () => AuthPolicy
  readonly allowedOrigins: () => readonly string[]
  /** Keeps what was decided about each device. Left out: nobody does. */
  readonly decisions?: { note(attempt: AdmissionAttempt, isKnown: boolean): void }
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

/** Judges the first frame of a connection. Resolves to a verdict; rejects only on faults (store, disk). */
export type AdmissionPipeline = (
  candidate: Candidate,
  text: string,
) => Verdict<Authorised> | Promise<Verdict<Authorised>>

export function createPipeline(components: PipelineComponents): AdmissionPipeline {
  const decode = decodeConnect(components.validateConnect)
  const origin = checkOrigin(components.allowedOrigins)
  const secret = checkSecret(components.authPolicy)
  const prove = proveDevice(components)
  const { store, pairing } = components
  const { setupCodes, sharedAuthGeneration } = pairing
  const credential = authenticate({ ...components, devices: store.devices, setupCodes, sharedAuthGeneration })
  const approval = pair(pairing)
  const scopes = authorise(components)

  const judge = (candidate: Connecting, trace: Trace): Pending<Authorised> => {
    const negotiated = negotiate(candidate)
    if (!negotiated.ok) return negotiated
    const welcome = origin(negotiated.value)
    if (!welcome.ok) return welcome
    const compared = secret(welcome.value)
    if (!compared.ok) return compared
    const proven = prove(compared.value)
    if (!proven.ok) return proven
    trace.isProven = true
    // Only what must reach the disk first, or waits for a person, takes longer than this turn.
    const authenticated = credential(proven.value)
    const paired = whenOk(authenticated, approval)
    return whenOk(paired, scopes)
  }

  const note = (candidate: Connecting, verdict: Verdict<Authorised>, { isProven }: Trace): Verdict<Authorised> => {
    const attempt = attemptOf(candidate, verdict, { isProven, nowMs: components.nowMs() })
    if (attempt === undefined) return verdict
    const isKnown = store.devices.has(attempt.deviceId) || attempt.requestId !== undefined
    components.decisions?.note(attempt, isKnown)
    return verdict
  }

  return (candidate, text) => {
    const connecting = decode(candidate, text)
    if (!connecting.ok) return connecting
    const trace: Trace = { isProven: false }
    const verdict = judge(connecting.value, trace)
    if (components.decisions === undefined) return verdict
    if (verdict instanceof Promise) return verdict.then((settled) => note(connecting.value, settled, trace))
    return note(connecting.value, verdict, trace)
  }
}

/** How far a connection came, whatever became of it. */
interface Trace {
  isProven: boolean
}

/** Goes on with the next step, at once where the last one answered at once. */
function whenOk<Current, Next>(verdict: Pending<Current>, step: (value: Current) => Pending<Next>): Pending<Next> {
  if (verdict instanceof Promise) return verdict.then((settled) => whenOk(settled, step))
  return verdict.ok ? step(verdict.value) : verdict
}

type Pending<Value> = Verdict<Value> | Promise<Verdict<Value>>
