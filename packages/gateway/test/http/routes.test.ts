// Plain HTTP over real sockets: who is told what, under which host name, and that every answer is complete.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type RequestListener, request as sendRequest } from 'node:http'
import { createServer as createTlsServer, request as sendTlsRequest } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { createHttpRoutes, type HttpAppComponents, type HttpCaller, type Readiness } from '../../src/http/routes.ts'
import { generateCertificate } from '../../src/listener/generate-certificate.ts'
import { compileTrustPolicy } from '../../src/listener/locality.ts'
import { type LogFields, silentLogger } from '../../src/observe/logger.ts'

const EVENT_LOOP = {
  degraded: false,
  degradedSinceMs: null,
  reasons: [],
  intervalMs: 1_000,
  delayP99Ms: 1,
  delayMaxMs: 2,
  utilization: 0.01,
  cpuCoreRatio: 0.02,
}
const READY: Readiness = { ready: true, failing: [], uptimeMs: 7_530_000, stalledMs: 12, eventLoop: EVENT_LOOP }
const NOT_READY: Readiness = { ...READY, ready: false, failing: ['store', 'channels'] }

const STRANGER: HttpCaller = { peerAddress: '192.0.2.7', isUnixSocket: false }
const LOOPBACK: HttpCaller = { peerAddress: '127.0.0.1', isUnixSocket: false }
const PROXY: HttpCaller = { peerAddress: '10.0.0.5', isUnixSocket: false }

interface World extends Partial<HttpAppComponents> {
  /** Who the peer is taken for; the test's own sockets are all loopback. */
  readonly caller?: HttpCaller
  /** Lines of the error log. */
  readonly errors?: LogFields[]
}

function listenerOf({ caller = LOOPBACK, errors = [], ...components }: World): RequestListener {
  const trustPolicy = compileTrustPolicy({ trustedProxies: ['10.0.0.5'], allowRealIpFallback: false })
  const handle = createHttpRoutes({
    log: { ...silentLogger, error: (message, fields) => void errors.push({ message, ...fields }) },
    readiness: () => READY,
    version: '1.2.3',
    clientCount: () => 3,
    trustPolicy: () => trustPolicy,
    allowedHosts: () => [],
    bindHosts: () => [],
    ...components,
  })
  return (request, response) => {
    response.setHeader('Connection', 'close')
    handle(request, response, caller)
  }
}

interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Gateway extends AsyncDisposable {
  readonly port: number
  readonly server: Server
  ask(path: string, ask?: Ask): Promise<Answer>
}

async function start(world: World = {}): Promise<Gateway> {
  const server = createServer({ requireHostHeader: false }, listenerOf(world))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    server,
    ask: (path, options) => read(sendRequest, { port, path }, options),
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

type Target = { readonly port: number; readonly path: string } | { readonly socketPath: string; readonly path: string }

async function read(
  send: typeof sendRequest,
  target: Target,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Answer> {
  const setHost = !Object.hasOwn(headers, 'host')
  const sent = send({
    host: '127.0.0.1',
    ...target,
    method,
    headers,
    setHost,
    agent: false,
    rejectUnauthorized: false,
  } as object)
  sent.end(body)
  const [response] = await once(sent, 'response')
  response.setEncoding('utf8')
  const chunks: string[] = await response.toArray()
  return { status: response.statusCode, headers: response.headers, body: chunks.join('') }
}

const json = ({ body }: Answer) => JSON.parse(body)
const typeOf = (answer: Answer): unknown => json(answer).error.type

describe('liveness', () => {
  test('is answered to anybody who reaches the port, in one fixed form', async () => {
    await using local = await start()
    await using remote = await start({ caller: STRANGER, readiness: () => NOT_READY })
    const requests: readonly (readonly [Gateway, Ask])[] = [
      [local, {}],
      [local, { headers: { host: 'rebound.example' } }],
      [local, { headers: { host: 'rebound.example', origin: 'http://rebound.example' } }],
      [local, { headers: { 'x-forwarded-for': '203.0.113.9' } }],
      [remote, { headers: { host: 'anything' } }],
    ]
    for (const [gateway, ask] of requests) {
      for (const path of ['/healthz', '/health', '/healthz?verbose=1']) {
        const answer = await gateway.ask(path, ask)
        assert.equal(answer.status, 200)
        assert.equal(answer.body, '{"ok":true,"status":"live"}')
        assert.equal(answer.headers['content-type'], 'application/json')
      }
    }
  })

  test('is answered to HEAD with the length and without the body', async () => {
    await using gateway = await start()
    const answer = await gateway.ask('/healthz', { method: 'HEAD' })
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.body], [200, '27', ''])
  })
})

describe('readiness', () => {
  test('says with its status whether the gateway is ready, and names what is not', async () => {
    let readiness = READY
    await using gateway = await start({ readiness: () => readiness })
    for (const path of ['/readyz', '/ready']) {
      readiness = READY
      const ready = await gateway.ask(path)
      assert.equal(ready.status, 200)
      assert.deepEqual(json(ready), {
        ready: true,
        failing: [],
        uptimeMs: 7_530_000,
        stalledMs: 12,
        eventLoop: EVENT_LOOP,
      })
      readiness = NOT_READY
      const waiting = await gateway.ask(path)
      assert.equal(waiting.status, 503)
      assert.deepEqual(json(waiting).failing, ['store', 'channels'])
      assert.equal((await gateway.ask(path, { method: 'HEAD' })).status, 503)
    }
  })

  test('is told to monitors on other machines, whatever they call this one', async () => {
    await using gateway = await start({ caller: STRANGER })
    assert.equal((await gateway.ask('/readyz', { headers: { host: '10.1.2.3:18789' } })).status, 200)
    assert.equal((await gateway.ask('/readyz', { headers: { host: 'gw.internal' } })).status, 200)
  })
})

describe('a page that was rebound to this machine', () => {
  test('is refused the page and readiness, with and without an Origin', async () => {
    await using gateway = await start()
    for (const path of ['/', '/readyz', '/ready']) {
      for (const headers of [
        { host: 'evil.example' },
        { host: `evil.example:${gateway.port}`, origin: 'http://evil.example' },
      ]) {
        const answer = await gateway.ask(path, { headers })
        assert.equal(answer.status, 403)
        assert.equal(typeOf(answer), 'host_not_allowed')
        assert.match(json(answer).error.nextStep, /localhost/)
        assert.doesNotMatch(answer.body, /evil|1\.2\.3|uptime/)
      }
    }
  })

  test('is told from names the gateway answers to', async () => {
    await using gateway = await start({ allowedHosts: () => ['gw.example.com'], bindHosts: () => ['127.0.0.9'] })
    const hosts = ['localhost', `127.0.0.1:${gateway.port}`, '[::1]:1', 'gw.example.com:8443', '127.0.0.9']
    for (const host of hosts) assert.equal((await gateway.ask('/', { headers: { host } })).status, 200, host)
  })

  test('cannot hide behind a request without a Host', async () => {
    await using gateway = await start()
    const socket = connect(gateway.port, '127.0.0.1').setEncoding('utf8')
    socket.end('GET /readyz HTTP/1.0\r\n\r\n')
    const answer = (await socket.toArray()).join('')
    assert.match(answer, /^HTTP\/1\.1 403 /)
    assert.match(answer, /"host_not_allowed"/)
  })
})

test('forwarded requests are answered only through a proxy the owner listed', async () => {
  await using untrusted = await start()
  await using trusted = await start({ caller: PROXY })
  const loopbackProxy = compileTrustPolicy({ trustedProxies: ['127.0.0.1'], allowRealIpFallback: false })
  await using beside = await start({ trustPolicy: () => loopbackProxy })
  const headers = { host: 'gw.example.com', 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' }
  for (const path of ['/', '/readyz']) {
    const refused = await untrusted.ask(path, { headers })
    assert.deepEqual([refused.status, typeOf(refused)], [403, 'proxy_attribution_required'])
    assert.equal((await trusted.ask(path, { headers })).status, 200)
    assert.equal((await beside.ask(path, { headers })).status, 200)
  }
})

describe('the page', () => {
  test('says what runs here, and where a client connects', async () => {
    await using gateway = await start()
    const { status, headers, body } = await gateway.ask('/')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.match(body, /^<!doctype html>\n<html lang="en">/)
    for (const text of [
      'Breakwater',
      'The gateway is running.',
      '1.2.3',
      '2 h 5 min',
      `ws://127.0.0.1:${gateway.port}`,
    ]) {
      assert.ok(body.includes(text), text)
    }
    for (const command of ['breakwater status', 'breakwater devices list', 'breakwater token show']) {
      assert.ok(body.includes(`<code>${command}</code>`), command)
    }
    assert.equal(body.match(/<h1>/g)?.length, 1)
  })

  test('counts clients for viewers on this machine only', async () => {
    await using local = await start({ readiness: () => NOT_READY, clientCount: () => 1 })
    await using remote = await start({ readiness: () => NOT_READY, clientCount: () => assert.fail(), caller: STRANGER })
    await using proxied = await start({ clientCount: () => assert.fail(), caller: PROXY })
    const seen = (await local.ask('/')).body
    assert.match(seen, /<b>1<\/b> client connected/)
    assert.match(seen, /not ready.[\s\S]*Not ready: store, channels/)
    const told = (await remote.ask('/')).body
    assert.match(told, /but not ready/)
    assert.doesNotMatch(told, /connected<|store|channels/)
    assert.doesNotMatch((await proxied.ask('/', { headers: { 'x-forwarded-for': '203.0.113.9' } })).body, /connected</)
  })

  test('is small, has no script, and allows its own style sheet by hash and nothing else', async () => {
    await using gateway = await start({ readiness: () => NOT_READY })
    const { headers, body } = await gateway.ask('/')
    assert.ok(Buffer.byteLength(body) < 8_192, `${Buffer.byteLength(body)} bytes`)
    assert.doesNotMatch(body, /<script|<form|<iframe|style=|\son\w+=|url\(|@import/i)
    assert.doesNotMatch(body, /(?:src|href)="(?!data:|\/)/)
    const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    assert.equal(
      headers['content-security-policy'],
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
  })

  test('writes nothing unescaped that came from outside', async () => {
    await using gateway = await start({ caller: STRANGER, version: '<b>&"1' })
    const { body } = await gateway.ask('/', { headers: { host: 'a"><img src=x>' } })
    assert.doesNotMatch(body, /<img|<b>&"1/)
    assert.match(body, /&#60;b&#62;&#38;&#34;1/)
    assert.match(body, /The address is the one this gateway was started with/)
  })

  test('names the address as its viewer reached it', async () => {
    await using remote = await start({ caller: STRANGER })
    await using proxied = await start({ caller: PROXY })
    const via = { 'x-forwarded-for': '203.0.113.9' }
    const cases: readonly (readonly [Gateway, Record<string, string>, string])[] = [
      [remote, { host: 'GW.local:18789' }, 'ws://gw.local:18789<'],
      [remote, { host: '[fd00::1]:18789' }, 'ws://[fd00::1]:18789<'],
      [proxied, { ...via, host: 'gw.example.com', 'x-forwarded-proto': 'https' }, 'wss://gw.example.com<'],
      [
        proxied,
        { ...via, host: '127.0.0.1:18789', 'x-forwarded-host': 'a.example, b.example:8443' },
        'ws://b.example:8443<',
      ],
    ]
    for (const [gateway, headers, url] of cases) {
      const { body } = await gateway.ask('/', { headers })
      assert.ok(body.includes(`<code class="url">${url}`), url)
    }
  })

  test('names a wss address on an encrypted port, and none on the Unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'breakwater-http-'))
    const { certPath, keyPath } = await generateCertificate({ directory }, { clock: { nowMs: () => Date.now() } })
    const [cert, key] = [await readFile(certPath), await readFile(keyPath)]
    const encrypted = createTlsServer({ cert, key }, listenerOf({})).listen(0, '127.0.0.1')
    const unix = createServer(listenerOf({ caller: { peerAddress: undefined, isUnixSocket: true } }))
    const socketPath = join(directory, 'gateway.sock')
    unix.listen(socketPath)
    try {
      await Promise.all([once(encrypted, 'listening'), once(unix, 'listening')])
      const { port } = encrypted.address() as AddressInfo
      const page = await read(sendTlsRequest, { port, path: '/' })
      assert.ok(page.body.includes(`<code class="url">wss://127.0.0.1:${port}<`))
      const owners = await read(sendRequest, { socketPath, path: '/' }, { headers: { host: 'breakwater' } })
      assert.equal(owners.status, 200)
      assert.match(owners.body, /clients connected/)
      assert.doesNotMatch(owners.body, /class="url"/)
    } finally {
      encrypted.close()
      unix.close()
      await rm(directory, { recursive: true })
    }
  })

  test('tells the uptime in the two largest units', async () => {
    const minute = 60_000
    const cases: readonly (readonly [uptimeMs: number, text: string])[] = [
      [59_999, 'less than a minute'],
      [59 * minute, '59 min'],
      [60 * minute, '1 h 0 min'],
      [24 * 60 * minute, '1 d 0 h'],
      [(3 * 24 + 4) * 60 * minute, '3 d 4 h'],
    ]
    let uptimeMs = 0
    await using gateway = await start({ readiness: () => ({ ...READY, uptimeMs }) })
    for (const [value, text] of cases) {
      uptimeMs = value
      assert.ok((await gateway.ask('/')).body.includes(`Up <b>${text}</b>`), text)
    }
  })
})

describe('a request no route takes', () => {
  test('with another method is told which methods there are', async () => {
    await using gateway = await start()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      for (const path of ['/', '/healthz', '/readyz']) {
        const answer = await gateway.ask(path, { method })
        assert.deepEqual(
          [answer.status, typeOf(answer), answer.headers.allow],
          [405, 'method_not_allowed', 'GET, HEAD'],
        )
      }
    }
  })

  test('with a body nobody reads is answered all the same', async () => {
    await using gateway = await start()
    const answer = await gateway.ask('/', { method: 'POST', body: Buffer.alloc(16_384) })
    assert.equal(answer.status, 405)
  })

  test('for an unknown path is told so', async () => {
    await using gateway = await start()
    for (const path of ['/nowhere', '/healthz/x', '//healthz', '/%2e%2e/etc', '/%zz', '/a?b=/healthz', '/metrics']) {
      for (const method of ['GET', 'POST', 'HEAD']) {
        const answer = await gateway.ask(path, { method })
        assert.equal(answer.status, 404, `${method} ${path}`)
        if (method !== 'HEAD') assert.equal(typeOf(answer), 'not_found')
      }
    }
  })

  test('is not one whose path ends with a slash', async () => {
    await using gateway = await start()
    assert.equal((await gateway.ask('/healthz/')).status, 200)
  })

  test('for a target that is no path is told so; the absolute form counts by its path', async () => {
    await using gateway = await start()
    for (const path of ['*', 'http://[', 'x://y']) {
      const answer = await gateway.ask(path, { method: 'OPTIONS' })
      assert.deepEqual([answer.status, typeOf(answer)], [400, 'invalid_request_target'], path)
    }
    for (const authority of ['127.0.0.1', 'user:password@elsewhere.example:1']) {
      assert.equal((await gateway.ask(`http://${authority}/healthz?x`)).status, 200)
    }
  })
})

test('every answer forbids caching, sniffing, framing and referrers, and ends its connection', async () => {
  await using gateway = await start({ readiness: () => NOT_READY })
  const asks: readonly (readonly [path: string, ask?: Ask])[] = [
    ['/'],
    ['/healthz'],
    ['/readyz'],
    ['/nowhere'],
    ['/', { method: 'POST' }],
    ['/', { headers: { host: 'evil.example' } }],
    ['*', { method: 'OPTIONS' }],
  ]
  for (const [path, ask] of asks) {
    const { headers, body } = await gateway.ask(path, ask)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.match(String(headers['content-security-policy']), /^default-src 'none';.*frame-ancestors 'none'$/)
    assert.equal(headers.connection, 'close')
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
  }
})

describe('further routes', () => {
  test('are asked after the gateway’s own, under the access they declare', async () => {
    await using gateway = await start({
      routes: [
        { access: 'checked', paths: ['/metrics'], answer: (_request, { kind }) => new Response(`kind ${kind}\n`) },
        { access: 'open', paths: ['/version', '/healthz'], answer: ({ url }) => new Response(url) },
      ],
    })
    assert.equal((await gateway.ask('/metrics')).body, 'kind local\n')
    assert.equal(typeOf(await gateway.ask('/metrics', { headers: { host: 'evil.example' } })), 'host_not_allowed')
    assert.equal((await gateway.ask('/version?x', { headers: { host: 'evil.example' } })).body, '/version?x')
    assert.equal((await gateway.ask('/metrics', { method: 'POST' })).status, 405)
    assert.equal(json(await gateway.ask('/healthz')).status, 'live')
  })

  test('that fail are answered with an id under which the log holds the reason', async () => {
    const errors: LogFields[] = []
    const fail = (): never => {
      throw new Error('the secret cause')
    }
    const routes = [
      { access: 'open', paths: ['/throws'], answer: fail },
      { access: 'open', paths: ['/rejects'], answer: async () => fail() },
    ] as const
    await using gateway = await start({ errors, routes, readiness: fail })
    for (const path of ['/throws', '/rejects', '/readyz', '/']) {
      errors.length = 0
      const answer = await gateway.ask(path)
      assert.deepEqual([answer.status, typeOf(answer)], [500, 'internal_error'])
      assert.doesNotMatch(answer.body, /secret/)
      assert.equal(errors.length, 1)
      assert.match(String(errors[0]?.error), /the secret cause/)
      assert.ok(answer.body.includes(String(errors[0]?.correlationId)))
    }
  })

  test('whose body breaks off are answered with a failure, not with silence', async () => {
    const errors: LogFields[] = []
    const broken = () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) }))
    await using gateway = await start({ errors, routes: [{ access: 'open', paths: ['/broken'], answer: broken }] })
    const answer = await gateway.ask('/broken')
    assert.deepEqual([answer.status, typeOf(answer)], [500, 'internal_error'])
    assert.equal(errors.length, 1)
  })
})

test('requests that arrive together before the application is loaded are all answered', async () => {
  await using gateway = await start()
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.ask('/healthz')))
  assert.ok(answers.every(({ status }) => status === 200))
})

test('a viewer who leaves while the answer is made does no harm', async () => {
  const errors: LogFields[] = []
  const asked = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const slow = async (): Promise<Response> => {
    asked.resolve()
    await released.promise
    return new Response('late')
  }
  await using gateway = await start({ errors, routes: [{ access: 'open', paths: ['/slow'], answer: slow }] })
  const closed = new Promise((resolve) => gateway.server.once('connection', (socket) => socket.once('close', resolve)))
  const socket = connect(gateway.port, '127.0.0.1').on('error', () => {})
  socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await asked.promise
  socket.resetAndDestroy()
  await closed
  released.resolve()
  assert.equal((await gateway.ask('/healthz')).status, 200)
  assert.deepEqual(errors, [])
})

test('nothing of the application is loaded before the first request', async () => {
  const source = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve: (name, context, next) => (loaded.push(name), next(name, context)) })
    const { createHttpRoutes } = await import(${JSON.stringify(new URL('../../src/http/routes.ts', import.meta.url).href)})
    const handle = createHttpRoutes({ readiness: () => ({}), routes: [] })
    const isLoaded = () => loaded.some((name) => name.startsWith('hono') || name.endsWith('app.ts'))
    const before = isLoaded()
    const { promise, resolve } = Promise.withResolvers()
    const response = { writeHead: () => ({ end: resolve }) }
    handle({ url: '/healthz', method: 'GET', headers: {}, resume() {} }, response, {})
    await promise
    console.log(before, isLoaded())`
  const args = ['--conditions=source', '--input-type=module', '-e', source]
  assert.equal((await promisify(execFile)(process.execPath, args)).stdout, 'false true\n')
})
