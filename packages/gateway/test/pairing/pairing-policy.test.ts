import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectParams } from '@breakwater/protocol'
import type { Authenticated } from '../../src/admission/candidate.ts'
import type { AuthMethod } from '../../src/connection/peer.ts'
import type { Locality } from '../../src/listener/locality.ts'
import {
  isSamePlatform,
  mayApproveSilently,
  type PairingReason,
  pairingReason,
} from '../../src/pairing/pairing-policy.ts'
import type { DeviceRecord } from '../../src/store/records.ts'
import { client, GOOD_TOKEN, LOCAL, negotiated, PROXIED, REMOTE, UNIX } from '../admission/candidates.ts'

const DEVICE = { deviceId: 'd1', publicKey: 'key-1' }
const ORIGIN = 'http://127.0.0.1:18789'

const APP = client('openclaw-macos', 'ui', 'macOS 15.3.1')
const CLI = client('cli', 'cli')
const NODE = client('node-host', 'node')
const CONTROL_UI = client('openclaw-control-ui', 'webchat')
const TUI = client('openclaw-tui', 'ui')
const COPILOT = client('openclaw-browser-copilot', 'ui')
const WEBCHAT = client('webchat', 'webchat')

interface Facts {
  readonly connect?: Partial<ConnectParams>
  readonly locality?: Locality
  readonly origin?: string
  readonly method?: AuthMethod
}

const candidate = ({ connect = {}, locality = LOCAL, origin, method = 'token' }: Facts = {}): Authenticated => ({
  ...negotiated({ client: APP, ...connect }, { locality, headers: origin === undefined ? {} : { origin } }),
  secret: GOOD_TOKEN,
  device: DEVICE,
  method,
  isOwnerProcess: false,
})

const record = (changes: Partial<DeviceRecord> = {}): DeviceRecord => ({
  ...DEVICE,
  platform: 'macOS 15.3.1',
  roles: ['operator'],
  approvedScopes: ['operator.write'],
  approvedVia: 'owner',
  createdAtMs: 1,
  approvedAtMs: 1,
  tokens: { operator: { generation: 1, scopes: ['operator.write'], createdAtMs: 1 } },
  ...changes,
})

const asNode = { client: NODE, role: 'node' }
const nodeRecord = record({
  platform: 'linux',
  roles: ['node'],
  approvedScopes: [],
  tokens: { node: { generation: 1, scopes: [], createdAtMs: 1 } },
})

describe('a device needs approval', () => {
  const revoked = { operator: { generation: 1, scopes: [], createdAtMs: 1, revokedAtMs: 2 } }
  const CASES: readonly (readonly [
    what: string,
    record: DeviceRecord | undefined,
    connect: Partial<ConnectParams>,
    reason: PairingReason | undefined,
  ])[] = [
    ['that nobody knows', undefined, {}, 'not-paired'],
    ['that comes with another key', record({ publicKey: 'key-2' }), {}, 'not-paired'],
    [
      'that is on another platform now',
      record(),
      { client: client('openclaw-macos', 'ui', 'linux') },
      'metadata-upgrade',
    ],
    ['that is of another family now', record({ deviceFamily: 'Mac' }), {}, 'metadata-upgrade'],
    ['that asks for another role', record(), { role: 'node' }, 'role-upgrade'],
    ['whose role was revoked', record({ tokens: revoked }), {}, 'role-upgrade'],
    ['whose role never had a token', record({ tokens: {} }), {}, 'role-upgrade'],
    ['that asks for more', record(), { scopes: ['operator.admin'] }, 'scope-upgrade'],
    ['that asks for a scope nobody knows', record(), { scopes: ['operator.future'] }, 'scope-upgrade'],
    [
      '— platform before role, role before scope',
      record({ roles: [] }),
      { scopes: ['operator.admin'] },
      'role-upgrade',
    ],
  ]
  for (const [what, known, connect, reason] of CASES) {
    test(`${what}: ${reason}`, () => assert.equal(pairingReason(known, candidate({ connect })), reason))
  }
})

describe('a device needs no approval', () => {
  const CASES: readonly (readonly [what: string, record: DeviceRecord, connect: Partial<ConnectParams>])[] = [
    ['that asks for what it has', record(), { scopes: ['operator.write'] }],
    ['that asks for less, or for what its scopes imply', record(), { scopes: ['operator.read', 'operator.talk'] }],
    ['that asks for nothing', record(), {}],
    [
      'of an administrator that asks for a scope of the future',
      record({ approvedScopes: ['operator.admin'] }),
      { scopes: ['operator.future'] },
    ],
    ['that is a node, whatever scopes it names', nodeRecord, { ...asNode, scopes: ['operator.admin'] }],
    [
      'whose platform was never pinned',
      record({ platform: '' }),
      { client: client('openclaw-macos', 'ui', 'anything') },
    ],
  ]
  for (const [what, known, connect] of CASES) {
    test(what, () => assert.equal(pairingReason(known, candidate({ connect })), undefined))
  }
})

describe('the same platform', () => {
  const SAME: readonly (readonly [pinned: string, presented: string])[] = [
    ['linux', 'Linux'],
    ['linux', ' linux '],
    ['linux', 'Linux 6.18.44'],
    ['darwin', 'macOS 15.3.1'],
    ['macos', 'darwin'],
    ['macOS 14.0', 'macOS 15.3.1'],
    ['win32', 'windows'],
    ['Windows 10.0.22631', 'win32'],
    ['iOS 18.4', 'iOS 18.5'],
    ['android 14', 'Android 15'],
    ['watchOS 11', 'watchOS 12.1'],
    ['', 'whatever'],
  ]
  for (const [pinned, presented] of SAME) {
    test(`is ${JSON.stringify(pinned)} and ${JSON.stringify(presented)}`, () => {
      assert.ok(isSamePlatform({ platform: pinned }, { platform: presented }))
    })
  }

  const OTHER: readonly (readonly [pinned: string, presented: string | undefined])[] = [
    ['linux', 'macOS 15'],
    ['macOS 15', 'windows'],
    ['iOS 18', 'iPadOS 18'],
    ['linux', undefined],
    ['linux', ''],
  ]
  for (const [pinned, presented] of OTHER) {
    test(`is not ${JSON.stringify(pinned)} and ${JSON.stringify(presented)}`, () => {
      assert.ok(!isSamePlatform({ platform: pinned }, presented === undefined ? {} : { platform: presented }))
    })
  }

  test('of another device family is another device, in whatever letters', () => {
    assert.ok(isSamePlatform({ deviceFamily: 'iPhone' }, { deviceFamily: 'IPHONE ' }))
    assert.ok(!isSamePlatform({ deviceFamily: 'iPhone' }, { deviceFamily: 'iPad' }))
    assert.ok(isSamePlatform({}, { deviceFamily: 'iPad' }))
  })
})

/** Pairing notes section 4, row by row. `off` is `gateway.nodes.pairing.autoApproveLocal: false`. */
describe('a device is paired without a question', () => {
  type Row = readonly [
    what: string,
    reason: PairingReason,
    facts: Facts,
    record: DeviceRecord | undefined,
    isSilent: boolean,
    isSilentWhenOff: boolean,
  ]
  const ROWS: readonly Row[] = [
    // Locality comes first.
    ['an app on this machine', 'not-paired', {}, undefined, true, false],
    ['an app on the owner’s socket', 'not-paired', { locality: UNIX, method: 'none' }, undefined, true, false],
    ['an app behind a proxy', 'not-paired', { locality: PROXIED }, undefined, false, false],
    ['an app elsewhere', 'not-paired', { locality: REMOTE }, undefined, false, false],
    // An Origin header, from whom?
    ['an app that a page drives', 'not-paired', { origin: ORIGIN }, undefined, false, false],
    [
      'a command line that a page drives',
      'not-paired',
      { origin: ORIGIN, connect: { client: CLI } },
      undefined,
      false,
      false,
    ],
    ['the Control UI', 'not-paired', { origin: ORIGIN, connect: { client: CONTROL_UI } }, undefined, true, false],
    ['the terminal UI', 'not-paired', { origin: ORIGIN, connect: { client: TUI } }, undefined, true, false],
    ['a web chat', 'not-paired', { origin: ORIGIN, connect: { client: WEBCHAT } }, undefined, true, false],
    ['a browser extension', 'not-paired', { origin: ORIGIN, connect: { client: COPILOT } }, undefined, false, false],
    [
      'a page of this machine behind a proxy',
      'not-paired',
      { locality: PROXIED, origin: ORIGIN, connect: { client: CONTROL_UI } },
      undefined,
      false,
      false,
    ],
    // Another platform.
    ['an app on another platform', 'metadata-upgrade', {}, record(), true, true],
    ['a command line on another platform', 'metadata-upgrade', { connect: { client: CLI } }, record(), false, false],
    [
      'a Control UI on another platform',
      'metadata-upgrade',
      { connect: { client: CONTROL_UI } },
      record(),
      false,
      false,
    ],
    [
      'a page on another platform',
      'metadata-upgrade',
      { origin: ORIGIN, connect: { client: CONTROL_UI } },
      record(),
      false,
      false,
    ],
    [
      'an app in the mode of a command line on another platform',
      'metadata-upgrade',
      { connect: { client: client('openclaw-macos', 'cli') } },
      record(),
      false,
      false,
    ],
    ...(['openclaw-macos', 'openclaw-linux', 'openclaw-ios', 'openclaw-android'] as const).map(
      (id): Row => [
        `${id} on another platform`,
        'metadata-upgrade',
        { connect: { client: client(id, 'ui') } },
        record(),
        true,
        true,
      ],
    ),
    [
      'openclaw-watchos on another platform',
      'metadata-upgrade',
      { connect: { client: client('openclaw-watchos', 'ui') } },
      record(),
      false,
      false,
    ],
    ['an app elsewhere on another platform', 'metadata-upgrade', { locality: REMOTE }, record(), false, false],
    // More scopes: by whom it was let in.
    ...(['none', 'token', 'password'] as const).map(
      (method): Row => [`an app with ${method} that asks for more`, 'scope-upgrade', { method }, record(), true, false],
    ),
    ...(['device-token', 'bootstrap-token', 'trusted-proxy'] as const).map(
      (method): Row => [
        `an app with ${method} that asks for more`,
        'scope-upgrade',
        { method },
        record(),
        false,
        false,
      ],
    ),
    // Another role.
    ['an operator that was revoked', 'role-upgrade', {}, record(), true, false],
    ['a new node', 'not-paired', { connect: asNode }, undefined, true, false],
    [
      'a new node that names scopes',
      'not-paired',
      { connect: { ...asNode, scopes: ['operator.read'] } },
      undefined,
      false,
      false,
    ],
    ['a known device as a node', 'role-upgrade', { connect: asNode }, record(), false, false],
    ['a node that was revoked', 'role-upgrade', { connect: asNode }, nodeRecord, false, false],
    ['a node on another platform', 'metadata-upgrade', { connect: asNode }, nodeRecord, false, false],
    ['a node with a new key under an old id', 'not-paired', { connect: asNode }, nodeRecord, false, false],
    ['a new node elsewhere', 'not-paired', { connect: asNode, locality: REMOTE }, undefined, false, false],
  ]
  for (const [what, reason, facts, known, isSilent, isSilentWhenOff] of ROWS) {
    test(`${what} (${reason}): ${isSilent ? 'yes' : 'no'}, off: ${isSilentWhenOff ? 'yes' : 'no'}`, () => {
      assert.equal(mayApproveSilently(reason, known, candidate(facts), { autoApproveLocal: true }), isSilent)
      assert.equal(mayApproveSilently(reason, known, candidate(facts), { autoApproveLocal: false }), isSilentWhenOff)
    })
  }
})
