// The announcement is looked after: what gets stuck is begun anew, what is turned off says goodbye.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '@breakwater/supervisor/testing'
import type { Announcement } from '../../src/discovery/announcement.ts'
import { MdnsAdvertiser, type MdnsService } from '../../src/discovery/mdns-advertiser.ts'
import { isWorthALine, judgeMdns, MDNS_WATCH, type MdnsState, retryAfterMs } from '../../src/discovery/mdns-watch.ts'
import type { LogFields, Logger } from '../../src/observe/logger.ts'
import { silentLogger } from '../../src/observe/logger.ts'

const ANNOUNCEMENT: Announcement = { name: 'desk (Breakwater)', port: 1, txt: {}, address: undefined }

class FakeService implements MdnsService {
  state: MdnsState = 'probing'
  isEnded = false
  advertising = Promise.withResolvers<void>()
  /** Never ends. */
  hangs = false

  advertise = (): Promise<void> => this.advertising.promise
  end = async (): Promise<void> => {
    this.isEnded = true
    if (this.hangs) await new Promise(() => {})
  }
}

function fixture(prepare: (service: FakeService, index: number) => void = () => {}) {
  const clock = new FakeClock()
  const services: FakeService[] = []
  const warnings: (LogFields | undefined)[] = []
  const log: Logger = { ...silentLogger, warn: (_message, fields) => void warnings.push(fields) }
  const advertiser = new MdnsAdvertiser({
    clock,
    log,
    open: async () => {
      const service = new FakeService()
      prepare(service, services.length)
      services.push(service)
      return service
    },
  })
  return { clock, services, warnings, advertiser }
}

test('what is announced is left alone', async () => {
  const { clock, services, advertiser } = fixture((service) => {
    service.state = 'announced'
  })
  await advertiser.update(ANNOUNCEMENT)
  await clock.advance(3_600_000)
  assert.equal(services.length, 1)
  assert.ok(advertiser.isAnnounced)
  await advertiser.stop()
  assert.ok(services[0]?.isEnded)
  assert.equal(clock.pendingCount, 0)
})

test('an announcement stuck in probing is ended and begun anew', async () => {
  const { clock, services, advertiser } = fixture((service, index) => {
    if (index === 1) service.state = 'announced'
  })
  await advertiser.update(ANNOUNCEMENT)
  await clock.advance(60_000)
  assert.deepEqual(
    services.map(({ isEnded }) => isEnded),
    [true, false],
  )
  assert.equal(advertiser.restartCount, 1)
})

test('one that was lost is begun anew, too', async () => {
  const { clock, services, advertiser } = fixture((service) => {
    service.state = 'announced'
  })
  await advertiser.update(ANNOUNCEMENT)
  await clock.advance(120_000)
  if (services[0] !== undefined) services[0].state = 'unannounced'
  await clock.advance(60_000)
  assert.equal(services.length, 2)
  assert.ok(advertiser.isAnnounced)
})

test('a network that refuses is tried again ever more rarely, with few lines in the log', async () => {
  const { clock, services, warnings, advertiser } = fixture((service) =>
    service.advertising.reject(new Error('no route')),
  )
  await advertiser.update(ANNOUNCEMENT)
  await clock.advance(24 * 3_600_000)
  assert.ok(services.length > 200 && services.length < 320, `${services.length} attempts in a day`)
  assert.ok(warnings.length <= 9, `${warnings.length} lines`)
  assert.equal(warnings[0]?.failures, 3)
  await advertiser.stop()
  assert.equal(clock.pendingCount, 0)
})

test('turned off it says goodbye; changed it is announced as it is now', async () => {
  const { services, advertiser } = fixture((service) => {
    service.state = 'announced'
  })
  await advertiser.update(ANNOUNCEMENT)
  await advertiser.update({ ...ANNOUNCEMENT })
  assert.equal(services.length, 1, 'the same again changes nothing')
  await advertiser.update({ ...ANNOUNCEMENT, port: 2 })
  assert.deepEqual(
    services.map(({ isEnded }) => isEnded),
    [true, false],
  )
  await advertiser.update(undefined)
  assert.ok(services[1]?.isEnded)
  assert.ok(!advertiser.isAnnounced)
})

test('a goodbye that hangs does not hold up a stop', async () => {
  const { clock, advertiser } = fixture((service) => {
    service.hangs = true
  })
  await advertiser.update(ANNOUNCEMENT)
  const stopped = advertiser.stop()
  await clock.advance(2_000)
  await stopped
  assert.equal(clock.pendingCount, 0)
})

test('verdicts', () => {
  assert.equal(judgeMdns('announced', 1e9), 'well')
  assert.equal(judgeMdns('probing', MDNS_WATCH.stuckAfterMs - 1), 'wait')
  for (const state of ['unannounced', 'probing', 'probed', 'announcing'] as const) {
    assert.equal(judgeMdns(state, MDNS_WATCH.stuckAfterMs), 'again', state)
  }
  assert.deepEqual([1, 2, 3, 100].map(retryAfterMs), [5_000, 10_000, 20_000, 300_000])
  assert.deepEqual([1, 2, 3, 4, 5, 8, 9, 16].filter(isWorthALine), [3, 4, 8, 16])
})
