// The largest frame a gateway takes, as its hello says, or as the protocol says where the hello says nothing usable. Pure.

import { LIMITS } from '@breakwater/protocol'

export const payloadLimitOf = (policy: { readonly maxPayload?: unknown }): number =>
  typeof policy.maxPayload === 'number' && policy.maxPayload > 0 ? policy.maxPayload : LIMITS.maxPayloadBytes
