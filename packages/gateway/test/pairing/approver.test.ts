import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inProcessPeer } from '../../src/connection/in-process-peer.ts'
import {
  type Approver,
  approverOf,
  judgeApproval,
  mayManageRole,
  mayTurnAway,
  OWNER,
} from '../../src/pairing/approver.ts'
import type { PairRequestRecord } from '../../src/store/records.ts'
import { fakePeer } from '../fake-peer.ts'

const requestOf = (changes: Partial<PairRequestRecord> = {}): PairRequestRecord => ({
  requestId: 'r',
  deviceId: 'device-1',
  publicKey: 'key-1',
  role: 'operator',
  roles: ['operator'],
  scopes: ['operator.read'],
  silent: false,
  isRepair: false,
  createdAtMs: 1,
  ...changes,
})

const shared = (...scopes: string[]): Approver => ({ actor: { kind: 'shared-secret' }, scopes })
const device = (callerDeviceId: string, ...scopes: string[]): Approver => ({
  actor: { kind: 'device', id: callerDeviceId },
  scopes,
  callerDeviceId,
})

describe('an approver', () => {
  const cases: readonly (readonly [
    what: string,
    by: Approver,
    request: PairRequestRecord,
    expect: object | undefined,
  ])[] = [
    [
      'with every scope approves anything',
      shared('operator.admin'),
      requestOf({ roles: ['operator', 'node'] }),
      undefined,
    ],
    [
      'approves what it holds itself',
      shared('operator.pairing', 'operator.write'),
      requestOf({ scopes: ['operator.read', 'operator.talk'] }),
      undefined,
    ],
    [
      'is told the first scope it does not hold',
      shared('operator.pairing', 'operator.read'),
      requestOf({ scopes: ['operator.read', 'operator.approvals', 'operator.admin'] }),
      { reason: 'missing-scope', scope: 'operator.approvals' },
    ],
    [
      'without admin approves no node',
      shared('operator.pairing', 'operator.write'),
      requestOf({ role: 'node', roles: ['node'], scopes: [] }),
      { reason: 'denied' },
    ],
    [
      'is told a scope that no requested role has',
      shared('operator.admin'),
      requestOf({ role: 'node', roles: ['node'], scopes: ['operator.read'] }),
      { reason: 'scope-outside-roles', scope: 'operator.read' },
    ],
    [
      'approves strange scopes only with admin',
      shared('operator.pairing'),
      requestOf({ scopes: ['strange'] }),
      { reason: 'missing-scope', scope: 'strange' },
    ],
    ['with admin approves strange scopes', shared('operator.admin'), requestOf({ scopes: ['strange'] }), undefined],
    [
      'with its own token alone approves itself',
      device('device-1', 'operator.pairing', 'operator.read'),
      requestOf(),
      undefined,
    ],
    [
      'with its own token alone gains nothing it does not hold',
      device('device-1', 'operator.pairing'),
      requestOf(),
      { reason: 'missing-scope', scope: 'operator.read' },
    ],
    [
      'with its own token alone approves nobody else',
      device('other', 'operator.pairing', 'operator.read'),
      requestOf(),
      { reason: 'denied' },
    ],
    ['with its own token and admin approves others', device('other', 'operator.admin'), requestOf(), undefined],
    [
      'who is the owner approves whatever is asked',
      OWNER,
      requestOf({ role: 'node', roles: ['node'], scopes: ['operator.read', 'x'] }),
      undefined,
    ],
  ]
  for (const [what, by, request, expect] of cases) {
    test(what, () => assert.deepEqual(judgeApproval(by, request), expect))
  }

  test('turns away any device with the shared secret, and only itself with its own token', () => {
    assert.ok(mayTurnAway(shared('operator.pairing'), 'device-1', ['node', 'operator']))
    assert.ok(mayTurnAway(device('device-1', 'operator.pairing'), 'device-1', ['operator']))
    assert.ok(!mayTurnAway(device('device-1', 'operator.pairing'), 'device-1', ['node']))
    assert.ok(!mayTurnAway(device('device-1', 'operator.pairing'), 'device-2', ['operator']))
    assert.ok(mayTurnAway(device('device-1', 'operator.admin'), 'device-2', ['node']))
  })

  test('handles tokens of nodes only with admin', () => {
    assert.ok(mayManageRole(shared('operator.pairing'), 'device-1', 'operator'))
    assert.ok(!mayManageRole(shared('operator.pairing'), 'device-1', 'node'))
    assert.ok(mayManageRole(shared('operator.admin'), 'device-1', 'node'))
  })
})

describe('the caller of a method', () => {
  const remote = { kind: 'remote', clientAddress: '203.0.113.7' } as const
  test('is the owner inside the process, on the Unix socket, and where nobody has to prove anything', () => {
    const inside = inProcessPeer({ name: 'cron', role: 'operator', scopes: ['operator.admin'] })
    assert.deepEqual(approverOf(inside).actor, { kind: 'owner' })
    const unix = fakePeer({ authMethod: 'none', locality: { kind: 'local', via: 'unix-socket' }, deviceId: 'd' })
    assert.deepEqual(approverOf(unix).actor, { kind: 'owner' })
    assert.deepEqual(approverOf(fakePeer({ authMethod: 'none' })).actor, { kind: 'owner' })
  })

  test('is otherwise a device, or a holder of the shared secret, with the address it has', () => {
    assert.deepEqual(approverOf(fakePeer({ deviceId: 'd', locality: remote })).actor, {
      kind: 'device',
      id: 'd',
      remoteIp: '203.0.113.7',
    })
    assert.deepEqual(approverOf(fakePeer()), { actor: { kind: 'shared-secret' }, scopes: ['operator.read'] })
    assert.equal(approverOf(fakePeer({ deviceId: 'd', callerDeviceId: 'd' })).callerDeviceId, 'd')
  })
})
