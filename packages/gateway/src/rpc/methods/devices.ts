// Methods about devices: pairing, their tokens, setup codes, scope upgrades (methods notes section 3). Handlers translate
// between the wire and the pairing plane; connections that lost their right are closed behind the answer.

import { CLOSE, type Role } from '@breakwater/protocol'
import type { Peer } from '../../connection/peer.ts'
import { approverOf } from '../../pairing/approver.ts'
import { deviceRow } from '../../pairing/device-rows.ts'
import type { PairingPlane } from '../../pairing/pairing-plane.ts'
import { type Outcome, toPairingError } from '../../pairing/refusals.ts'
import type { SetupCodeWish } from '../../pairing/setup-code-desk.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'

export interface DeviceMethodComponents {
  readonly pairing: PairingPlane
  /** Live connections of a device. */
  readonly devicePeers: (deviceId: string) => Iterable<Peer>
}

interface RequestParams {
  readonly requestId: string
}

interface DeviceParams {
  readonly deviceId: string
}

interface TokenParams extends DeviceParams {
  readonly role: string
}

const settled = <T>(outcome: Outcome<T>): T => {
  if (outcome.ok) return outcome.value
  throw toPairingError(outcome.refusal)
}

export function deviceMethods({ pairing, devicePeers }: DeviceMethodComponents): MethodDefinition[] {
  const { decisions, tokens, setupCodes, upgrades } = pairing

  /** The answer leaves first: it may carry the very token the connection comes back with. */
  const disconnectLater = (deviceId: string, role?: Role): void => {
    setImmediate(() => {
      for (const peer of [...devicePeers(deviceId)]) {
        if (role === undefined || peer.identity.role === role) peer.close(CLOSE.authChanged.code, 'device removed')
      }
    })
  }

  return [
    defineMethod('device.pair.list', (_params, { peer }) => pairing.list(approverOf(peer))),
    defineMethod<RequestParams>('device.pair.approve', async ({ requestId }, { peer }) => {
      const { device } = settled(await decisions.approve(requestId, approverOf(peer)))
      return { requestId, device: deviceRow(device) }
    }),
    defineMethod<RequestParams>('device.pair.reject', async ({ requestId }, { peer }) =>
      settled(await decisions.reject(requestId, approverOf(peer))),
    ),
    defineMethod<DeviceParams>('device.pair.remove', async ({ deviceId }, { peer }) => {
      const removed = settled(await decisions.remove(deviceId, approverOf(peer)))
      disconnectLater(deviceId)
      return removed
    }),
    defineMethod<DeviceParams & { readonly label: string }>(
      'device.pair.rename',
      async ({ deviceId, label }, { peer }) => settled(await decisions.rename(deviceId, label, approverOf(peer))),
    ),
    defineMethod<SetupCodeWish>('device.pair.setupCode', async (wish, { peer }) =>
      settled(await setupCodes.issue(wish, approverOf(peer))),
    ),
    defineMethod<{ readonly setupId: string }>('device.pair.setupStatus', ({ setupId }) => setupCodes.status(setupId)),
    defineMethod<TokenParams & { readonly scopes?: readonly string[] }>(
      'device.token.rotate',
      async ({ deviceId, role, scopes }, { peer }) => {
        const rotated = settled(await tokens.rotate({ deviceId, role }, scopes, approverOf(peer)))
        disconnectLater(deviceId, rotated.role)
        return rotated
      },
    ),
    defineMethod<TokenParams>('device.token.revoke', async ({ deviceId, role }, { peer }) => {
      const revoked = settled(await tokens.revoke({ deviceId, role }, approverOf(peer)))
      disconnectLater(deviceId, revoked.role)
      return revoked
    }),
    defineMethod<{ readonly scopes: readonly string[] }>('device.scopes.requestUpgrade', async ({ scopes }, { peer }) =>
      settled(await upgrades.request(peer, scopes)),
    ),
    defineMethod<RequestParams>(
      'device.scopes.waitUpgrade',
      async ({ requestId }, { peer, signal }) => {
        const outcome = await upgrades.wait(peer, requestId, signal)
        return outcome === undefined ? undefined : settled(outcome)
      },
      // A person answers in their own time; the wait ends with the request, the caller, or the gateway.
      { deadlineMs: 0 },
    ),
  ]
}
