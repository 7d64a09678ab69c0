// Methods about the gateway as a whole: health, status, presence, heartbeats and its identity.

import type { WakeParams } from '@openclaw/gateway-protocol'
import type { Presence } from '../../events/presence.ts'
import type { PresenceReport } from '../../events/presence-entry.ts'
import type { GatewayIdentity } from '../../gateway-identity.ts'
import type { HealthMonitor } from '../../health/health-snapshot.ts'
import { buildStatus, type StatusComponents, type StatusRequest } from '../../health/status.ts'
import { canonicalSessionKey, MAIN_SESSION } from '../../sessions/session-key.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'
import { requireAgent } from './agents.ts'

export interface SystemMethodComponents extends StatusComponents {
  readonly presence: Presence
  readonly health: HealthMonitor
  readonly identity: Pick<GatewayIdentity, 'deviceId' | 'publicKey'>
}

interface SystemEventParams extends PresenceReport {
  readonly sessionKey?: string
  readonly wake?: boolean
}

/** A system event that starts like this describes its sender; any other text is a note for a session. */
const PRESENCE_LINE = 'Node:'

export function systemMethods(components: SystemMethodComponents): MethodDefinition[] {
  const { presence, health, heartbeats, identity } = components
  return [
    defineMethod<{ probe?: unknown }>('health', ({ probe }) => (probe === true ? health.probe() : health.current())),
    defineMethod<StatusRequest>('status', (request, { peer }) =>
      buildStatus(components, request, peer.hasScope('operator.admin')),
    ),
    defineMethod('system-presence', () => presence.list()),
    defineMethod<SystemEventParams>('system-event', (params) => acceptSystemEvent(components, params)),
    defineMethod('last-heartbeat', () => heartbeats.last),
    defineMethod<{ enabled: boolean }>('set-heartbeats', ({ enabled }) => {
      heartbeats.setEnabled(enabled)
      return { ok: true, enabled }
    }),
    defineMethod<WakeParams>('wake', (params) => wake(components, params)),
    defineMethod('gateway.identity.get', () => ({ deviceId: identity.deviceId, publicKey: identity.publicKey })),
  ]
}

function acceptSystemEvent(components: SystemMethodComponents, { sessionKey, wake, ...report }: SystemEventParams) {
  const { agents, presence, systemEvents, heartbeats } = components
  const key = canonicalSessionKey(sessionKey ?? MAIN_SESSION, agents.defaultId)
  if (report.text.startsWith(PRESENCE_LINE)) presence.report(report)
  else {
    systemEvents.enqueue(key, report.text)
    presence.announce()
  }
  if (wake === true) void heartbeats.beat({ sessionKey: key, reason: 'system-event' })
  return { ok: true }
}

/** The note is queued in any case; `now` also starts a beat, whose outcome follows as a `heartbeat` event. */
function wake(components: SystemMethodComponents, { mode, text, sessionKey, agentId }: WakeParams) {
  const { agents, systemEvents, heartbeats } = components
  const agent = requireAgent(agents, agentId)
  const key = canonicalSessionKey(sessionKey ?? MAIN_SESSION, agent.id)
  systemEvents.enqueue(key, text)
  if (mode === 'now') void heartbeats.beat({ sessionKey: key, reason: 'wake' })
  return { ok: true }
}
