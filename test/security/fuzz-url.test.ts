// Any text as a gateway URL or certificate pin: refused by name, or an endpoint to which credentials may safely be sent.
// The oracle reads addresses with Node's own block lists, the parser under test with another library.

import assert from 'node:assert/strict'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { test } from 'node:test'
import { ClientError, type GatewayEndpoint, parseEndpoint, parseTlsPin, redactUrl } from '@breakwater/client'
import { fuzz } from './fuzz/fuzz.ts'
import { mutateText, ODD_TEXTS, randomText } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'

const URLS: readonly string[] = [
  'ws://127.0.0.1:18789',
  'ws://localhost:18789/',
  'ws://localhost.:1/path?token=QUERYSECRET#FRAGMENTSECRET',
  'wss://gateway.example:443/a/b?x=1',
  'wss://someone:URLSECRET@gateway.example',
  'ws://someone:URLSECRET@127.0.0.1',
  'ws://someone@10.0.0.1',
  'http://192.168.1.5:8080',
  'https://[2001:db8::1]:9/',
  'ws://[::1]:18789',
  'ws://[::ffff:127.0.0.1]',
  'ws://[fe80::1]:1',
  'ws://[fd00::1]',
  'ws://[fec0::9]',
  'ws://[64:ff9b::7f00:1]',
  'ws://100.64.0.1',
  'ws://169.254.1.1',
  'ws://8.8.8.8',
  'ws://printer.local',
  'ws://host.tail.ts.net',
  'ws://evil.ts.net.example',
  'ws://gateway.example',
  'ws://2130706433',
  'ws://0x7f.1',
  'ws://0177.0.0.1',
  'ws://127.1',
  'ws://0.0.0.0',
  'ws://ⓛocalhost',
  'ws://127。0。0。1',
  'unix:/run/gateway.sock',
  'unix:///run/gateway.sock',
  'unix:relative',
  'ftp://127.0.0.1',
  'javascript:alert(1)',
  '127.0.0.1:18789',
]

const PRIVATE = new BlockList()
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['::1', 128],
  ['fe80::', 10],
  ['fc00::', 7],
  ['fec0::', 10],
] as const) {
  PRIVATE.addSubnet(network, bits, isIPv4(network) ? 'ipv4' : 'ipv6')
}

interface Typed {
  readonly text: string
  readonly allowInsecurePrivateWs: boolean
}

function makeTyped(random: Random): Typed {
  const allowInsecurePrivateWs = random.chance(0.3)
  const text = random.pick(URLS)
  if (random.chance(0.05)) return { text: randomText(random), allowInsecurePrivateWs }
  return { text: random.chance(0.1) ? text : mutateText(random, text, [...URLS, ...ODD_TEXTS]), allowInsecurePrivateWs }
}

test('no spelling of a URL leads in clear text to a host that is neither this machine nor private', async (t) => {
  await fuzz(t, {
    outcomes: ['plain', 'secure', 'unix', 'INVALID_URL', 'INSECURE_URL'],
    mustOccur: ['plain', 'secure', 'unix', 'INVALID_URL', 'INSECURE_URL'],
    make: makeTyped,
    judge: ({ text, allowInsecurePrivateWs }) => {
      let endpoint: GatewayEndpoint
      try {
        endpoint = parseEndpoint(text, { allowInsecurePrivateWs })
      } catch (error) {
        assert.ok(error instanceof ClientError, String(error))
        assertFitForLogs(error.message, text)
        return error.code
      }
      assertFitForLogs(endpoint.label, text)
      if (endpoint.kind === 'unix') {
        assert.ok(endpoint.path?.startsWith('/') && !endpoint.path.includes('\0') && endpoint.isLoopback)
        return 'unix'
      }
      const url = new URL(endpoint.url)
      assert.equal(url.protocol, endpoint.secure ? 'wss:' : 'ws:')
      assert.equal(url.hash, '')
      assert.equal(endpoint.isLoopback, isLoopback(url.hostname))
      if (endpoint.secure) return 'secure'
      assert.ok(isPrivate(url.hostname, allowInsecurePrivateWs), `plain text to ${url.hostname}`)
      assert.ok(url.username === '' || endpoint.isLoopback, 'a user name in clear text')
      return 'plain'
    },
  })
})

test('a certificate pin is 64 hex digits or it is refused, however it is written', async (t) => {
  const digest = '0123456789abcdefABCDEF9876543210'.repeat(2)
  const pins = [digest, `sha256:${digest}`, digest.match(/../g)?.join(':') ?? '', `SHA256:${digest}`, ` ${digest}\n`]
  await fuzz(t, {
    outcomes: ['pin', 'INVALID_OPTIONS'],
    mustOccur: ['pin', 'INVALID_OPTIONS'],
    make: (random) => (random.chance(0.2) ? random.pick(pins) : mutateText(random, random.pick(pins), pins)),
    judge: (text) => {
      try {
        const pin = parseTlsPin(text)
        assert.match(pin, /^[0-9a-f]{64}$/)
        assert.ok(text.toLowerCase().replaceAll(':', '').includes(pin), 'a pin that was not written')
        return 'pin'
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        return error.code
      }
    },
  })
})

test('whatever text is shown in a log as a URL holds no password, query or fragment', async (t) => {
  await fuzz(t, {
    outcomes: ['shown', 'hidden'],
    mustOccur: ['shown', 'hidden'],
    make: makeTyped,
    judge: ({ text }) => {
      const shown = redactUrl(text)
      if (shown === '<not a URL>') return 'hidden'
      assertFitForLogs(shown, text)
      return 'shown'
    },
  })
})

/** A secret that mutation copied to where no secret stands is not counted: nobody can tell. */
function assertFitForLogs(shown: string, text: string): void {
  assert.ok(!/\p{Cc}/u.test(shown), 'a control character')
  const url = URL.parse(text.trim())
  if (url === null || url.protocol === 'unix:') return
  for (const hidden of [url.password, url.search.slice(1), url.hash.slice(1)]) {
    const isElsewhere = text.split(hidden).length > 2
    if (hidden.includes('SECRET') && !isElsewhere) assert.ok(!shown.includes(hidden), shown)
  }
}

/** As a URL gives it: lower case, IPv6 in brackets; mapped IPv4 taken as IPv4. */
function addressOf(hostname: string): string {
  const bare = hostname.replace(/^\[|\]$/g, '')
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare)
  if (mapped === null) return isIP(bare) === 0 ? '' : bare
  const number = (Number.parseInt(mapped[1] ?? '', 16) << 16) | Number.parseInt(mapped[2] ?? '', 16)
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.')
}

function isLoopback(hostname: string): boolean {
  const address = addressOf(hostname)
  return hostname === 'localhost' || hostname === 'localhost.' || address === '::1' || /^127\./.test(address)
}

function isPrivate(hostname: string, allowNames: boolean): boolean {
  const address = addressOf(hostname)
  if (address !== '') return PRIVATE.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  return isLoopback(hostname) || /.\.(local|ts\.net)\.?$/.test(hostname) || allowNames
}
