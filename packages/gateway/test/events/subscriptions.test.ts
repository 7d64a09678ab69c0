import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_SESSIONS_PER_PEER, SessionSubscriptions } from '../../src/events/subscriptions.ts'
import { fakePeer } from '../fake-peer.ts'

describe('session subscriptions', () => {
  test('belong to one connection', () => {
    const subscriptions = new SessionSubscriptions()
    const peer = fakePeer()
    subscriptions.followChanges(peer)
    subscriptions.followMessages(peer, 'agent:main:main', true)
    assert.ok(subscriptions.followsChanges(peer))
    assert.ok(subscriptions.followsMessages(peer, 'agent:main:main'))
    assert.ok(subscriptions.followsApprovals(peer, 'agent:main:main'))
    const other = fakePeer()
    assert.ok(!subscriptions.followsChanges(other))
    assert.ok(!subscriptions.followsMessages(other, 'agent:main:main'))
  })

  test('end one by one', () => {
    const subscriptions = new SessionSubscriptions()
    const peer = fakePeer()
    subscriptions.followMessages(peer, 'a', false)
    subscriptions.followMessages(peer, 'b', false)
    subscriptions.unfollowMessages(peer, 'a')
    assert.ok(!subscriptions.followsMessages(peer, 'a'))
    assert.ok(subscriptions.followsMessages(peer, 'b'))
    assert.ok(!subscriptions.followsApprovals(peer, 'b'))
  })

  test('are refused beyond the limit, but a known one may be renewed', () => {
    const subscriptions = new SessionSubscriptions()
    const peer = fakePeer()
    for (let index = 0; index < MAX_SESSIONS_PER_PEER; index += 1) {
      assert.ok(subscriptions.followMessages(peer, `s${index}`, false))
    }
    assert.ok(!subscriptions.followMessages(peer, 'one too many', false))
    assert.ok(subscriptions.followMessages(peer, 's0', true))
    assert.ok(subscriptions.followsApprovals(peer, 's0'))
  })
})
