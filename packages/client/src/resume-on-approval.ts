// Lets a client that waits for its pairing come in the moment it is approved: an operator of the same gateway that may see
// pairings hears of it first. Without one, the client asks for itself.

import { isRecord } from '@breakwater/protocol'
import type { EventStream } from './event-stream.ts'
import type { GatewayClient } from './gateway-client.ts'

/**
 * Watches `operator` (any connection with `operator.pairing`) for the answer to the request `waiting` is paused for; returns
 * how to stop. Any approval of the device counts, also one of an earlier or later request of it.
 */
export function resumeOnApproval(
  operator: { readonly events: EventStream },
  waiting: Pick<GatewayClient, 'status' | 'resume'>,
): () => void {
  return operator.events.on('device.pair.resolved', (payload) => {
    const { status } = waiting
    if (status.type !== 'pairing' || !isRecord(payload) || payload.decision !== 'approved') return
    const { requestId, error } = status
    const isOurs =
      (requestId !== undefined && payload.requestId === requestId) ||
      (typeof payload.deviceId === 'string' && payload.deviceId === error.details.deviceId)
    if (isOurs) waiting.resume()
  })
}
