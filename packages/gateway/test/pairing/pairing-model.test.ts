import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { coversScopes, type Role, unionScopes } from '@breakwater/protocol'
import fc from 'fast-check'
import type { Admittance } from '../../src/pairing/device-admission.ts'
import { PAIR_REQUEST_LIMITS } from '../../src/pairing/pairing-requests.ts'
import { StoreFault } from '../../src/store/fault.ts'
import { ADMIN, deviceOf, NODE_HOST, type PairingFixture, pairingFixture, type Row } from './pairing-fixture.ts'

// What anybody may rely on, whatever happens in whatever order: kept as the simplest possible book of what was shown and
// what was approved, and compared with the plane after every step.

const NAMES = ['phone', 'tablet'] as const
type Name = (typeof NAMES)[number]

type Step =
  | { readonly kind: 'ask'; readonly name: Name; readonly role: Role; readonly scopes: readonly string[] }
  | { readonly kind: 'approve' | 'reject'; readonly pick: number }
  | { readonly kind: 'remove'; readonly name: Name }
  | { readonly kind: 'revoke' | 'rotate'; readonly name: Name }
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'sweep' }

const scopeList = fc.subarray(['operator.read', 'operator.write', 'operator.admin', 'operator.approvals', 'odd'])
const name = fc.constantFrom(...NAMES)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      name,
      role: fc.constant('operator' as const),
      scopes: scopeList,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      name,
      role: fc.constant('node' as const),
      scopes: fc.constant([]),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('approve' as const, 'reject' as const), pick: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('revoke' as const, 'rotate' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('later' as const),
      ms: fc.constantFrom(1, 60_000, PAIR_REQUEST_LIMITS.ttlMs - 1, PAIR_REQUEST_LIMITS.ttlMs),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const) }) },
)
/** Steps of one batch are started without waiting for each other. */
const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 10, maxLength: 25 })

interface Shown {
  readonly deviceId: string
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
}

interface Granted {
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
}

class Book {
  readonly #fixture: PairingFixture
  readonly #shown = new Map<string, Shown>()
  readonly #answers = new Map<string, string>()
  /** All that was ever approved for a device since it was last removed. */
  readonly #granted = new Map<string, Granted>()
  /** The same, but not forgotten before the batch is over: what happens at the same time happens in either order. */
  #lately = new Map<string, Granted>()

  constructor(fixture: PairingFixture) {
    this.#fixture = fixture
  }

  get ids(): readonly string[] {
    return [...this.#shown.keys()]
  }

  /** Reads the events since the last call, in order. */
  read(): void {
    for (const { event, payload } of this.#fixture.events.splice(0)) {
      if (event === 'device.pair.requested') this.#noteShown(payload)
      if (event === 'device.pair.resolved') this.#noteAnswer(payload)
    }
  }

  #noteShown({ requestId, deviceId, roles, scopes }: Row): void {
    assert.ok(!this.#shown.has(String(requestId)), 'an id is announced once')
    this.#shown.set(String(requestId), { deviceId, roles, scopes } as Shown)
  }

  #noteAnswer({ requestId, decision }: Row): void {
    const id = String(requestId)
    assert.ok(this.#shown.has(id), 'only what was shown is answered')
    assert.ok(!this.#answers.has(id), `answered twice: ${this.#answers.get(id)}, then ${decision}`)
    this.#answers.set(id, String(decision))
  }

  approved(id: string): void {
    const shown = this.#shown.get(id)
    assert.ok(shown)
    for (const granted of [this.#granted, this.#lately]) {
      const before = granted.get(shown.deviceId)
      granted.set(shown.deviceId, {
        roles: [...new Set([...(before?.roles ?? []), ...shown.roles])],
        scopes: unionScopes(before?.scopes ?? [], shown.scopes),
      })
    }
  }

  startBatch(): void {
    this.#lately = new Map(this.#granted)
  }

  removed(deviceId: string): void {
    this.#granted.delete(deviceId)
  }

  check(): void {
    const { store, plane } = this.#fixture
    for (const { requestId, deviceId, roles, scopes } of store.pairRequests.values()) {
      assert.deepEqual({ deviceId, roles, scopes }, this.#shown.get(requestId), 'content under an id never changes')
      assert.equal(this.#answers.get(requestId), undefined, 'what is answered does not wait')
    }
    const waiting = plane.list(ADMIN).pending as Row[]
    for (const device of NAMES.map(deviceOf)) {
      const own = waiting.filter(({ deviceId }) => deviceId === device.deviceId)
      assert.ok(own.length <= PAIR_REQUEST_LIMITS.perDevice)
      const granted = this.#granted.get(device.deviceId)
      const record = store.devices.get(device.deviceId)
      assert.equal(record === undefined, granted === undefined)
      if (record === undefined || granted === undefined) continue
      assert.deepEqual(new Set(record.roles), new Set(granted.roles))
      assert.deepEqual(
        new Set(record.approvedScopes),
        new Set(granted.roles.includes('operator') ? granted.scopes : []),
      )
    }
  }

  mayConnect(name: Name, role: Role, scopes: readonly string[]): boolean {
    const granted = this.#lately.get(deviceOf(name).deviceId)
    return granted?.roles.includes(role) === true && coversScopes(granted.scopes, scopes)
  }
}

async function perform(fixture: PairingFixture, book: Book, taken: Step): Promise<void> {
  const { plane, clock } = fixture
  switch (taken.kind) {
    case 'later':
      clock.advance(taken.ms)
      return
    case 'sweep':
      return await plane.sweep()
    case 'ask':
      return await ask(fixture, book, taken)
    case 'remove': {
      const { deviceId } = deviceOf(taken.name)
      if ((await plane.decisions.remove(deviceId, ADMIN)).ok) book.removed(deviceId)
      return
    }
    case 'rotate':
    case 'revoke': {
      const target = { deviceId: deviceOf(taken.name).deviceId, role: 'operator' }
      await (taken.kind === 'rotate'
        ? plane.tokens.rotate(target, undefined, ADMIN)
        : plane.tokens.revoke(target, ADMIN))
      return
    }
    case 'approve':
    case 'reject': {
      const waiting = plane.requests.list().map(({ record }) => record.requestId)
      // Mostly what waits; now and then what was answered long ago.
      const ids = [...waiting, ...waiting, ...book.ids.slice(-3)]
      const id = ids[taken.pick % Math.max(1, ids.length)] ?? 'none'
      const outcome = await plane.decisions[taken.kind](id, ADMIN)
      if (outcome.ok && taken.kind === 'approve') {
        book.read()
        book.approved(id)
      }
    }
  }
}

async function ask(fixture: PairingFixture, book: Book, { name, role, scopes }: Step & { kind: 'ask' }): Promise<void> {
  const client = { ...NODE_HOST, mode: role === 'node' ? ('node' as const) : ('ui' as const) }
  const answer: Admittance = await fixture.admit({ name, role, scopes, client })
  book.read()
  if (answer.kind === 'required') {
    assert.ok(answer.request.roles.includes(role) && coversScopes(answer.request.scopes, scopes))
  } else {
    assert.equal(answer.kind, 'admitted')
    assert.ok(book.mayConnect(name, role, scopes), 'nobody gets in with more than was approved')
  }
}

describe('whatever is asked, approved, rejected, removed, rotated, revoked or left alone', () => {
  test('one after the other, the book is right after every step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 60 }), async (steps) => {
        const fixture = pairingFixture()
        const book = new Book(fixture)
        for (const taken of steps) {
          book.startBatch()
          await perform(fixture, book, taken)
          book.read()
          book.check()
        }
      }),
      { numRuns: 300 },
    )
  })

  test('at the same time, over a disk of its own pace, the book is right after every batch', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.infiniteStream(fc.nat({ max: 3 })), async (all, delays) => {
        const slow = async () => {
          for (let turn = delays.next().value ?? 0; turn > 0; turn -= 1) await new Promise(setImmediate)
        }
        const fixture = pairingFixture({ beforeCommit: slow })
        const book = new Book(fixture)
        for (const batch of all) {
          book.startBatch()
          await Promise.all(batch.map((taken) => perform(fixture, book, taken)))
          book.read()
          book.check()
        }
      }),
      { numRuns: 150 },
    )
  })

  test('with a disk that refuses now and then, nothing half-done is left or told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 40 }),
        fc.infiniteStream(fc.nat({ max: 3 })),
        async (steps, dice) => {
          const fixture = pairingFixture({
            beforeCommit: () => {
              if (dice.next().value === 0) throw new StoreFault('STORE_FULL')
            },
          })
          const book = new Book(fixture)
          for (const taken of steps) {
            await perform(fixture, book, taken).catch((fault: unknown) =>
              assert.ok(StoreFault.is(fault), String(fault)),
            )
            book.read()
            book.check()
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
