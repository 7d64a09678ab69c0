// The browser policy as two hand-written tables, origins and hosts, and the laws behind them as properties.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isLoopbackHost } from '../../src/listener/host-header.ts'
import {
  decideHost,
  decideOrigin,
  type HostDecision,
  type HostPolicy,
  isOriginEntry,
  type OriginDecision,
  type OriginInput,
} from '../../src/listener/origin.ts'

const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const PROPERTY = { seed: SEED, numRuns: 2_000 }
console.log(`fast-check seed ${SEED}`)

const render = (decision: OriginDecision | HostDecision): string => (decision.ok ? decision.by : decision.reason)

type OriginRow = readonly [
  origin: string | undefined,
  host: string | undefined,
  more: Partial<OriginInput>,
  expected: string,
]

const LOCAL = { isLocal: true }
const UI = { clientId: 'openclaw-control-ui' }
const listed = (...allowedOrigins: string[]): Partial<OriginInput> => ({ allowedOrigins })

const ORIGIN_CASES: Readonly<Record<string, readonly OriginRow[]>> = {
  'a request without an Origin passes unless the client says it is the Control UI': [
    [undefined, 'gw.example.com', {}, 'no-origin'],
    [undefined, undefined, {}, 'no-origin'],
    [undefined, 'localhost', { ...LOCAL, clientId: 'cli' }, 'no-origin'],
    [undefined, 'localhost', { clientId: 'gateway-client' }, 'no-origin'],
    [undefined, 'localhost', { clientId: 'openclaw-tui' }, 'no-origin'],
    [undefined, 'localhost', { clientId: 'openclaw-ios' }, 'no-origin'],
    [undefined, 'localhost', { ...LOCAL, ...UI }, 'origin missing or invalid'],
    [undefined, 'gw.example.com', { ...UI, ...listed('*') }, 'origin missing or invalid'],
  ],
  "the host's own origin passes": [
    ['http://gw.example.com', 'gw.example.com', {}, 'same-origin'],
    ['https://gw.example.com', 'gw.example.com', UI, 'same-origin'],
    ['HTTPS://GW.Example.com', 'gw.EXAMPLE.com', {}, 'same-origin'],
    ['https://gw.example.com', 'gw.example.com.', {}, 'same-origin'],
    ['https://gw.example.com', 'gw.example.com:443', {}, 'same-origin'],
    ['https://gw.example.com:443', 'gw.example.com', {}, 'same-origin'],
    ['http://gw.example.com', 'gw.example.com:80', {}, 'same-origin'],
    ['http://192.168.1.10:18789', '192.168.1.10:18789', {}, 'same-origin'],
    ['http://[2001:db8::7]:18789', '[2001:DB8:0::7]:18789', {}, 'same-origin'],
    ['http://localhost:18789', 'localhost:18789', {}, 'same-origin'],
    ['https://gw.example.com', 'gw.example.com', { scheme: 'https' }, 'same-origin'],
    ['http://localhost:18789', 'localhost:18789', { scheme: 'http' }, 'same-origin'],
  ],
  'another host, port or scheme is not the own origin': [
    ['http://evil.com', 'gw.example.com', {}, 'origin not allowed'],
    ['http://evil.com', 'gw.example.com', UI, 'origin not allowed'],
    ['http://gw.example.com', undefined, {}, 'origin not allowed'],
    ['http://gw.example.com', '', {}, 'origin not allowed'],
    ['http://gw.example.com.evil.com', 'gw.example.com', {}, 'origin not allowed'],
    ['http://sub.gw.example.com', 'gw.example.com', {}, 'origin not allowed'],
    ['http://gw.example.com:18789', 'gw.example.com', {}, 'origin not allowed'],
    ['http://gw.example.com', 'gw.example.com:18789', {}, 'origin not allowed'],
    ['https://gw.example.com', 'gw.example.com:80', {}, 'origin not allowed'],
    ['http://gw.example.com', 'gw.example.com:443', {}, 'origin not allowed'],
    ['http://gw.example.com', 'gw.example.com', { scheme: 'https' }, 'origin not allowed'],
    ['https://gw.example.com', 'gw.example.com', { scheme: 'http' }, 'origin not allowed'],
    ['tauri://gw.example.com', 'gw.example.com', {}, 'origin not allowed'],
    ['chrome-extension://abcdefghijklmnop', 'abcdefghijklmnop', {}, 'origin not allowed'],
    ['http://0.0.0.0:18789', '127.0.0.1:18789', LOCAL, 'origin not allowed'],
    ['http://2130706433:18789', '127.0.0.1:18789', LOCAL, 'origin not allowed'],
  ],
  'a page of this machine, on any port, passes for a local caller only': [
    ['http://localhost:5173', 'localhost:18789', LOCAL, 'loopback'],
    ['http://localhost:5173', '127.0.0.1:18789', LOCAL, 'loopback'],
    ['http://127.0.0.1:5173', 'localhost:18789', { ...LOCAL, ...UI }, 'loopback'],
    ['https://[::1]:5173', '127.0.0.1:18789', LOCAL, 'loopback'],
    ['http://127.9.9.9', '[::1]:18789', LOCAL, 'loopback'],
    ['http://localhost', 'localhost:18789', LOCAL, 'loopback'],
    ['http://localhost:5173', 'localhost:18789', {}, 'origin not allowed'],
    ['http://localhost:5173', 'gw.example.com', LOCAL, 'origin not allowed'],
    ['http://localhost:5173', undefined, LOCAL, 'origin not allowed'],
    ['http://app.localhost:5173', 'localhost:18789', LOCAL, 'origin not allowed'],
    ['http://localhost.evil.com', 'localhost:18789', LOCAL, 'origin not allowed'],
    ['http://evil.com', 'localhost:18789', LOCAL, 'origin not allowed'],
    ['tauri://localhost', 'localhost:18789', LOCAL, 'origin not allowed'],
  ],
  'a listed origin passes, compared as a whole': [
    ['https://ui.example.com', 'gw.example.com', listed('https://ui.example.com'), 'listed'],
    ['https://ui.example.com', 'gw.example.com', listed('https://UI.example.com:443/'), 'listed'],
    ['https://ui.example.com:8443', 'gw', listed('https://x.com', 'https://ui.example.com:8443'), 'listed'],
    ['chrome-extension://abcdefghijklmnop', 'gw', listed('chrome-extension://abcdefghijklmnop'), 'listed'],
    ['capacitor://localhost', 'gw', listed('capacitor://localhost'), 'listed'],
    ['http://ui.example.com', 'gw', listed('https://ui.example.com'), 'origin not allowed'],
    ['https://ui.example.com:8443', 'gw', listed('https://ui.example.com'), 'origin not allowed'],
    ['https://a.ui.example.com', 'gw', listed('https://ui.example.com'), 'origin not allowed'],
    ['https://ui.example.com', 'gw', listed('ui.example.com'), 'origin not allowed'],
    ['https://ui.example.com', 'gw', listed('https://*.example.com'), 'origin not allowed'],
    ['https://ui.example.com', 'gw', listed(''), 'origin not allowed'],
    ['https://evil.com', 'gw', listed('*'), 'any'],
    ['https://evil.com', 'gw', listed('https://ui.example.com', '*'), 'any'],
    ['https://ui.example.com', 'gw', listed('*', 'https://ui.example.com'), 'listed'],
  ],
  'what is not one origin is refused, listed or not': [
    ['null', 'gw', {}, 'origin missing or invalid'],
    ['null', 'gw', listed('*'), 'origin missing or invalid'],
    ['null', 'gw', listed('null'), 'origin missing or invalid'],
    ['null', 'localhost', LOCAL, 'origin missing or invalid'],
    ['', 'gw', listed('*', ''), 'origin missing or invalid'],
    ['gw', 'gw', listed('*', 'gw'), 'origin missing or invalid'],
    ['file://', 'gw', listed('*', 'file://'), 'origin missing or invalid'],
    ['http://gw/', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://gw/path', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://user@gw', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://gw?x', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://gw http://evil.com', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://gw, http://evil.com', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://gw:99999', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://g\u00f6.example', 'gw', listed('*'), 'origin missing or invalid'],
    ['http://gw\n', 'gw', listed('*'), 'origin missing or invalid'],
    [`http://${'a'.repeat(400)}`, 'gw', listed('*'), 'origin missing or invalid'],
  ],
}

describe('the origin policy', () => {
  for (const [behaviour, rows] of Object.entries(ORIGIN_CASES)) {
    describe(behaviour, () => {
      for (const [origin, host, more, expected] of rows) {
        const shown = JSON.stringify(more)
        test(`${JSON.stringify(origin)?.slice(0, 50)} at ${host} with ${shown} is ${expected}`, () => {
          assert.equal(render(decideOrigin({ origin, host, isLocal: false, allowedOrigins: [], ...more })), expected)
        })
      }
    })
  }

  test('keeps at least 40 cases', () => assert.ok(Object.values(ORIGIN_CASES).flat().length >= 40))

  test('refuses with the wire code, a reason, a sentence, a next step and no retry, repeating nothing it was sent', () => {
    const decision = decideOrigin({ origin: 'http://evil.com', host: 'gw', isLocal: false, allowedOrigins: [] })
    assert.ok(!decision.ok)
    const { message, nextStep, ...rest } = decision
    assert.deepEqual(rest, {
      ok: false,
      code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED',
      reason: 'origin not allowed',
      retryable: false,
    })
    assert.doesNotMatch(message + nextStep, /evil/)
    assert.match(nextStep, /gateway\.controlUi\.allowedOrigins/)
  })

  test('tells the configuration which entries can match', () => {
    for (const entry of ['*', 'https://a.b', 'http://localhost:5173/', 'tauri://localhost', 'http://[::1]:1']) {
      assert.equal(isOriginEntry(entry), true, entry)
    }
    for (const entry of ['', 'null', 'a.b', 'https://', 'https://*.a.b', 'https://a.b/x', 'https://a.b//', '**']) {
      assert.equal(isOriginEntry(entry), false, entry)
    }
  })
})

type HostRow = readonly [host: string | undefined, more: Partial<HostPolicy>, expected: string]

const FROM_LOOPBACK = { isLoopbackPeer: true, hasOrigin: true }

const HOST_CASES: Readonly<Record<string, readonly HostRow[]>> = {
  'a browser on this machine passes under a loopback Host': [
    ['localhost:18789', FROM_LOOPBACK, 'loopback-host'],
    ['127.0.0.1:18789', FROM_LOOPBACK, 'loopback-host'],
    ['[::1]:18789', FROM_LOOPBACK, 'loopback-host'],
    ['LOCALHOST.', FROM_LOOPBACK, 'loopback-host'],
  ],
  'a browser on this machine is refused under a foreign Host: its page may be rebound': [
    ['evil.com:18789', FROM_LOOPBACK, 'host not allowed'],
    ['evil.com', FROM_LOOPBACK, 'host not allowed'],
    ['localhost.evil.com', FROM_LOOPBACK, 'host not allowed'],
    ['app.localhost', FROM_LOOPBACK, 'host not allowed'],
    ['192.168.1.10:18789', FROM_LOOPBACK, 'host not allowed'],
    ['2130706433', FROM_LOOPBACK, 'host not allowed'],
    [undefined, FROM_LOOPBACK, 'host not allowed'],
    ['', FROM_LOOPBACK, 'host not allowed'],
    ['localhost, evil.com', FROM_LOOPBACK, 'host not allowed'],
  ],
  'a Host the gateway is bound to passes, a wildcard address names none': [
    ['192.168.1.10:18789', { ...FROM_LOOPBACK, bindHosts: ['192.168.1.10'] }, 'bind-host'],
    ['[fd00::5]:18789', { ...FROM_LOOPBACK, bindHosts: ['fd00:0::5'] }, 'bind-host'],
    ['mybox.lan:18789', { ...FROM_LOOPBACK, bindHosts: ['mybox.lan'] }, 'bind-host'],
    ['0.0.0.0:18789', { ...FROM_LOOPBACK, bindHosts: ['0.0.0.0'] }, 'host not allowed'],
    ['[::]:18789', { ...FROM_LOOPBACK, bindHosts: ['::'] }, 'host not allowed'],
    ['evil.com', { ...FROM_LOOPBACK, bindHosts: ['0.0.0.0', '::'] }, 'host not allowed'],
  ],
  'an allowed host passes, with its port when one is written': [
    ['gw.example.com', { ...FROM_LOOPBACK, allowedHosts: ['gw.example.com'] }, 'allowed-host'],
    ['GW.example.com.:8443', { ...FROM_LOOPBACK, allowedHosts: ['gw.example.com'] }, 'allowed-host'],
    ['gw.example.com:8443', { ...FROM_LOOPBACK, allowedHosts: ['gw.example.com:8443'] }, 'allowed-host'],
    ['gw.example.com:9', { ...FROM_LOOPBACK, allowedHosts: ['gw.example.com:8443'] }, 'host not allowed'],
    ['gw.example.com', { ...FROM_LOOPBACK, allowedHosts: ['gw.example.com:8443'] }, 'host not allowed'],
    ['[fd00::5]:9', { ...FROM_LOOPBACK, allowedHosts: ['[fd00::5]:9'] }, 'allowed-host'],
    ['a.gw.example.com', { ...FROM_LOOPBACK, allowedHosts: ['gw.example.com'] }, 'host not allowed'],
    ['evil.com', { ...FROM_LOOPBACK, allowedHosts: ['*', '', '*.com'] }, 'host not allowed'],
  ],
  'a request without an Origin, or from a peer elsewhere, is left to locality and the origin policy': [
    ['evil.com', { isLoopbackPeer: true, hasOrigin: false }, 'no-origin'],
    [undefined, { isLoopbackPeer: true, hasOrigin: false }, 'no-origin'],
    ['gw.example.com', { isLoopbackPeer: false, hasOrigin: true }, 'remote-peer'],
    [undefined, { isLoopbackPeer: false, hasOrigin: true }, 'remote-peer'],
    ['gw.example.com', { isLoopbackPeer: false, hasOrigin: false }, 'no-origin'],
  ],
}

describe('the host policy', () => {
  for (const [behaviour, rows] of Object.entries(HOST_CASES)) {
    describe(behaviour, () => {
      for (const [host, more, expected] of rows) {
        test(`${JSON.stringify(host)} with ${JSON.stringify(more)} is ${expected}`, () => {
          const policy = { bindHosts: [], allowedHosts: [], isLoopbackPeer: false, hasOrigin: false, ...more }
          assert.equal(render(decideHost(host, policy)), expected)
        })
      }
    })
  }

  test('stops the rebound page that the origin policy alone takes for our own', () => {
    const [origin, host] = ['http://evil.com:18789', 'evil.com:18789']
    assert.equal(render(decideOrigin({ origin, host, isLocal: false, allowedOrigins: [] })), 'same-origin')
    const refusal = decideHost(host, { ...FROM_LOOPBACK, bindHosts: ['127.0.0.1'], allowedHosts: [] })
    assert.ok(!refusal.ok)
    assert.equal(refusal.code, 'CONTROL_UI_ORIGIN_NOT_ALLOWED')
    assert.doesNotMatch(refusal.message, /evil/)
  })
})

const hosts = fc.oneof(
  fc.constantFrom('localhost', '127.0.0.1:1', '[::1]', 'evil.com', 'gw.example.com:8443', '', 'null', '*', '0.0.0.0'),
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.string({ unit: 'binary', maxLength: 60 }),
)
const origins = fc.oneof(
  fc.tuple(fc.constantFrom('http://', 'https://', 'tauri://', ''), hosts).map(([scheme, host]) => scheme + host),
  fc.webUrl(),
)

describe('for every input', () => {
  test('deciding never throws, and a foreign page is never let in without being listed', () => {
    fc.assert(
      fc.property(origins, fc.option(hosts, { nil: undefined }), fc.boolean(), (origin, host, isLocal) => {
        const decision = decideOrigin({ origin, host, isLocal, allowedOrigins: ['https://ui.example.com'] })
        if (!decision.ok) return
        assert.match(decision.by, /^(same-origin|loopback|listed)$/)
        const page = new URL(origin)
        if (decision.by === 'loopback') assert.ok(isLocal && isLoopbackHost(page.host) && isLoopbackHost(host))
        // The URL parser is the independent judge of what the two texts name.
        const own = (text: string | undefined) => new URL(`${page.protocol}//${text}`).host.replace(/\.(?=:|$)/, '')
        if (decision.by === 'same-origin') assert.equal(own(page.host), own(host))
      }),
      PROPERTY,
    )
  })

  test("a well-formed host's own web origin always passes", () => {
    const wellFormed = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('localhost', '[::1]', '[2001:db8::7]'))
    fc.assert(
      fc.property(wellFormed, fc.integer({ min: 1, max: 65_535 }), fc.boolean(), (name, port, isTls) => {
        const page = new URL(`${isTls ? 'https' : 'http'}://${name}:${port}`)
        const decision = decideOrigin({ origin: page.origin, host: page.host, isLocal: false, allowedOrigins: [] })
        assert.equal(render(decision), 'same-origin')
      }),
      PROPERTY,
    )
  })

  test('a browser on this machine passes only under a loopback Host or a listed one', () => {
    const policy = { ...FROM_LOOPBACK, bindHosts: ['0.0.0.0'], allowedHosts: ['gw.example.com'] }
    fc.assert(
      fc.property(hosts, (host) => {
        const decision = decideHost(host, policy)
        if (decision.ok) assert.ok(isLoopbackHost(host) || /^gw\.example\.com\.?(:\d+)?$/i.test(host))
      }),
      PROPERTY,
    )
  })
})
