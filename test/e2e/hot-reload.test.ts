// A configuration that is edited while people are connected: every good edit takes effect, no bad one changes anything,
// and nobody is dropped whose own way in is as good as before.

import assert from 'node:assert/strict'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  cliConnect,
  connectRaw,
  type GatewayProcess,
  RawClient,
  spawnGateway,
  TEST_TOKEN,
  TestDevice,
} from '@breakwater/testkit'
import type { ClientOptions } from 'ws'
import { Random, seedOfRun } from '../security/fuzz/random.ts'

const EDITS = 200
const NOTICED_WITHIN_MS = 10_000
const ORIGIN = 'https://app.example'

const FLEET = { token: 40, device: 20, owner: 15, page: 15, proxied: 10 } as const
type Kind = keyof typeof FLEET

/** The file as an object: what the last good edit said. */
interface Model {
  gateway: {
    port: number
    auth: { mode: string; token: string }
    trustedProxies: string[]
    allowedHosts: string[]
    controlUi: { allowedOrigins: string[] }
    handshake: { localMs: number; remoteMs: number }
    nodes: { pairing: { autoApproveLocal: boolean } }
  }
  logging: { level: string; retentionDays: number; maxBytes: number }
  metrics: { enabled: boolean }
}

const START: Model = {
  gateway: {
    port: 0,
    auth: { mode: 'token', token: TEST_TOKEN },
    trustedProxies: ['127.0.0.1'],
    allowedHosts: [],
    controlUi: { allowedOrigins: [ORIGIN] },
    handshake: { localMs: 10_000, remoteMs: 3_000 },
    nodes: { pairing: { autoApproveLocal: true } },
  },
  logging: { level: 'info', retentionDays: 14, maxBytes: 268_435_456 },
  metrics: { enabled: false },
}

test('200 good and bad edits in a row under 100 clients drop nobody; then each policy drops its own', async () => {
  const { seed } = seedOfRun()
  console.log(`seed ${seed}`)
  const random = new Random(seed, 0)
  await using gateway = await spawnGateway({ config: JSON.stringify(START), token: false })
  await using file = await EditedFile.of(gateway)
  const fleet = await connectFleet(gateway)
  const all = Object.values(fleet).flat()
  assert.equal(all.length, 100)

  let good = START
  const badPaths: string[] = []
  for (let edit = 0; edit < EDITS; edit += 1) {
    const what = random.chance(0.5) ? badEdit(good, random) : goodEdit(good, random)
    const seen = await file.write(`// edit ${edit}\n${what.text}`)
    if (what.path === undefined) {
      good = what.model
      assert.deepEqual([seen.valid, seen.issues], [true, []], what.text)
    } else {
      badPaths.push(what.path)
      assert.equal(seen.valid, false, what.text)
      assert.equal(seen.issues[0]?.path, what.path, what.text)
    }
    assert.deepEqual(inEffect(seen.config), inEffect(good), `after ${what.text}`)
    assert.deepEqual(closedOf(all), [])
  }
  console.log(`${EDITS - badPaths.length} good edits, ${badPaths.length} bad ones`)
  assert.ok(badPaths.length > 60 && badPaths.length < 140)
  assert.deepEqual(await loggedPaths(gateway.stateDir), badPaths, 'the log names every path, in order')
  for (const client of all) assert.equal((await client.request('health')).ok, true)

  good = await expectClosed('proxied', { ...good, gateway: { ...good.gateway, trustedProxies: [] } })
  good = await expectClosed('page', { ...good, gateway: { ...good.gateway, controlUi: { allowedOrigins: [] } } })
  good = await expectClosed('token', {
    ...good,
    gateway: { ...good.gateway, auth: { mode: 'token', token: 'another-token-0123456789' } },
  })
  for (const client of [...fleet.device, ...fleet.owner]) assert.equal((await client.request('health')).ok, true)
  await using returning = await connectRaw(gateway.url, cliConnect('another-token-0123456789'))
  assert.equal((await returning.request('health')).ok, true)

  async function expectClosed(kind: Kind, next: Model): Promise<Model> {
    const before = closedOf(all).length
    await file.write(`// ${kind}\n${JSON.stringify(next)}`)
    const closes = await Promise.all(fleet[kind].map(({ closed }) => closed))
    for (const close of closes) assert.deepEqual(close, OWN_CLOSE[kind])
    assert.equal(closedOf(all).length, before + fleet[kind].length, `only ${kind} connections are closed`)
    return next
  }
})

test('what an edit changes is in effect for the next caller, without a restart', async () => {
  await using gateway = await spawnGateway({ config: JSON.stringify(START), token: false })
  await using file = await EditedFile.of(gateway)
  const metrics = async () => (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).status
  const change = async (gatewayPart: Partial<Model['gateway']>, more: Partial<Model> = {}) => {
    const seen = await file.write(JSON.stringify({ ...START, ...more, gateway: { ...START.gateway, ...gatewayPart } }))
    assert.equal(seen.valid, true)
  }

  assert.equal(await metrics(), 404)
  await change({ handshake: { localMs: 10_000, remoteMs: 300 } }, { metrics: { enabled: true } })
  assert.equal(await metrics(), 200)
  await using silent = await RawClient.open(gateway.url, { headers: { 'X-Forwarded-For': '203.0.113.7' } })
  assert.deepEqual(await silent.closed, { code: 1008, reason: 'handshake timeout (connect, 300 ms)' })

  await change({ nodes: { pairing: { autoApproveLocal: false } } }, { metrics: { enabled: false } })
  assert.equal(await metrics(), 404)
  await using stranger = await RawClient.open(gateway.url)
  const device = new TestDevice()
  const ui = {
    ...cliConnect(TEST_TOKEN),
    client: { id: 'openclaw-macos', version: '1', platform: 'macOS', mode: 'ui' },
  } as const
  const asked = await stranger.connect((challenge) => device.sign(ui, challenge))
  assert.equal(asked.error?.details?.code, 'PAIRING_REQUIRED')

  const page = { headers: { Origin: 'https://other.example' } }
  await assert.rejects(connectRaw(gateway.url, cliConnect(TEST_TOKEN), page), /origin not allowed/)
  await change({ controlUi: { allowedOrigins: ['https://other.example'] } })
  await using welcome = await connectRaw(gateway.url, cliConnect(TEST_TOKEN), page)
  assert.equal((await welcome.request('health')).ok, true)

  await change({}, { logging: { ...START.logging, level: 'error' } })
  await change({ handshake: { localMs: 9_000, remoteMs: 3_000 } })
  const messages = (await logLines(gateway.stateDir)).map(({ message }) => message)
  assert.equal(
    messages.filter((message) => message === 'configuration changed').length,
    4,
    'the last two were not logged',
  )

  const tls = { auth: { mode: 'none' } }
  const seen = await file.write(JSON.stringify({ gateway: { ...START.gateway, ...tls, bind: 'loopback' } }))
  assert.equal(seen.valid, true)
  await using unasked = await connectRaw(gateway.url, cliConnect(undefined))
  assert.equal((await unasked.request('health')).ok, true)
})

const OWN_CLOSE: Readonly<Record<Kind, { code: number; reason: string } | undefined>> = {
  token: { code: 4001, reason: 'gateway auth changed' },
  page: { code: 1008, reason: 'origin not allowed' },
  proxied: { code: 1008, reason: 'gateway ingress attribution required' },
  device: undefined,
  owner: undefined,
}

interface Edit {
  readonly text: string
  readonly model: Model
  /** Where the file is wrong; undefined: it is not. */
  readonly path?: string
}

function goodEdit(model: Model, random: Random): Edit {
  const next = structuredClone(model)
  const number = random.below(1_000)
  const changes: readonly (() => unknown)[] = [
    () => Object.assign(next.logging, { level: random.pick(['info', 'debug', 'warn']) }),
    () => Object.assign(next.logging, { retentionDays: number, maxBytes: 1_000_000 + number }),
    () => Object.assign(next.gateway.handshake, { localMs: 8_000 + number, remoteMs: 2_500 + number }),
    () => Object.assign(next.gateway.nodes.pairing, { autoApproveLocal: number % 2 === 0 }),
    () => Object.assign(next.gateway, { allowedHosts: [`host-${number}.example`] }),
    () => Object.assign(next.gateway, { trustedProxies: ['127.0.0.1', `10.0.0.${number % 250}`] }),
    () => Object.assign(next.gateway.controlUi, { allowedOrigins: [ORIGIN, `https://page-${number}.example`] }),
    () => Object.assign(next.metrics, { enabled: number % 2 === 0 }),
    // Waits for a restart, and harms nobody meanwhile.
    () => Object.assign(next.gateway, { port: 20_000 + number }),
  ]
  random.pick(changes)()
  return { text: JSON.stringify(next), model: next }
}

function badEdit(model: Model, random: Random): Edit {
  const next = structuredClone(model) as unknown as Record<string, Record<string, unknown>>
  const text = JSON.stringify(model)
  const bad = (path: string, change: () => unknown): Edit => {
    change()
    return { text: JSON.stringify(next), model, path }
  }
  const { gateway = {}, logging = {}, metrics = {} } = next
  return random.pick<() => Edit>([
    () => bad('gateway.port', () => Object.assign(gateway, { port: 'eighty' })),
    () => bad('gateway.handshake.localMs', () => Object.assign(gateway, { handshake: { localMs: 1 } })),
    () => bad('gateway.auth.mode', () => Object.assign(gateway, { auth: { mode: 'sesame' } })),
    () => bad('gateway.auth.password', () => Object.assign(gateway, { auth: { mode: 'password' } })),
    () =>
      bad('gateway.auth.trustedProxy.userHeader', () => Object.assign(gateway, { auth: { mode: 'trusted-proxy' } })),
    () =>
      bad('gateway.trustedProxies[1]', () => Object.assign(gateway, { trustedProxies: ['127.0.0.1', '0.0.0.0/0'] })),
    () =>
      bad('gateway.controlUi.allowedOrigins[0]', () =>
        Object.assign(gateway, { controlUi: { allowedOrigins: ['nowhere'] } }),
      ),
    () => bad('gateway.nodes', () => Object.assign(gateway, { nodes: 'all' })),
    () => bad('logging.level', () => Object.assign(logging, { level: 'loud' })),
    () => bad('metrics.enabled', () => Object.assign(metrics, { enabled: 'yes' })),
    () => ({ text: text.slice(0, 1 + random.below(text.length - 2)), model, path: '' }),
    () => ({ text: '', model, path: '' }),
    () => ({ text: '[1, 2]', model, path: '' }),
  ])()
}

/** What a caller can tell of the configuration, without the port: that one waits. */
function inEffect({ gateway, logging, metrics }: Model) {
  const { trustedProxies, allowedHosts, controlUi, handshake, nodes } = gateway
  return {
    trustedProxies,
    allowedHosts,
    origins: controlUi.allowedOrigins,
    localMs: handshake.localMs,
    remoteMs: handshake.remoteMs,
    autoApproveLocal: nodes.pairing.autoApproveLocal,
    level: logging.level,
    retentionDays: logging.retentionDays,
    maxBytes: logging.maxBytes,
    metrics: metrics.enabled,
  }
}

interface Seen {
  readonly hash: string
  readonly valid: boolean
  readonly issues: readonly { readonly path: string }[]
  readonly config: Model
}

/** The configuration file of a gateway, and the gateway's own word on it. */
class EditedFile implements AsyncDisposable {
  readonly #path: string
  readonly #owner: RawClient

  private constructor(path: string, owner: RawClient) {
    this.#path = path
    this.#owner = owner
  }

  static async of({ stateDir }: GatewayProcess): Promise<EditedFile> {
    return new EditedFile(join(stateDir, 'breakwater.json'), await connectOwner(stateDir))
  }

  /** Replaces the file and resolves with what the gateway says of it once it has noticed. */
  async write(text: string): Promise<Seen> {
    const before = await this.#see()
    // As editors do: the gateway finds the old text or the new one.
    await writeFile(`${this.#path}.edited`, text, { mode: 0o600 })
    await rename(`${this.#path}.edited`, this.#path)
    const deadline = performance.now() + NOTICED_WITHIN_MS
    for (let seen = before; ; seen = await this.#see()) {
      if (seen.hash !== before.hash) return seen
      assert.ok(performance.now() < deadline, `not noticed within ${NOTICED_WITHIN_MS} ms: ${text}`)
      await sleep(10)
    }
  }

  async #see(): Promise<Seen> {
    this.#owner.frames.length = 0
    const { payload, error } = await this.#owner.request('config.get')
    assert.equal(error, undefined)
    return payload
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owner[Symbol.asyncDispose]()
  }
}

const connectOwner = (stateDir: string): Promise<RawClient> =>
  connectRaw(`ws+unix://${join(stateDir, 'run', 'gateway.sock')}:/`, cliConnect(undefined))

async function connectFleet(gateway: GatewayProcess): Promise<Record<Kind, RawClient[]>> {
  const of = (kind: Kind, connect: () => Promise<RawClient>) =>
    Promise.all(Array.from({ length: FLEET[kind] }, connect))
  return {
    token: await of('token', () => connectRaw(gateway.url, cliConnect(TEST_TOKEN))),
    device: await of('device', () => connectDevice(gateway.url)),
    owner: await of('owner', () => connectOwner(gateway.stateDir)),
    page: await of('page', () => connectDevice(gateway.url, { headers: { Origin: ORIGIN } })),
    proxied: await of('proxied', () => connectDevice(gateway.url, { headers: { 'X-Forwarded-For': '203.0.113.7' } })),
  }
}

/** A device that was paired with the shared secret, and now connects with a token of its own. */
async function connectDevice(url: string, options: ClientOptions = {}): Promise<RawClient> {
  const device = new TestDevice()
  const params = {
    ...cliConnect(TEST_TOKEN),
    client: { id: 'openclaw-linux', version: '1', platform: 'linux', mode: 'ui' },
    scopes: ['operator.read'],
  } as const
  const first = await RawClient.open(url)
  const hello = await first.connect((challenge) => device.sign(params, challenge))
  const deviceToken = hello.payload?.auth?.deviceToken
  assert.equal(typeof deviceToken, 'string', JSON.stringify(hello.error))
  await first[Symbol.asyncDispose]()
  const client = await RawClient.open(url, options)
  const again = await client.connect((challenge) => device.sign({ ...params, auth: { deviceToken } }, challenge))
  assert.equal(again.payload?.auth?.method, 'device-token', JSON.stringify(again.error))
  return client
}

const closedOf = (clients: readonly RawClient[]): RawClient[] =>
  clients.filter(({ socket }) => socket.readyState !== socket.OPEN)

async function logLines(stateDir: string): Promise<{ message: string; '1'?: { issues?: string[] } }[]> {
  const directory = join(stateDir, 'logs')
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  )
}

/** The path that begins each complaint about the file; a text nobody can read has none. */
async function loggedPaths(stateDir: string): Promise<string[]> {
  const complaints = (await logLines(stateDir)).filter(({ message }) => message.startsWith('configuration invalid'))
  return complaints.map(
    (line) => /^((?:gateway|logging|metrics)[\w.[\]]*): /.exec(line['1']?.issues?.[0] ?? '')?.[1] ?? '',
  )
}
