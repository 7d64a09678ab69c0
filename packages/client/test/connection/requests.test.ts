import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResponseFrame } from '@breakwater/protocol'
import fc from 'fast-check'
import { type PendingRequest, RequestBook } from '../../src/connection/requests.ts'

const book = (limits = {}) => new RequestBook<string>({ maxPending: 4, maxSettled: 4, ...limits })
const request = (id: string, over: Partial<PendingRequest<string>> = {}): PendingRequest<string> => ({
  id,
  method: 'm',
  expectFinal: false,
  deadlineAt: 100,
  ticket: `ticket ${id}`,
  ...over,
})
const response = (id: string, payload: unknown = {}, ok = true): ResponseFrame => ({ type: 'res', id, ok, payload })

test('an answer settles its request once; further answers are late; foreign ids are unknown', () => {
  const b = book()
  b.add(request('a'))
  assert.equal(b.receive(response('a')).kind, 'settled')
  assert.equal(b.receive(response('a')).kind, 'late')
  assert.equal(b.receive(response('zzz')).kind, 'unknown')
})

test('a request that wants the final answer outlives the accepted one', () => {
  const b = book()
  b.add(request('a', { expectFinal: true }))
  assert.equal(b.receive(response('a', { status: 'accepted', runId: 'r' })).kind, 'accepted')
  assert.equal(b.receive(response('a', { status: 'accepted' }, false)).kind, 'settled', 'a failure is final')
})

test('a request that does not want the final answer settles on the accepted one', () => {
  const b = book()
  b.add(request('a'))
  assert.equal(b.receive(response('a', { status: 'accepted' })).kind, 'settled')
  assert.equal(b.receive(response('a', { status: 'ok' })).kind, 'late')
})

test('the book refuses more than its limit and an id in use', () => {
  const b = book({ maxPending: 2 })
  assert.equal(b.add(request('a')), true)
  assert.equal(b.add(request('a')), false)
  assert.equal(b.add(request('b')), true)
  assert.equal(b.add(request('c')), false)
  assert.equal(b.pendingCount, 2)
})

test('what it remembers of settled requests is bounded, oldest first', () => {
  const b = book({ maxSettled: 2 })
  for (const id of ['a', 'b', 'c']) {
    b.add(request(id))
    b.take(id)
  }
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => b.receive(response(id)).kind),
    ['unknown', 'late', 'late'],
  )
})

test('deadlines: the earliest is known, all that are due leave together', () => {
  const b = book()
  b.add(request('a', { deadlineAt: 30 }))
  b.add(request('b', { deadlineAt: 10 }))
  b.add(request('c', { deadlineAt: undefined }))
  assert.equal(b.nextDeadlineAt(), 10)
  assert.deepEqual(
    b.takeExpired(30).map(({ id }) => id),
    ['a', 'b'],
  )
  assert.equal(b.nextDeadlineAt(), undefined)
  assert.equal(b.receive(response('b')).kind, 'late')
})

test('it tells whether waiting requests own their timing', () => {
  const b = book()
  assert.equal(b.pendingKind, 'none')
  b.add(request('a'))
  assert.equal(b.pendingKind, 'bounded')
  b.add(request('b', { deadlineAt: undefined }))
  assert.equal(b.pendingKind, 'unbounded')
  b.take('b')
  assert.equal(b.pendingKind, 'bounded')
  b.takeAll()
  assert.equal(b.pendingKind, 'none')
})

test('whatever happens, every ticket leaves the book exactly once and the counts stay right', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), id, expectFinal: fc.boolean(), bounded: fc.boolean() }),
    fc.record({ kind: fc.constant('receive' as const), id, accepted: fc.boolean() }),
    fc.record({ kind: fc.constant('take' as const), id }),
    fc.record({ kind: fc.constant('expire' as const), at: fc.integer({ min: 0, max: 200 }) }),
    fc.record({ kind: fc.constant('all' as const) }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const b = new RequestBook<number>({ maxPending: 3, maxSettled: 2 })
      const open = new Map<number, boolean>()
      let lastTicket = 0
      const leave = (left: PendingRequest<number> | undefined): void => {
        if (left !== undefined) assert.equal(open.delete(left.ticket), true, 'left twice')
      }
      for (const op of operations) {
        if (op.kind === 'add') {
          lastTicket += 1
          const deadlineAt = op.bounded ? lastTicket * 7 : undefined
          const added = b.add({ id: op.id, method: 'm', expectFinal: op.expectFinal, deadlineAt, ticket: lastTicket })
          if (added) open.set(lastTicket, op.bounded)
        } else if (op.kind === 'receive') {
          const received = b.receive(response(op.id, { status: op.accepted ? 'accepted' : 'ok' }))
          if (received.kind === 'settled') leave(received.request)
        } else if (op.kind === 'take') leave(b.take(op.id))
        else for (const left of op.kind === 'expire' ? b.takeExpired(op.at) : b.takeAll()) leave(left)
        assert.equal(b.pendingCount, open.size)
        const kinds = [...open.values()]
        assert.equal(b.pendingKind, kinds.length === 0 ? 'none' : kinds.includes(false) ? 'unbounded' : 'bounded')
      }
    }),
  )
})
