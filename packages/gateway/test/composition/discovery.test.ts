// The announcement follows the settings while the gateway runs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Configuration } from '../../src/composition/configuration.ts'
import { createDiscovery } from '../../src/composition/discovery.ts'
import type { Observation } from '../../src/composition/observation.ts'
import type { State } from '../../src/composition/state.ts'
import type { Announcement } from '../../src/discovery/announcement.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { GATEWAY_DEFAULTS, type GatewayOptions } from '../../src/options.ts'

function fixture(options: Partial<GatewayOptions>) {
  let settings = { ...GATEWAY_DEFAULTS, stateDir: '/s', configPath: '/c', ...options } as GatewayOptions
  const listeners = new Set<() => void>()
  const told: (Announcement | 'end')[] = []
  const part = createDiscovery({
    configuration: {
      settings: () => settings,
      live: {
        onChange: (listener: () => void) => {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      },
    } as unknown as Configuration,
    observation: { log: silentLogger } as unknown as Observation,
    state: { tls: undefined } as unknown as State,
    port: () => 4_242,
    openMdns: async (announcement) => {
      told.push(announcement)
      return { state: 'announced', advertise: async () => {}, end: async () => void told.push('end') }
    },
  })
  const change = async (more: Partial<GatewayOptions>): Promise<void> => {
    settings = { ...settings, ...more }
    for (const listener of listeners) listener()
    await delay(5)
  }
  const start = async (): Promise<void> => {
    await part.start?.()
    await delay(5)
  }
  return { told, change, start, stop: async () => part.stop?.(), listeners }
}

test('it is announced with the port that is listened on, and says goodbye when it stops', async () => {
  const { told, start, stop, listeners } = fixture({ bind: 'lan' })
  await start()
  assert.equal((told[0] as Announcement).port, 4_242)
  await stop()
  assert.deepEqual(told.slice(1), ['end'])
  assert.equal(listeners.size, 0)
})

test('the switch works while it runs', async () => {
  const { told, start, stop, change } = fixture({ bind: 'lan', mdns: false })
  await start()
  assert.deepEqual(told, [])
  await change({ mdns: true })
  await change({ mdns: false })
  assert.deepEqual(
    told.map((one) => (one === 'end' ? one : 'begin')),
    ['begin', 'end'],
  )
  await stop()
})

test('bound to loopback there is nothing to announce', async () => {
  const { told, start, stop } = fixture({ bind: 'loopback' })
  await start()
  await stop()
  assert.deepEqual(told, [])
})
