// The published client package, its browser entry, unmodified, in a real Chromium: served as the modules it ships.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { chromium } from 'playwright-core'

const CHROMIUM = process.env.BREAKWATER_CHROMIUM ?? '/usr/bin/chromium'
const QUIET_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const PACKAGES = fileURLToPath(new URL('../../node_modules/@openclaw/', import.meta.url))

const PAGE = `<!doctype html><meta charset="utf-8"><title>interop</title>
<script type="importmap">{"imports":{
  "@openclaw/gateway-client/browser":"/gateway-client/dist/browser.mjs",
  "@openclaw/gateway-protocol/":"/gateway-protocol/dist/"
}}</script>
<script type="module">
import { GatewayProtocolClient, GatewayBrowserDeviceAuthLifecycle } from '@openclaw/gateway-client/browser'

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

async function makeIdentity() {
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey)
  return {
    deviceId: hex(await crypto.subtle.digest('SHA-256', raw)),
    publicKey: base64url(raw),
    sign: async (payload) => base64url(await crypto.subtle.sign('Ed25519', pair.privateKey, new TextEncoder().encode(payload))),
  }
}

window.connectOnce = async ({ url, auth, device, waitForTick }) => {
  const client = { id: 'openclaw-control-ui', version: 'interop', platform: 'web', mode: 'webchat', buildId: 'dev' }
  const scopes = ['operator.read']
  const identity = device ? await makeIdentity() : null
  const events = []
  return await new Promise((resolve, reject) => {
    const gateway = new GatewayProtocolClient({
      createSocket: (handlers) => {
        const socket = new WebSocket(url)
        socket.onopen = handlers.open
        socket.onmessage = ({ data }) => handlers.message(data)
        socket.onclose = ({ code, reason }) => handlers.close(code, reason)
        socket.onerror = () => handlers.error(new Error('socket error'))
        return { isOpen: () => socket.readyState === 1, send: (data) => socket.send(data), close: (code, reason) => socket.close(code, reason) }
      },
      createRequestId: () => crypto.randomUUID(),
      buildConnectPlan: async ({ nonce, challengeTs }) => {
        if (identity === null) return { auth }
        const signedAt = challengeTs
        const payload = ['v3', identity.deviceId, client.id, client.mode, 'operator', scopes.join(','), signedAt, auth.token ?? '', nonce, client.platform, ''].join('|')
        return { auth, device: { id: identity.deviceId, publicKey: identity.publicKey, signature: await identity.sign(payload), signedAt, nonce } }
      },
      buildConnectParams: (plan) => ({ minProtocol: 4, maxProtocol: 4, client, role: 'operator', scopes, caps: [], ...plan }),
      onHello: async (hello) => {
        try {
          const health = await gateway.request('health', {})
          const startedAt = performance.now()
          while (waitForTick && !events.some(({ event }) => event === 'tick') && performance.now() - startedAt < 35000) await new Promise((wake) => setTimeout(wake, 100))
          gateway.stop()
          resolve({ method: hello.auth.method, scopes: hello.auth.scopes, deviceToken: hello.auth.deviceToken ?? null, presence: hello.snapshot.presence.length, healthOk: health.ok, events: [...new Set(events.map(({ event }) => event))] })
        } catch (error) { reject(error) }
      },
      onConnectFailure: (error) => { reject(new Error(JSON.stringify({ code: error.code, details: error.details }))); return { closeCode: 1008, closeReason: 'refused', stop: true } },
      resolveClose: () => ({ retry: false, notify: true }),
      onEvent: (event) => events.push(event),
      handshake: { mode: 'require-challenge', timeoutMs: 15000 },
      reconnect: { initialMs: 1000, multiplier: 2, maxMs: 30000 },
    })
    gateway.start()
  })
}
window.isReady = true
</script>`

const skip = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}; set BREAKWATER_CHROMIUM`

/** Serves the page and the packages' own files on loopback. */
async function servePage() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (path === '/') return response.setHeader('content-type', 'text/html').end(PAGE)
    const file = path.endsWith('.mjs') ? path : `${path}.mjs`
    try {
      response.setHeader('content-type', 'text/javascript').end(await readFile(`${PACKAGES}${file}`))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void server.close() }
}

interface Outcome {
  readonly method: string
  readonly scopes: readonly string[]
  readonly deviceToken: string | null
  readonly presence: number
  readonly healthOk: boolean
  readonly events: readonly string[]
}

test('the browser entry connects with token, password and a signed device, reads health and hears ticks and presence', {
  skip,
}, async () => {
  await using page = await servePage()
  await using byToken = await startTestGateway()
  await using byPassword = await startTestGateway({ auth: { mode: 'password', password: 'hunter22' } })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...QUIET_FLAGS] })
  try {
    const tab = await browser.newPage()
    await tab.goto(page.origin)
    await tab.waitForFunction('window.isReady === true')
    const connect = (options: object): Promise<Outcome> =>
      tab.evaluate(`window.connectOnce(${JSON.stringify(options)})`)

    const signed = await connect({ url: byToken.url, auth: { token: TEST_TOKEN }, device: true, waitForTick: true })
    assert.equal(signed.method, 'token')
    assert.deepEqual(signed.scopes, ['operator.read'])
    assert.match(signed.deviceToken ?? '', /^[A-Za-z0-9_-]{43}$/)
    assert.equal(signed.healthOk, true)
    assert.ok(signed.presence >= 1)
    assert.ok(signed.events.includes('tick') && signed.events.includes('presence'), signed.events.join(', '))

    const password = await connect({ url: byPassword.url, auth: { password: 'hunter22' }, device: true })
    assert.equal(password.method, 'password')

    // A page without a device of its own is told to make one.
    await assert.rejects(
      connect({ url: byToken.url, auth: { token: TEST_TOKEN }, device: false }),
      /CONTROL_UI_DEVICE_IDENTITY_REQUIRED/,
    )
    await assert.rejects(connect({ url: byToken.url, auth: { token: 'wrong' }, device: true }), /AUTH_TOKEN_MISMATCH/)
  } finally {
    await browser.close()
  }
})

test('a page of another origin is refused although it knows the token', { skip }, async () => {
  await using page = await servePage()
  await using gateway = await startTestGateway({ bind: '127.0.0.1' })
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      ...QUIET_FLAGS,
      '--host-resolver-rules=MAP evil.test 127.0.0.1',
      `--unsafely-treat-insecure-origin-as-secure=http://evil.test:${new URL(page.origin).port}`,
    ],
  })
  try {
    const tab = await browser.newPage()
    await tab.goto(page.origin.replace('127.0.0.1', 'evil.test'))
    await tab.waitForFunction('window.isReady === true')
    const refused = tab.evaluate(
      `window.connectOnce(${JSON.stringify({ url: gateway.url, auth: { token: TEST_TOKEN }, device: true })})`,
    )
    await assert.rejects(refused, /CONTROL_UI_ORIGIN_NOT_ALLOWED/)
  } finally {
    await browser.close()
  }
})
