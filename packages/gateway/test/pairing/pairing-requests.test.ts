import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { coversScopes, SCOPES } from '@breakwater/protocol'
import fc from 'fast-check'
import {
  PAIR_REQUEST_LIMITS,
  type PairAsk,
  type RequestStep,
  stepRequest,
  type WaitingRequest,
} from '../../src/pairing/pairing-requests.ts'

const START_MS = 1_800_000_000_000

/** The requests of a gateway as plain state, driven ask by ask. */
class Book {
  waiting: WaitingRequest[] = []
  nowMs = START_MS
  minted = 0
  readonly everMinted = new Map<string, string>()

  ask(changes: Partial<PairAsk> = {}): RequestStep {
    const step = stepRequest(this.waiting, askOf(changes), {
      nowMs: this.nowMs,
      newId: () => `id-${++this.minted}`,
    })
    if (step.kind === 'refreshed') {
      this.waiting = this.waiting.map((request) =>
        request.record.requestId === step.request.requestId ? { ...request, refreshedAtMs: this.nowMs } : request,
      )
    }
    if (step.kind === 'minted') {
      const gone = new Set([...step.displaced, ...step.expired].map(({ requestId }) => requestId))
      this.waiting = [
        ...this.waiting.filter(({ record }) => !gone.has(record.requestId)),
        { record: step.request, refreshedAtMs: this.nowMs },
      ]
      this.everMinted.set(step.request.requestId, JSON.stringify(step.request))
    }
    return step
  }

  idOf(changes: Partial<PairAsk> = {}): string {
    const step = this.ask(changes)
    assert.notEqual(step.kind, 'refused')
    return step.kind === 'refused' ? '' : step.request.requestId
  }
}

const askOf = (changes: Partial<PairAsk> = {}): PairAsk => ({
  deviceId: 'device-1',
  publicKey: 'key-1',
  role: 'operator',
  scopes: ['operator.read'],
  platform: 'macOS 15.3.1',
  deviceFamily: 'Mac',
  clientId: 'openclaw-macos',
  clientMode: 'ui',
  remoteIp: '203.0.113.7',
  silent: false,
  isRepair: false,
  ...changes,
})

describe('a device that asks again', () => {
  test('for the same or for less finds its id, however it introduces itself', () => {
    const book = new Book()
    const first = book.idOf({ scopes: ['operator.write', 'operator.approvals'] })
    for (const changes of [
      { scopes: ['operator.write', 'operator.approvals'] },
      { scopes: ['operator.approvals'] },
      { scopes: ['operator.read'] },
      { scopes: [] },
      { scopes: ['operator.write'], platform: 'macOS 15.4', displayName: 'other name' },
      { scopes: ['operator.write'], clientId: 'cli', clientMode: 'cli', remoteIp: '203.0.113.8' },
    ]) {
      assert.equal(book.idOf(changes), first)
    }
    assert.equal(book.minted, 1)
  })

  test('for more gets one id for everything, and the first id keeps what it showed', () => {
    const book = new Book()
    const narrow = book.idOf({ scopes: ['operator.read'] })
    const wide = book.idOf({ scopes: ['operator.approvals'] })
    assert.notEqual(wide, narrow)
    assert.deepEqual(
      book.waiting.map(({ record }) => [record.requestId, record.scopes]),
      [
        [narrow, ['operator.read']],
        [wide, ['operator.read', 'operator.approvals']],
      ],
    )
    assert.equal(book.idOf({ scopes: ['operator.read'] }), narrow, 'the narrow ask keeps its own id')
    assert.equal(book.idOf({ scopes: ['operator.approvals'] }), wide)
    assert.equal(book.idOf({ scopes: ['operator.read', 'operator.approvals'] }), wide)
  })

  test('in another role, or from another platform, needs another id that unites both', () => {
    const book = new Book()
    book.idOf({ scopes: ['operator.read'] })
    book.idOf({ role: 'node', scopes: [] })
    const other = book.ask({ platform: 'Windows 11', deviceFamily: 'Windows', scopes: ['operator.read'] })
    assert.equal(other.kind, 'minted')
    assert.deepEqual(
      book.waiting.map(({ record }) => [record.role, record.roles, record.platform]),
      [
        ['operator', ['operator'], 'macOS 15.3.1'],
        ['node', ['operator', 'node'], 'macOS 15.3.1'],
        ['operator', ['operator', 'node'], 'Windows 11'],
      ],
    )
  })

  test('within the life of its request keeps it alive, after that starts anew', () => {
    const book = new Book()
    const first = book.idOf()
    for (let round = 0; round < 5; round += 1) {
      book.nowMs += PAIR_REQUEST_LIMITS.ttlMs - 1
      assert.equal(book.idOf(), first)
    }
    book.nowMs += PAIR_REQUEST_LIMITS.ttlMs
    const step = book.ask()
    assert.equal(step.kind, 'minted')
    assert.deepEqual(step.kind === 'minted' && step.expired.map(({ requestId }) => requestId), [first])
  })

  test('is usually silent only while every ask was', () => {
    const book = new Book()
    book.ask({ silent: true })
    const mixed = book.ask({ silent: false, scopes: ['operator.write'] })
    const later = book.ask({ silent: true, scopes: ['operator.admin'] })
    assert.deepEqual(
      [mixed, later].map((step) => step.kind === 'minted' && step.request.silent),
      [false, false],
    )
  })
})

describe('limits', () => {
  test('are as announced', () => {
    assert.deepEqual(PAIR_REQUEST_LIMITS, {
      ttlMs: 900_000,
      perDevice: 4,
      perSource: 64,
      inAll: 1_024,
      scopesPerRequest: 64,
      scopeChars: 128,
    })
  })

  test('four ids wait for one device; a fifth takes the place of the one not asked for the longest', () => {
    const book = new Book()
    const scopes = ['operator.read', 'operator.approvals', 'operator.pairing', 'operator.questions']
    const ids = scopes.map((scope) => {
      book.nowMs += 1_000
      return book.idOf({ scopes: [scope] })
    })
    book.nowMs += 1_000
    book.idOf({ scopes: ['operator.read'] })
    const fifth = book.ask({ scopes: ['operator.talk.secrets'] })
    assert.equal(fifth.kind, 'minted')
    assert.deepEqual(fifth.kind === 'minted' && fifth.displaced.map(({ requestId }) => requestId), [ids[1]])
    assert.equal(book.waiting.length, PAIR_REQUEST_LIMITS.perDevice)
  })

  test('one address has a share, this machine has no address', () => {
    const book = new Book()
    for (let number = 0; number < PAIR_REQUEST_LIMITS.perSource; number += 1) {
      book.idOf({ deviceId: `d${number}`, publicKey: `k${number}` })
    }
    const next = { deviceId: 'next', publicKey: 'next' }
    assert.deepEqual(book.ask(next), { kind: 'refused', limit: 'per-source', max: PAIR_REQUEST_LIMITS.perSource })
    assert.equal(book.ask({ ...next, remoteIp: '203.0.113.8' }).kind, 'minted')
    const { remoteIp: _, ...local } = askOf({ deviceId: 'local', publicKey: 'local' })
    assert.equal(stepRequest(book.waiting, local, { nowMs: book.nowMs, newId: () => 'x' }).kind, 'minted')
    assert.equal(book.ask({ deviceId: 'd0', publicKey: 'k0' }).kind, 'refreshed', 'who waits already is not affected')
  })

  test('a subscriber of IPv6 is one address', () => {
    const book = new Book()
    for (let number = 0; number < PAIR_REQUEST_LIMITS.perSource; number += 1) {
      book.idOf({ deviceId: `d${number}`, publicKey: `k${number}`, remoteIp: `2001:db8::${number + 1}` })
    }
    const step = book.ask({ deviceId: 'next', publicKey: 'next', remoteIp: '2001:db8::ffff' })
    assert.equal(step.kind === 'refused' && step.limit, 'per-source')
  })

  test('all requests together are bounded, and the expired make room', () => {
    const book = new Book()
    for (let number = 0; number < PAIR_REQUEST_LIMITS.inAll; number += 1) {
      book.idOf({ deviceId: `d${number}`, publicKey: `k${number}`, remoteIp: `10.0.${number >> 8}.${number & 255}` })
    }
    const next = { deviceId: 'next', publicKey: 'next', remoteIp: '192.0.2.1' }
    assert.deepEqual(book.ask(next), { kind: 'refused', limit: 'in-all', max: PAIR_REQUEST_LIMITS.inAll })
    book.nowMs += PAIR_REQUEST_LIMITS.ttlMs
    assert.equal(book.ask(next).kind, 'minted')
    assert.equal(book.waiting.length, 1)
  })

  test('a request shows so many scopes and no more', () => {
    const book = new Book()
    const many = Array.from({ length: PAIR_REQUEST_LIMITS.scopesPerRequest + 1 }, (_, index) => `operator.x${index}`)
    assert.equal(book.ask({ scopes: many }).kind, 'refused')
    assert.equal(book.ask({ scopes: ['x'.repeat(PAIR_REQUEST_LIMITS.scopeChars + 1)] }).kind, 'refused')
    assert.equal(book.ask({ scopes: many.slice(1) }).kind, 'minted')
  })
})

describe('properties', () => {
  const scopeList = fc.subarray([...SCOPES, 'operator.later', 'weird'])

  test('10,000 equal or narrower asks in any order have one id', () => {
    fc.assert(
      fc.property(fc.array(scopeList, { minLength: 10_000, maxLength: 10_000, size: 'max' }), (asks) => {
        const book = new Book()
        const all = ['operator.admin', 'weird']
        const id = book.idOf({ scopes: all })
        for (const scopes of asks) {
          book.nowMs += 30_000
          assert.equal(book.idOf({ scopes }), id)
        }
        assert.equal(book.minted, 1)
      }),
      { numRuns: 3 },
    )
  })

  test('whatever is asked: no id changes its content, every answer covers its ask, no device has more than its share', () => {
    const step = fc.record({
      device: fc.integer({ min: 0, max: 2 }),
      role: fc.constantFrom('operator' as const, 'node' as const),
      scopes: scopeList,
      platform: fc.constantFrom('macOS 15.3', 'macOS 15.4', 'Windows 11'),
      laterMs: fc.constantFrom(0, 1_000, 60_000, PAIR_REQUEST_LIMITS.ttlMs - 1, PAIR_REQUEST_LIMITS.ttlMs),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const book = new Book()
        for (const { device, laterMs, role, ...asked } of steps) {
          book.nowMs += laterMs
          const ask = { ...asked, role, scopes: role === 'node' ? [] : asked.scopes }
          const taken = book.ask({ deviceId: `d${device}`, publicKey: `k${device}`, ...ask })
          assert.notEqual(taken.kind, 'refused')
          if (taken.kind === 'refused') continue
          assert.ok(taken.request.roles.includes(role))
          assert.ok(coversScopes(taken.request.scopes, ask.scopes))
          for (const { record } of book.waiting) {
            assert.equal(JSON.stringify(record), book.everMinted.get(record.requestId))
          }
          for (const number of [0, 1, 2]) {
            const own = book.waiting.filter(({ record }) => record.deviceId === `d${number}`)
            assert.ok(own.length <= PAIR_REQUEST_LIMITS.perDevice)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
