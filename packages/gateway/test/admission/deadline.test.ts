import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { HandshakeDeadline, judgeExpiry, type Leg, RESPONSIVE_CAP_MS, type Tier } from '../../src/admission/deadline.ts'
import { GATEWAY_DEFAULTS, handshakeTiers } from '../../src/options.ts'
import { FakeLoop, turns } from '../fake-loop.ts'

const { local: LOCAL, remote: REMOTE } = handshakeTiers(GATEWAY_DEFAULTS.handshake)

describe('a fired timer', () => {
  const facts = { stalledMs: 0, hasProgressed: false, responsiveMs: 3_000, tier: REMOTE }

  test('ends the leg of a peer that was silent while the loop ran', () => {
    assert.equal(judgeExpiry(facts), undefined)
  })

  test('is put off by the time the loop stood still, by at most one leg', () => {
    assert.equal(judgeExpiry({ ...facts, stalledMs: 400 }), 400)
    assert.equal(judgeExpiry({ ...facts, stalledMs: 30_000 }), REMOTE.legMs)
    assert.equal(judgeExpiry({ ...facts, stalledMs: 50 }), undefined, 'a shorter stall is no excuse')
  })

  test('is put off a little for a peer whose bytes have just come', () => {
    assert.equal(judgeExpiry({ ...facts, hasProgressed: true }), 50)
  })

  test('is never put off beyond the time allowed in all, whatever the excuse', () => {
    const excuses = { stalledMs: 60_000, hasProgressed: true }
    assert.equal(judgeExpiry({ ...facts, ...excuses, responsiveMs: 10_000 }), undefined)
    assert.equal(judgeExpiry({ ...facts, ...excuses, responsiveMs: 9_990 }), 10)
    assert.equal(judgeExpiry({ tier: LOCAL, ...excuses, responsiveMs: RESPONSIVE_CAP_MS }), undefined)
    fc.assert(
      fc.property(
        fc.record({
          stalledMs: fc.integer({ min: 0, max: 1e6 }),
          hasProgressed: fc.boolean(),
          responsiveMs: fc.integer({ min: 0, max: 100_000 }),
          tier: fc.constantFrom(LOCAL, REMOTE, { legMs: 60_000, totalMs: 60_000 }),
        }),
        (generated) => {
          const extensionMs = judgeExpiry(generated) ?? 0
          const capMs = Math.min(RESPONSIVE_CAP_MS, generated.tier.totalMs)
          if (extensionMs > 0) assert.ok(generated.responsiveMs + extensionMs <= capMs)
        },
      ),
    )
  })
})

class Setting {
  readonly loop: FakeLoop
  readonly expired: { readonly leg: Leg; readonly legMs: number; readonly afterMs: number }[] = []
  readonly deadline: HandshakeDeadline
  receivedBytes = 0
  readonly #startedAt: number

  constructor(t: TestContext, tier: Tier, before: (loop: FakeLoop) => void = () => {}) {
    this.loop = new FakeLoop(t)
    before(this.loop)
    this.#startedAt = this.loop.now
    this.deadline = new HandshakeDeadline(
      {
        clock: this.loop.clock,
        receivedBytes: () => this.receivedBytes,
        onExpired: (leg, legMs) => this.expired.push({ leg, legMs, afterMs: this.loop.now - this.#startedAt }),
      },
      tier,
      'upgrade',
    )
  }
}

describe('a handshake deadline', () => {
  test('expires for a silent peer, names the leg and its time, once', async (t) => {
    const { loop, expired } = new Setting(t, REMOTE)
    await loop.run(2_999)
    assert.deepEqual(expired, [])
    await loop.run(1)
    assert.deepEqual(expired, [{ leg: 'upgrade', legMs: 3_000, afterMs: 3_000 }])
    await loop.run(5_000, 100)
    assert.equal(expired.length, 1)
  })

  test('gives each leg its full time anew', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    await loop.run(2_900, 100)
    deadline.enter('connect')
    await loop.run(2_900, 100)
    assert.equal(expired.length, 0)
    await loop.run(100, 100)
    assert.equal(expired[0]?.leg, 'connect')
  })

  test('holds a remote peer to ten seconds in all, however many legs it walks', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    for (let leg = 0; leg < 4; leg += 1) {
      await loop.run(2_500, 100)
      if (expired.length === 0) deadline.enter('connect')
    }
    await loop.run(3_000, 100)
    assert.equal(expired.length, 1)
    assert.equal(expired[0]?.afterMs, 10_000)
  })

  test('never lasts longer than a minute of responsive time, whatever the configuration', async (t) => {
    const { loop, expired, deadline } = new Setting(t, { legMs: 60_000, totalMs: Number.POSITIVE_INFINITY })
    await loop.run(50_000, 1_000)
    deadline.enter('connect')
    await loop.run(60_000, 1_000)
    assert.equal(expired[0]?.afterMs, RESPONSIVE_CAP_MS)
  })

  test('does not count the time in which we hold the peer back', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    await loop.run(1_000, 100)
    deadline.hold()
    await loop.run(100_000, 1_000)
    assert.deepEqual(expired, [])
    deadline.enter('connect')
    await loop.run(2_900, 100)
    assert.deepEqual(expired, [])
    await loop.run(100, 100)
    assert.equal(expired.length, 1)
  })

  test('counts a stall while it holds the peer back only once', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    deadline.hold()
    await loop.stall(9_000)
    deadline.hold()
    deadline.enter('connect')
    for (let leg = 0; leg < 8; leg += 1) {
      await loop.run(2_000, 100)
      if (expired.length === 0) deadline.enter('connect')
    }
    assert.equal(expired[0]?.afterMs, 19_000, 'nine held seconds and ten of its own')
  })

  test('says nothing once it is finished, and nothing while held', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    deadline.hold()
    deadline.finish()
    await loop.run(20_000, 100)
    assert.deepEqual(expired, [])
  })
})

describe('a stall of the gateway', () => {
  test('during a leg puts its end off by that stall', async (t) => {
    const { loop, expired } = new Setting(t, REMOTE)
    await loop.run(500, 100)
    await loop.stall(2_600)
    assert.deepEqual(expired, [], 'overdue, but we were away for most of it')
    await loop.run(2_500, 50)
    assert.deepEqual(expired, [])
    await loop.run(200, 50)
    assert.equal(expired.length, 1)
  })

  test('longer than the leg gives the peer one more leg, no more', async (t) => {
    const { loop, expired } = new Setting(t, REMOTE)
    await loop.stall(120_000)
    assert.deepEqual(expired, [])
    await loop.run(2_950, 50)
    assert.deepEqual(expired, [])
    await loop.run(100, 50)
    assert.equal(expired.length, 1)
  })

  test('before the timer was armed is no excuse', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    await loop.stall(2_000)
    deadline.enter('connect')
    await loop.run(3_000, 50)
    assert.equal(expired.length, 1)
    assert.equal(expired[0]?.afterMs, 5_000)
  })

  test('before the connection was accepted is no excuse either', async (t) => {
    const { loop, expired } = new Setting(t, REMOTE, (loop) => void loop.stall(10_000))
    await loop.run(3_000, 50)
    assert.equal(expired.length, 1)
  })

  test('lets a peer in whose answer lies in the socket when the loop wakes up', async (t) => {
    const setting = new Setting(t, REMOTE)
    await setting.loop.stall(3_500, () => {
      setting.receivedBytes += 700
      setting.deadline.finish()
    })
    await setting.loop.run(10_000, 100)
    assert.deepEqual(setting.expired, [])
  })

  test('again and again does not shelter a peer that stays silent while the loop runs', async (t) => {
    const { loop, expired } = new Setting(t, REMOTE)
    for (let round = 0; round < 200 && expired.length === 0; round += 1) {
      await loop.stall(400)
      await loop.run(100, 50)
    }
    assert.equal(expired.length, 1)
    assert.ok((expired[0]?.afterMs ?? 0) <= 60_000)
  })
})

describe('progress', () => {
  test('seen after the timer fired gives the peer a little more time', async (t) => {
    const setting = new Setting(t, REMOTE)
    await setting.loop.run(2_999)
    const firing = setting.loop.run(1)
    setting.receivedBytes += 1
    await firing
    assert.deepEqual(setting.expired, [])
    await setting.loop.run(49)
    assert.deepEqual(setting.expired, [])
    await setting.loop.run(2)
    assert.equal(setting.expired.length, 1)
  })

  test('a byte at a time lasts no longer than the time allowed in all', async (t) => {
    const setting = new Setting(t, REMOTE)
    for (let step = 0; step < 300 && setting.expired.length === 0; step += 1) {
      const running = setting.loop.run(50, 50)
      setting.receivedBytes += 1
      await running
    }
    assert.equal(setting.expired[0]?.afterMs, 10_000)
  })
})

describe('the tier at the upgrade', () => {
  test('may shorten the running leg, counted from its start', async (t) => {
    const { loop, expired, deadline } = new Setting(t, LOCAL)
    await loop.run(1_000, 100)
    deadline.shorten(REMOTE)
    await loop.run(1_900, 100)
    assert.deepEqual(expired, [])
    await loop.run(100, 100)
    assert.deepEqual(expired, [{ leg: 'upgrade', legMs: 3_000, afterMs: 3_000 }])
  })

  test('never lengthens anything', async (t) => {
    const { loop, expired, deadline } = new Setting(t, REMOTE)
    deadline.shorten(LOCAL)
    await loop.run(3_000, 100)
    assert.equal(expired[0]?.legMs, 3_000)
  })

  test('brings its own time in all even when both legs are equally long', async (t) => {
    const { loop, expired, deadline } = new Setting(t, { legMs: 3_000, totalMs: Number.POSITIVE_INFINITY })
    deadline.shorten(REMOTE)
    for (let leg = 0; leg < 6; leg += 1) {
      await loop.run(2_000, 100)
      if (expired.length === 0) deadline.enter('connect')
    }
    assert.equal(expired[0]?.afterMs, 10_000)
  })

  test('does not lengthen a leg that lives on an extension', async (t) => {
    const setting = new Setting(t, REMOTE)
    await setting.loop.run(2_999)
    const firing = setting.loop.run(1)
    setting.receivedBytes += 1
    await firing
    setting.deadline.shorten({ legMs: 2_999, totalMs: 10_000 })
    await setting.loop.run(51)
    assert.equal(setting.expired.length, 1)
  })

  test('keeps the excuse of a stall since the leg began', async (t) => {
    const { loop, expired, deadline } = new Setting(t, LOCAL)
    await loop.stall(8_000)
    deadline.shorten(REMOTE)
    await loop.run(100, 1)
    assert.deepEqual(expired, [], 'we were away for those eight seconds')
  })

  test('takes effect with the next leg while the peer is held back', async (t) => {
    const { loop, expired, deadline } = new Setting(t, LOCAL)
    deadline.hold()
    deadline.shorten(REMOTE)
    await loop.run(4_000, 100)
    assert.deepEqual(expired, [])
    deadline.enter('connect')
    await loop.run(3_000, 100)
    assert.equal(expired.length, 1)
  })
})

describe('a judgement that comes late', () => {
  for (const [name, act] of [
    ['entered the next leg', (deadline: HandshakeDeadline) => deadline.enter('connect')],
    ['was held back', (deadline: HandshakeDeadline) => deadline.hold()],
    ['was finished', (deadline: HandshakeDeadline) => deadline.finish()],
  ] as const) {
    test(`is void when the connection ${name} after its timer fired`, async (t) => {
      const { loop, expired, deadline } = new Setting(t, REMOTE)
      await loop.run(2_999)
      const firing = loop.run(1)
      act(deadline)
      await firing
      await turns()
      assert.deepEqual(expired, [])
    })
  }
})
