// Where a plain HTTP request comes from, and whether it may see more than "alive". Pure; the upgrade asks the same
// questions of WebSocket handshakes, with one difference that is explained below.

import type { IncomingHttpHeaders } from 'node:http'
import type { HttpRefusal } from '../listener/http-refusal.ts'
import { decideLocality, isLoopbackAddress, type Locality, type TrustPolicy } from '../listener/locality.ts'
import { decideHost } from '../listener/origin.ts'

/** The socket a request came in on. */
export interface HttpCaller {
  /** `socket.remoteAddress`; undefined on the owner's Unix socket. */
  readonly peerAddress: string | undefined
  readonly isUnixSocket: boolean
}

/** Read at each request: the settings may change while the gateway runs. */
export interface RequestPolicy {
  readonly trustPolicy: () => TrustPolicy
  readonly allowedHosts: () => readonly string[]
  readonly bindHosts: () => readonly string[]
}

export function judgeRequest(
  headers: IncomingHttpHeaders,
  caller: HttpCaller,
  policy: RequestPolicy,
): Locality | HttpRefusal {
  const locality = decideLocality({ ...caller, host: headers.host, headers }, policy.trustPolicy())
  if (locality.kind === 'refused') {
    return {
      status: 403,
      type: locality.reason,
      message: locality.message,
      nextStep: 'Ask the owner to list the proxy in gateway.trustedProxies.',
    }
  }
  const host = decideHost(headers.host, {
    bindHosts: policy.bindHosts(),
    allowedHosts: policy.allowedHosts(),
    isLoopbackPeer: locality.kind !== 'proxied' && isLoopbackAddress(caller.peerAddress ?? ''),
    // A rebound page reads as its own origin, and such reads carry no Origin header: every request may be a browser's.
    hasOrigin: true,
  })
  return host.ok ? locality : { status: 403, type: 'host_not_allowed', message: host.message, nextStep: host.nextStep }
}
