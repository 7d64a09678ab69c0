import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ClientError } from '../src/errors.ts'
import { classifyHost, parseEndpoint, redactUrl } from '../src/url.ts'

const codeOf = (input: string, rules = {}): string => {
  try {
    parseEndpoint(input, rules)
    return 'ok'
  } catch (error) {
    assert.ok(ClientError.is(error))
    return error.code
  }
}

const PLAIN_ALLOWED = [
  'ws://127.0.0.1:18789',
  'ws://127.9.9.9',
  'ws://localhost:18789',
  'ws://LOCALHOST.',
  'ws://[::1]:18789',
  'ws://[::ffff:127.0.0.1]',
  'ws://0x7f000001',
  'ws://2130706433',
  'ws://127.1',
  'ws://10.0.0.1',
  'ws://172.16.0.1',
  'ws://172.31.255.255',
  'ws://192.168.1.20',
  'ws://169.254.1.1',
  'ws://100.64.0.1',
  'ws://100.127.255.255',
  'ws://[::ffff:192.168.1.1]',
  'ws://[fe80::1]',
  'ws://[febf::1]',
  'ws://[fc00::1]',
  'ws://[fdff::1]',
  'ws://[fec0::1]',
  'ws://[feff::1]',
  'ws://kitchen.local',
  'ws://kitchen.local.',
  'ws://Box.Tail1234.ts.net',
  'http://127.0.0.1:18789/base',
]

const PLAIN_REFUSED = [
  'ws://example.com',
  'http://example.com',
  'ws://8.8.8.8',
  'ws://0.0.0.0',
  'ws://[::]',
  'ws://172.15.255.255',
  'ws://172.32.0.0',
  'ws://100.63.255.255',
  'ws://100.128.0.0',
  'ws://192.169.0.1',
  'ws://11.0.0.1',
  'ws://[2001:db8::1]',
  'ws://[2606:4700::1]',
  'ws://[::ffff:8.8.8.8]',
  'ws://[ff02::1]',
  'ws://[64:ff9b::a00:1]',
  'ws://255.255.255.255',
  'ws://224.0.0.1',
  'ws://127.0.0.1.example.com',
  'ws://127.0.0.1@example.com',
  'ws://localhost@example.com',
  'ws://localhost.example.com',
  'ws://notlocalhost',
  'ws://app.localhost',
  'ws://gateway',
  'ws://evil.ts.net.example.com',
  'ws://evil-ts.net',
  'ws://ts.net',
  'ws://.local',
  'ws://local',
  'ws://10.0.0.1.nip.io',
]

test('plain ws:// is allowed to this machine, private addresses and private names', () => {
  for (const url of PLAIN_ALLOWED) assert.equal(codeOf(url), 'ok', url)
})

test('plain ws:// to anything else is refused as a security error before any I/O', () => {
  for (const url of PLAIN_REFUSED) assert.match(codeOf(url), /^IN(SECURE|VALID)_URL$/, url)
  const refused = PLAIN_REFUSED.filter((url) => codeOf(url) === 'INSECURE_URL')
  assert.ok(refused.length >= PLAIN_REFUSED.length - 1, 'only a name with an empty label is no URL at all')
})

test('the security error names what to do about it', () => {
  assert.throws(() => parseEndpoint('ws://gateway.example.com:18789'), {
    code: 'INSECURE_URL',
    message:
      'SECURITY ERROR: ws://gateway.example.com:18789: plain ws:// would send credentials in clear text to a host that ' +
      'is neither this machine nor private. Use wss:// (pin a self-signed certificate with its SHA-256 fingerprint), ' +
      'or a tunnel (ssh -N -L 18789:127.0.0.1:18789 <host>, then ws://127.0.0.1:18789), or, if this name only resolves ' +
      'inside a network you trust, set BREAKWATER_ALLOW_INSECURE_PRIVATE_WS=1.',
  })
})

test('break-glass opens plain ws:// to names, never to public address literals', () => {
  const rules = { allowInsecurePrivateWs: true }
  assert.equal(codeOf('ws://gateway.example.com', rules), 'ok')
  for (const url of ['ws://8.8.8.8', 'ws://[2606:4700::1]', 'ws://0.0.0.0', 'ws://134744072']) {
    assert.equal(codeOf(url, rules), 'INSECURE_URL', url)
  }
  assert.throws(
    () => parseEndpoint('ws://8.8.8.8'),
    (error: Error) => !error.message.includes('BREAKWATER_ALLOW_INSECURE_PRIVATE_WS'),
  )
})

test('wss:// goes anywhere', () => {
  for (const url of ['wss://example.com', 'https://8.8.8.8:8443/x?y=1', 'wss://[2606:4700::1]']) {
    assert.equal(codeOf(url), 'ok', url)
  }
})

test('http and https are mapped, the fragment is dropped, path and query are kept', () => {
  assert.equal(parseEndpoint('https://example.com/a/b?q=1#frag').url, 'wss://example.com/a/b?q=1')
  assert.equal(parseEndpoint(' http://127.0.0.1:18789 ').url, 'ws://127.0.0.1:18789/')
  assert.equal(parseEndpoint('wss://example.com').secure, true)
  assert.equal(parseEndpoint('ws://[::1]').isLoopback, true)
  assert.equal(parseEndpoint('ws://192.168.1.1').isLoopback, false)
})

test('credentials inside a URL travel only over TLS or to this machine, and never reach a label', () => {
  assert.equal(codeOf('ws://user:secret@192.168.1.1'), 'INSECURE_URL')
  const endpoint = parseEndpoint('wss://user:secret@example.com:8443/p?token=secret#secret')
  assert.equal(endpoint.label, 'wss://example.com:8443/p')
  assert.equal(endpoint.url, 'wss://user:secret@example.com:8443/p?token=secret')
  assert.equal(codeOf('ws://user:secret@127.0.0.1'), 'ok')
})

test('what is no URL of ours is refused without being repeated', () => {
  for (const url of [
    '',
    'gateway',
    '127.0.0.1:18789',
    'localhost:18789',
    'ftp://127.0.0.1',
    'ws://',
    'ws://a b',
    'ws://[::1',
  ]) {
    assert.throws(() => parseEndpoint(url), { code: 'INVALID_URL' }, url)
  }
  assert.throws(() => parseEndpoint(`ws://127.0.0.1/${'x'.repeat(2_048)}`), { code: 'INVALID_URL' })
})

test('a Unix socket is a local endpoint; its path must be absolute', () => {
  for (const url of ['unix:/run/user/1/gateway.sock', 'unix:///run/user/1/gateway.sock']) {
    const endpoint = parseEndpoint(url)
    assert.deepEqual(
      { kind: endpoint.kind, path: endpoint.path, isLoopback: endpoint.isLoopback, label: endpoint.label },
      { kind: 'unix', path: '/run/user/1/gateway.sock', isLoopback: true, label: 'unix:/run/user/1/gateway.sock' },
    )
  }
  for (const url of ['unix:', 'unix:gateway.sock', 'unix://host', 'unix:/a\0b'])
    assert.equal(codeOf(url), 'INVALID_URL')
})

test('redaction keeps host and path and repeats nothing it cannot parse', () => {
  assert.equal(redactUrl('wss://u:p@h.example:1/x?token=s#f'), 'wss://h.example:1/x')
  assert.equal(redactUrl('token=secret'), '<not a URL>')
})

test('hosts are classified by address range and by the two private suffixes', () => {
  assert.equal(classifyHost('127.0.0.1'), 'loopback')
  assert.equal(classifyHost('[::1]'), 'loopback')
  assert.equal(classifyHost('10.1.2.3'), 'private-address')
  assert.equal(classifyHost('9.9.9.9'), 'public-address')
  assert.equal(classifyHost('x.local'), 'private-name')
  assert.equal(classifyHost('example.com'), 'other-name')
})

test('no public IPv4 literal passes as plain, however it is written', () => {
  const isPublic = ([a = 0, b = 0]: number[]): boolean =>
    !(a === 10 || a === 127 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) &&
    !((a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128))
  const octet = fc.integer({ min: 0, max: 255 })
  fc.assert(
    fc.property(
      fc.tuple(octet, octet, octet, octet),
      fc.constantFrom('dotted', 'number', 'hex', 'mapped'),
      (ip, form) => {
        const number = ip.reduce((sum, part) => sum * 256 + part, 0)
        const host = {
          dotted: ip.join('.'),
          number: String(number),
          hex: `0x${number.toString(16)}`,
          mapped: `[::ffff:${ip.join('.')}]`,
        }[form]
        const code = codeOf(`ws://${host}`, { allowInsecurePrivateWs: true })
        assert.equal(code, isPublic(ip) ? 'INSECURE_URL' : 'ok')
      },
    ),
  )
})
