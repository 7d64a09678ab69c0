import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sampleDevice } from '../../../testkit/src/contracts/store-samples.ts'
import { joinSighting } from '../../src/store/records.ts'

describe('a device joined with its sighting', () => {
  it('shows when it was seen and when each token was used', () => {
    const device = sampleDevice(1, {
      tokens: {
        operator: { generation: 2, scopes: ['operator.read'], createdAtMs: 1 },
        node: { generation: 1, scopes: [], createdAtMs: 1 },
      },
    })
    const seen = joinSighting(device, {
      id: device.deviceId,
      lastSeenAtMs: 50,
      reason: 'connect',
      tokensUsedAtMs: { node: 40 },
    })
    assert.equal(seen.lastSeenAtMs, 50)
    assert.equal(seen.lastSeenReason, 'connect')
    assert.deepEqual(seen.tokens, {
      operator: { generation: 2, scopes: ['operator.read'], createdAtMs: 1 },
      node: { generation: 1, scopes: [], createdAtMs: 1, lastUsedAtMs: 40 },
    })
  })

  it('is the plain record when it was never seen', () => {
    const device = sampleDevice(1)
    assert.equal(joinSighting(device, undefined), device)
  })

  it('has no reason when none was given', () => {
    assert.equal('lastSeenReason' in joinSighting(sampleDevice(1), { id: 'device-1', lastSeenAtMs: 1 }), false)
  })
})
