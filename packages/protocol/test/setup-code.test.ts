import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  decodeSetupCode,
  encodeSetupCode,
  normaliseGatewayUrl,
  type SetupCodePayload,
  setupCodeLink,
} from '../src/setup-code.ts'

const NOW_MS = 1_795_186_000_000
const PAYLOAD: SetupCodePayload = {
  url: 'wss://gw.example.com',
  bootstrapToken: 'B1P0Qg-xXjMODFS9yfpwutEBdGQYutJHbqHhsJbjflw',
  expiresAtMs: NOW_MS + 49_939,
}

const encodeMembers = (members: unknown): string => Buffer.from(JSON.stringify(members)).toString('base64url')
const problemOf = (text: string): string => {
  const decoded = decodeSetupCode(text, NOW_MS)
  return decoded.ok ? 'none' : decoded.problem
}

describe('a setup code', () => {
  test('is base64url without padding of the payload in the wire order', () => {
    assert.equal(
      encodeSetupCode({ ...PAYLOAD, expiresAtMs: 1_795_190_902_058 }),
      'eyJ1cmwiOiJ3c3M6Ly9ndy5leGFtcGxlLmNvbSIsImJvb3RzdHJhcFRva2VuIjoiQjFQMFFnLXhYak1PREZTOXlmcHd1dEVCZEdRWXV0SkhicUhoc0piamZsdyIsImV4cGlyZXNBdE1zIjoxNzk1MTkwOTAyMDU4fQ',
    )
  })

  test('comes back from its text and from a link in any case, padded with spaces', () => {
    const code = encodeSetupCode(PAYLOAD)
    for (const text of [code, ` ${code}\n`, setupCodeLink(code), `OC-Pair://${code}`, `${setupCodeLink(code)}/`]) {
      assert.deepEqual(decodeSetupCode(text, NOW_MS), { ok: true, payload: PAYLOAD })
    }
  })

  test('of an older gateway names only address and token', () => {
    const { url, bootstrapToken } = PAYLOAD
    assert.deepEqual(decodeSetupCode(encodeMembers({ url, bootstrapToken }), NOW_MS), {
      ok: true,
      payload: { url, bootstrapToken },
    })
  })

  test('may carry members we do not know', () => {
    assert.deepEqual(decodeSetupCode(encodeMembers({ ...PAYLOAD, flavour: 'new' }), NOW_MS), {
      ok: true,
      payload: PAYLOAD,
    })
  })

  test('carries a fingerprint in one spelling', () => {
    const pairs = Array.from({ length: 32 }, () => 'AB').join(':')
    const decoded = decodeSetupCode(encodeMembers({ ...PAYLOAD, tlsFingerprint: `SHA256:${pairs}` }), NOW_MS)
    assert.equal(decoded.ok && decoded.payload.tlsFingerprint, 'ab'.repeat(32))
  })

  test('is refused with the reason when it is spoilt', () => {
    const cases: readonly (readonly [text: string, problem: string])[] = [
      ['', 'empty'],
      ['oc-pair://', 'empty'],
      ['x'.repeat(2_049), 'too-long'],
      [`${encodeSetupCode(PAYLOAD)}=`, 'not-a-code'],
      ['not a code', 'not-a-code'],
      ['bm90IGpzb24', 'not-a-code'],
      [encodeMembers([PAYLOAD]), 'not-a-code'],
      [encodeMembers({ ...PAYLOAD, expiresAtMs: 'soon' }), 'not-a-code'],
      [encodeMembers({ ...PAYLOAD, expiresAtMs: 1.5 }), 'not-a-code'],
      [encodeMembers({ ...PAYLOAD, expiresAtMs: NOW_MS }), 'expired'],
      [encodeMembers({ ...PAYLOAD, bootstrapToken: ' ' }), 'bad-token'],
      [encodeMembers({ ...PAYLOAD, bootstrapToken: 'x'.repeat(513) }), 'bad-token'],
      [encodeMembers({ ...PAYLOAD, tlsFingerprint: 'abc' }), 'bad-fingerprint'],
      [encodeMembers({ ...PAYLOAD, urls: [] }), 'bad-url'],
      [encodeMembers({ ...PAYLOAD, urls: Array.from({ length: 9 }, () => PAYLOAD.url) }), 'bad-url'],
      ...[
        'wss://gw.example.com/',
        'https://gw.example.com',
        'wss://me@gw.example.com',
        'wss://GW.example.com',
        'ftp://x',
        7,
      ].map((url) => [encodeMembers({ ...PAYLOAD, url }), 'bad-url'] as const),
    ]
    for (const [text, problem] of cases) assert.equal(problemOf(text), problem, text.slice(0, 80))
  })

  test('never throws, whatever is pasted', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (text) => {
          assert.equal(typeof decodeSetupCode(text, NOW_MS).ok, 'boolean')
        },
      ),
    )
  })
})

describe('a gateway address', () => {
  test('has one spelling', () => {
    const spellings: readonly (readonly [text: string, normal: string | undefined])[] = [
      ['https://gw.example.com/', 'wss://gw.example.com'],
      ['HTTP://10.0.0.5:18789', 'ws://10.0.0.5:18789'],
      ['wss://gw.example.com:443/a/', 'wss://gw.example.com/a'],
      ['ws://[FD00::1]:18789', 'ws://[fd00::1]:18789'],
      ['gw.example.com', undefined],
      ['wss://gw.example.com/?a=1', undefined],
      ['wss://gw.example.com/#a', undefined],
      ['wss://user:pass@gw.example.com', undefined],
      ['javascript:alert(1)', undefined],
    ]
    for (const [text, normal] of spellings) assert.equal(normaliseGatewayUrl(text), normal, text)
  })
})
