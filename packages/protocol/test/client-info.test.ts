import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLIENT_IDS,
  CLIENT_MODES,
  isControlUiClient,
  MIN_NODE_OR_PROBE_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  ROLES,
} from '@breakwater/protocol'
import { GATEWAY_CLIENT_IDS, GATEWAY_CLIENT_MODES } from '@openclaw/gateway-protocol/client-info'
import {
  MIN_NODE_PROTOCOL_VERSION,
  MIN_PROBE_PROTOCOL_VERSION,
  PROTOCOL_VERSION as PUBLISHED_VERSION,
} from '@openclaw/gateway-protocol/version'

const sorted = (values: Iterable<string>): string[] => [...values].sort()

test('client ids and modes are those of the published contract', () => {
  assert.deepEqual(sorted(CLIENT_IDS), sorted(Object.values(GATEWAY_CLIENT_IDS)))
  assert.deepEqual(sorted(CLIENT_MODES), sorted(Object.values(GATEWAY_CLIENT_MODES)))
})

test('protocol versions are those of the published contract', () => {
  assert.equal(PROTOCOL_VERSION, PUBLISHED_VERSION)
  assert.equal(MIN_NODE_OR_PROBE_PROTOCOL_VERSION, MIN_NODE_PROTOCOL_VERSION)
  assert.equal(MIN_NODE_OR_PROBE_PROTOCOL_VERSION, MIN_PROBE_PROTOCOL_VERSION)
})

test('the vocabularies are pinned: a change here is a change of the wire', () => {
  assert.deepEqual(ROLES, ['operator', 'node'])
  assert.equal(CLIENT_IDS.length, 17)
  assert.equal(CLIENT_MODES.length, 8)
  assert.equal(PROTOCOL_VERSION, 4)
})

test('pages are the Control UI, the terminal UI and the browser copilot, and nobody else', () => {
  assert.deepEqual(CLIENT_IDS.filter(isControlUiClient), [
    'openclaw-control-ui',
    'openclaw-browser-copilot',
    'openclaw-tui',
  ])
})
