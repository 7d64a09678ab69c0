// The running gateway's announcement: what it says follows the settings and the port that is really listened on.

import { systemClock } from '@breakwater/supervisor'
import { announcementOf } from '../discovery/announcement.ts'
import { openCiaoService } from '../discovery/ciao-service.ts'
import { MdnsAdvertiser, type OpenMdns } from '../discovery/mdns-advertiser.ts'
import { systemHost } from '../host/host-info.ts'
import type { Part } from '../lifecycle.ts'
import type { Configuration } from './configuration.ts'
import type { Observation } from './observation.ts'
import type { State } from './state.ts'

export interface DiscoveryComponents {
  readonly configuration: Configuration
  readonly observation: Observation
  readonly state: State
  /** The port that is listened on. */
  readonly port: () => number
  readonly openMdns?: OpenMdns
}

const CERTIFICATE_READ_WITHIN_MS = 2_000

export function createDiscovery(components: DiscoveryComponents): Part {
  const { configuration, observation, state, port, openMdns = openCiaoService } = components
  const log = observation.log.child('gateway/mdns')
  const advertiser = new MdnsAdvertiser({ open: openMdns, clock: systemClock, log })
  const update = (): void => {
    const { bind, mdns } = configuration.settings()
    const announcement = mdns
      ? announcementOf({
          bind,
          port: port(),
          hostname: systemHost.hostname,
          tlsFingerprint: state.tls?.fingerprintSha256,
        })
      : undefined
    advertiser.update(announcement).catch((error: unknown) => log.warn('announcement failed', { error: String(error) }))
  }
  let stopListening: (() => void) | undefined
  let later: NodeJS.Timeout | undefined
  const onChange = (): void => {
    update()
    // A new certificate is read behind the change that names it.
    clearTimeout(later)
    later = setTimeout(update, CERTIFICATE_READ_WITHIN_MS).unref()
  }
  return {
    name: 'discovery',
    start: () => {
      stopListening = configuration.live.onChange(onChange)
      update()
    },
    stop: async () => {
      stopListening?.()
      clearTimeout(later)
      await advertiser.stop()
    },
  }
}
