import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import { contract } from './contract.ts'

test('limits of the wire are pinned', () => {
  assert.deepEqual(LIMITS, {
    preAuthBytes: 65_536,
    maxPayloadBytes: 26_214_400,
    maxBufferedBytes: 52_428_800,
    signatureSkewMs: 120_000,
    tickIntervalMs: 30_000,
    pingIntervalMs: 25_000,
    closeReasonBytes: 120,
    closeGraceMs: 1_000,
    pipelinedFrames: 15,
    traceparentChars: 128,
  })
})

test('the published contract limits the trace context to the same length', () => {
  const frame = contract.definitions.RequestFrame as { properties: { traceparent: { maxLength: number } } }
  assert.equal(LIMITS.traceparentChars, frame.properties.traceparent.maxLength)
})
