// What a changed configuration does to the running gateway, component by component. Leaves that are read where they are
// used need nothing here; leaves that need a restart never arrive. A component that cannot take the change keeps what it
// had and says so; the others take it all the same.

import type { AuthPolicy } from '../auth/auth-policy.ts'
import type { LiveAuth } from '../auth/live-auth.ts'
import type { ConfigOwner } from '../config/leaf.ts'
import type { ResolvedConfig } from '../config/schema.ts'
import { compileTrustPolicy } from '../listener/trust-policy.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { GatewayOptions } from '../options.ts'
import type { Configuration } from './configuration.ts'
import type { Observation } from './observation.ts'
import type { Standing } from './standing.ts'
import type { State } from './state.ts'

export interface ReloadParts {
  readonly configuration: Configuration
  readonly observation: Observation
  readonly state: State
  readonly auth: LiveAuth
  readonly standing: Standing
  readonly metrics: Metrics
}

export function applyReloads(parts: ReloadParts): void {
  const { configuration, observation, auth } = parts
  const log = observation.log.child('gateway/config')
  const secrets = (config: ResolvedConfig): void => observation.log.conceal(secretsOf(auth.policy, config))
  secrets(configuration.live.current)
  configuration.live.onChange(({ plan, current }) => {
    const settings = configuration.settings()
    for (const [owner, paths] of plan.components) {
      const apply = APPLY[owner]
      if (apply === undefined) continue
      Promise.resolve(apply(parts, settings)).then(
        () => secrets(current),
        (error: unknown) => log.error('a change could not be applied; what was in effect stays', { paths, error }),
      )
    }
  })
}

type Apply = (parts: ReloadParts, settings: GatewayOptions) => unknown

const APPLY: Readonly<Partial<Record<ConfigOwner, Apply>>> = {
  auth: ({ auth }, settings) => auth.reconfigure(settings.auth),
  logging: ({ observation }, settings) => observation.log.configure(settings.logging),
  metrics: ({ metrics }, settings) => metrics.setEnabled(settings.metricsEnabled),
  origins: ({ standing }, settings) => standing.reviewOrigins(settings.allowedOrigins),
  trust: ({ standing }, settings) => standing.reviewProxies(compileTrustPolicy(settings)),
  tls: ({ state }, settings) => state.tls?.reload(settings.tls),
}

/** What must not appear in any line, whatever it is called there. */
function secretsOf(policy: AuthPolicy, { gateway: { auth, remote } }: ResolvedConfig): (string | undefined)[] {
  const inEffect = [
    policy.mode === 'token' ? policy.token : undefined,
    'password' in policy ? policy.password : undefined,
  ]
  return [...inEffect, auth.token, auth.password, remote.token, remote.password]
}
