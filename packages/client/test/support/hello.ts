// Builds a hello-ok with the fields clients rely on.

import type { HelloOk } from '@breakwater/protocol'

export function helloOk(over: { auth?: Partial<HelloOk['auth']>; policy?: Partial<HelloOk['policy']> } = {}): HelloOk {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '0.0.0', connId: 'c1' },
    features: { methods: ['health'], events: ['tick'] },
    snapshot: { presence: [], health: {}, stateVersion: { presence: 1, health: 1 }, uptimeMs: 1 },
    auth: { role: 'operator', scopes: ['operator.admin'], method: 'token', ...over.auth },
    policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000, ...over.policy },
  } as unknown as HelloOk
}
