import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compilePairingRules, judgePairing, type PairingRuleOptions } from '../../src/pairing/approval-rules.ts'
import { grantDevice } from '../../src/pairing/device-grants.ts'
import type { DeviceRecord } from '../../src/store/records.ts'
import {
  type CandidateChanges,
  CONTROL_UI,
  candidateOf,
  deviceOf,
  LOCAL,
  MAC,
  NODE_HOST,
  remoteFrom,
  STRICT_RULES,
} from './pairing-fixture.ts'

const pairedAs = (changes: Partial<DeviceRecord> = {}, roles: readonly ('operator' | 'node')[] = ['operator']) => ({
  ...grantDevice(
    undefined,
    {
      ...deviceOf('phone'),
      roles,
      scopes: ['operator.read', 'operator.write'],
      via: 'owner',
      facts: { platform: 'macOS 15.3.1', deviceFamily: 'Mac' },
    },
    1_800_000_000_000,
  ),
  ...changes,
})
const PAIRED = pairedAs()
const OPERATOR_TOKEN = { generation: 1, scopes: ['operator.read', 'operator.write'], createdAtMs: 0 }
const NODE = { role: 'node', client: NODE_HOST, scopes: [] } as const
const PAGE = { client: CONTROL_UI, headers: { origin: 'http://127.0.0.1:18789' } } as const
const PROXIED = { kind: 'proxied', clientAddress: '198.51.100.4', proxyAddress: '10.0.0.1' } as const
const BY_PROXY = { method: 'trusted-proxy', locality: PROXIED, client: CONTROL_UI } as const
const PROXY_RULES = { proxyAutoApproveScopes: ['operator.read', 'operator.write'] }
const CIDRS = { autoApproveCidrs: ['10.1.0.0/16', 'fd00::/8', '127.0.0.0/8'] }

interface Case {
  readonly what: string
  readonly record?: DeviceRecord
  readonly candidate?: CandidateChanges
  readonly rules?: Partial<PairingRuleOptions>
  readonly expect: object
}

const ask = (reason: string, silent = false) => ({ kind: 'ask', reason, silent })
const approve = (reason: string, via: string, scopes: readonly string[]) => ({ kind: 'approve', reason, via, scopes })
const PAIRED_NOW = { kind: 'paired' }
const READ = ['operator.read']

const cases: readonly Case[] = [
  { what: 'a new device from elsewhere asks', expect: ask('not-paired') },
  { what: 'an approved device is paired', record: PAIRED, expect: PAIRED_NOW },
  {
    what: 'scopes that the approved ones imply are paired',
    record: PAIRED,
    candidate: { scopes: ['operator.talk', 'operator.sessions.read'] },
    expect: PAIRED_NOW,
  },
  { what: 'more scopes ask', record: PAIRED, candidate: { scopes: ['operator.admin'] }, expect: ask('scope-upgrade') },
  { what: 'another role asks', record: PAIRED, candidate: { ...NODE, client: MAC }, expect: ask('role-upgrade') },
  {
    what: 'a role whose token was revoked asks',
    record: pairedAs({ tokens: { operator: { ...OPERATOR_TOKEN, revokedAtMs: 1 } } }),
    expect: ask('role-upgrade'),
  },
  {
    what: 'another platform asks',
    record: PAIRED,
    candidate: { client: { ...MAC, platform: 'Windows 11' } },
    expect: ask('metadata-upgrade'),
  },
  {
    what: 'another device family asks',
    record: PAIRED,
    candidate: { client: { ...MAC, deviceFamily: 'iPad' } },
    expect: ask('metadata-upgrade'),
  },
  {
    what: 'a newer version of the platform, in other letters, is paired',
    record: PAIRED,
    candidate: { client: { ...MAC, platform: ' MACOS 26.1 ', deviceFamily: 'mac' } },
    expect: PAIRED_NOW,
  },
  {
    what: 'Node spellings of a platform are the platform',
    record: pairedAs({ platform: 'darwin' }),
    expect: PAIRED_NOW,
  },
  {
    what: 'a record without a platform pins none',
    record: (({ platform: _, deviceFamily: __, ...record }) => record)(PAIRED),
    candidate: { client: { ...MAC, platform: 'Windows 11' } },
    expect: PAIRED_NOW,
  },
  { what: 'another key is another device', record: pairedAs({ publicKey: 'other' }), expect: ask('not-paired') },
  {
    what: 'its own token does not carry more scopes, and nothing is asked',
    record: PAIRED,
    candidate: { method: 'device-token', scopes: ['operator.admin'] },
    expect: { kind: 'scope-mismatch' },
  },
  {
    what: 'a narrowed token does not carry what is approved',
    record: pairedAs({ tokens: { operator: { ...OPERATOR_TOKEN, scopes: READ } } }),
    candidate: { method: 'device-token', scopes: ['operator.write'] },
    expect: { kind: 'scope-mismatch' },
  },

  { what: 'local: a new device', candidate: { locality: LOCAL }, expect: approve('not-paired', 'silent', READ) },
  {
    what: 'local: a new device, switched off',
    candidate: { locality: LOCAL },
    rules: { autoApproveLocal: false },
    expect: ask('not-paired'),
  },
  {
    what: 'local: a new node',
    candidate: { ...NODE, locality: LOCAL },
    expect: approve('not-paired', 'silent', []),
  },
  {
    what: 'local: a node that wants scopes',
    candidate: { ...NODE, locality: LOCAL, scopes: READ },
    expect: ask('not-paired', true),
  },
  {
    what: 'local: more scopes by the shared secret',
    record: PAIRED,
    candidate: { locality: LOCAL, scopes: ['operator.admin'] },
    expect: approve('scope-upgrade', 'silent', ['operator.admin']),
  },
  {
    what: 'local: more scopes by a proxy identity',
    record: PAIRED,
    candidate: { locality: LOCAL, method: 'trusted-proxy', scopes: ['operator.admin'] },
    expect: ask('scope-upgrade'),
  },
  {
    what: 'local: the operator role again',
    record: pairedAs({}, ['node']),
    candidate: { locality: LOCAL },
    expect: approve('role-upgrade', 'silent', READ),
  },
  {
    what: 'local: the node role of a known device',
    record: PAIRED,
    candidate: { ...NODE, client: MAC, locality: LOCAL },
    expect: ask('role-upgrade'),
  },
  {
    what: 'local: another platform of an app',
    record: PAIRED,
    candidate: { locality: LOCAL, client: { ...MAC, platform: 'Windows 11' } },
    rules: { autoApproveLocal: false },
    expect: approve('metadata-upgrade', 'silent', READ),
  },
  {
    what: 'local: another platform of a page',
    record: PAIRED,
    candidate: { ...PAGE, locality: LOCAL },
    expect: ask('metadata-upgrade'),
  },
  {
    what: 'local: a page of this gateway',
    candidate: { ...PAGE, locality: LOCAL },
    expect: approve('not-paired', 'silent', READ),
  },
  {
    what: 'local: an app with an Origin',
    candidate: { locality: LOCAL, headers: { origin: 'http://localhost' } },
    expect: ask('not-paired'),
  },

  {
    what: 'listed address: a new node',
    candidate: { ...NODE, locality: remoteFrom('10.1.2.3') },
    rules: CIDRS,
    expect: approve('not-paired', 'trusted-cidr', []),
  },
  {
    what: 'listed address: a new node over IPv6',
    candidate: { ...NODE, locality: remoteFrom('fd12::1') },
    rules: CIDRS,
    expect: approve('not-paired', 'trusted-cidr', []),
  },
  {
    what: 'listed address: a new node behind a proxy on another machine',
    candidate: { ...NODE, locality: { ...PROXIED, clientAddress: '10.1.2.3' } },
    rules: CIDRS,
    expect: approve('not-paired', 'trusted-cidr', []),
  },
  {
    what: 'listed address: behind a proxy on this machine',
    candidate: { ...NODE, locality: { ...PROXIED, clientAddress: '10.1.2.3', proxyAddress: '127.0.0.1' } },
    rules: CIDRS,
    expect: ask('not-paired'),
  },
  {
    what: 'listed address: this machine under another name',
    candidate: { ...NODE, locality: remoteFrom('127.0.0.1') },
    rules: CIDRS,
    expect: ask('not-paired'),
  },
  {
    what: 'listed address: an operator',
    candidate: { locality: remoteFrom('10.1.2.3') },
    rules: CIDRS,
    expect: ask('not-paired'),
  },
  {
    what: 'listed address: a node that wants scopes',
    candidate: { ...NODE, scopes: READ, locality: remoteFrom('10.1.2.3') },
    rules: CIDRS,
    expect: ask('not-paired'),
  },
  {
    what: 'listed address: a node with an Origin',
    candidate: { ...NODE, locality: remoteFrom('10.1.2.3'), headers: { origin: 'https://a.example' } },
    rules: CIDRS,
    expect: ask('not-paired'),
  },
  {
    what: 'listed address: a known device',
    record: PAIRED,
    candidate: { ...NODE, client: MAC, locality: remoteFrom('10.1.2.3') },
    rules: CIDRS,
    expect: ask('role-upgrade'),
  },
  {
    what: 'an address that is not listed',
    candidate: { ...NODE, locality: remoteFrom('10.2.0.1') },
    rules: CIDRS,
    expect: ask('not-paired'),
  },
  { what: 'no list', candidate: { ...NODE, locality: remoteFrom('10.1.2.3') }, expect: ask('not-paired') },

  {
    what: 'proxy user: a new page gets what it asks within the list',
    candidate: { ...BY_PROXY, scopes: ['operator.read', 'operator.admin'] },
    rules: PROXY_RULES,
    expect: approve('not-paired', 'trusted-proxy', READ),
  },
  {
    what: 'proxy user: nothing of what it asks is in the list',
    candidate: { ...BY_PROXY, scopes: ['operator.admin'] },
    rules: PROXY_RULES,
    expect: ask('not-paired'),
  },
  { what: 'proxy user: rule off', candidate: BY_PROXY, expect: ask('not-paired') },
  {
    what: 'proxy user: not by the proxy identity',
    candidate: { ...BY_PROXY, method: 'password' },
    rules: PROXY_RULES,
    expect: ask('not-paired'),
  },
  {
    what: 'proxy user: a native app',
    candidate: { ...BY_PROXY, client: MAC },
    rules: PROXY_RULES,
    expect: approve('not-paired', 'trusted-proxy', READ),
  },
  {
    what: 'proxy user: a command line',
    candidate: { ...BY_PROXY, client: { ...MAC, id: 'cli', mode: 'cli' } },
    rules: PROXY_RULES,
    expect: ask('not-paired'),
  },
  {
    what: 'proxy user: a node',
    candidate: { ...BY_PROXY, ...NODE },
    rules: PROXY_RULES,
    expect: ask('not-paired'),
  },
  {
    what: 'proxy user: a known device that asks beyond the list keeps to what it has, without another approval',
    record: PAIRED,
    candidate: { ...BY_PROXY, client: MAC, scopes: ['operator.write', 'operator.admin'] },
    rules: PROXY_RULES,
    expect: { kind: 'paired', scopes: ['operator.write'] },
  },
  {
    what: 'proxy user: a known device gains what the list has',
    record: pairedAs({ approvedScopes: READ }),
    candidate: { ...BY_PROXY, client: MAC, scopes: ['operator.write'] },
    rules: PROXY_RULES,
    expect: approve('scope-upgrade', 'trusted-proxy', ['operator.write']),
  },
  {
    what: 'proxy user: a revoked device waits for a person',
    record: pairedAs({ tokens: {} }),
    candidate: { ...BY_PROXY, client: MAC },
    rules: PROXY_RULES,
    expect: ask('role-upgrade'),
  },

  {
    what: "the gateway's own back end needs no approval",
    candidate: { isOwnerProcess: true, client: { ...MAC, id: 'gateway-client', mode: 'backend' } },
    expect: { kind: 'exempt' },
  },
  {
    what: "the owner's command line pairs like others",
    candidate: { isOwnerProcess: true, locality: LOCAL, client: { ...MAC, id: 'cli', mode: 'cli' } },
    expect: approve('not-paired', 'silent', READ),
  },
  {
    what: 'a page of a gateway without authentication asks when it comes from elsewhere',
    candidate: { method: 'none', client: CONTROL_UI, locality: PROXIED },
    expect: ask('not-paired'),
  },
  {
    what: 'other programs of a gateway without authentication are paired',
    candidate: { method: 'none', locality: LOCAL },
    expect: approve('not-paired', 'silent', READ),
  },
]

describe('a connect is judged', () => {
  for (const { what, record, candidate, rules, expect } of cases) {
    test(what, () => {
      const compiled = compilePairingRules({ ...STRICT_RULES, ...rules })
      assert.deepEqual(judgePairing(record, candidateOf(candidate), compiled), expect)
    })
  }

  test('entries that are no addresses match nobody', () => {
    assert.deepEqual(compilePairingRules({ ...STRICT_RULES, autoApproveCidrs: ['everywhere', ''] }).cidrs, [])
  })
})
