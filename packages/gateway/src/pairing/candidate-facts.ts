// What a connection on its way in tells about its device, in the forms records and requests keep it. Pure.

import type { Authenticated, ProvenDevice } from '../admission/candidate.ts'
import type { DeviceFacts } from './device-grants.ts'
import type { PairAsk } from './pairing-requests.ts'

/** Nobody on this machine has an address. */
export const remoteIpOf = ({ locality }: Pick<Authenticated, 'locality'>): { readonly remoteIp?: string } =>
  locality.kind === 'local' ? {} : { remoteIp: locality.clientAddress }

export function factsOf(candidate: Pick<Authenticated, 'connect' | 'headers' | 'locality'>): DeviceFacts {
  const { displayName, platform, deviceFamily, id, mode } = candidate.connect.client
  const { origin } = candidate.headers
  return {
    ...(displayName === undefined ? {} : { displayName }),
    platform,
    ...(deviceFamily === undefined ? {} : { deviceFamily }),
    clientId: id,
    clientMode: mode,
    ...(origin === undefined ? {} : { browserOrigin: origin }),
    ...remoteIpOf(candidate),
  }
}

export const askOf = (
  candidate: Authenticated,
  { deviceId, publicKey }: ProvenDevice,
  { silent, isRepair }: Pick<PairAsk, 'silent' | 'isRepair'>,
): PairAsk => ({
  deviceId,
  publicKey,
  ...factsOf(candidate),
  role: candidate.role,
  scopes: candidate.requestedScopes,
  silent,
  isRepair,
})
