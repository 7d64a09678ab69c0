// Real sockets of both address families: a caller on this machine is local and one from elsewhere is remote, also where
// the operating system hands IPv4 callers over as IPv4-mapped IPv6 addresses.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ConnectParams } from '@breakwater/protocol'
import {
  type Frame,
  type GatewayFixture,
  RawClient,
  startTestGateway,
  TEST_TOKEN,
  UpgradeRefused,
} from '@breakwater/testkit'
import { NetworkNamespace } from './network-namespace.ts'

const CONNECT_FROM_HERE = fileURLToPath(new URL('../fixtures/connect-from-here.ts', import.meta.url))
const SCOPES = ['operator.admin']
/** Only a caller on this machine keeps its scopes without a device. */
const BACKEND: ConnectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'gateway-client', mode: 'backend', version: '1.0.0', platform: 'linux' },
  role: 'operator',
  scopes: SCOPES,
  auth: { token: TEST_TOKEN },
}

const ownAddresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
const OWN_IPV4 = ownAddresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
const HAS_IPV6 = ownAddresses.some(({ address }) => address === '::1')

interface Caller {
  readonly dials: string
  /** As the gateway's log shows the peer. */
  readonly peer: string
  readonly is: 'local' | 'remote'
}

const LOOPBACK: readonly Caller[] = [
  { dials: '127.0.0.1', peer: '127.0.0.1', is: 'local' },
  { dials: 'localhost', peer: '127.0.0.1', is: 'local' },
  ...(HAS_IPV6 ? ([{ dials: '[::1]', peer: '::1', is: 'local' }] as const) : []),
]
const FROM_THE_NETWORK: readonly Caller[] =
  OWN_IPV4 === undefined ? [] : [{ dials: OWN_IPV4, peer: OWN_IPV4, is: 'remote' }]
const MAPPED: readonly Caller[] = [
  { dials: '127.0.0.1', peer: '::ffff:127.0.0.1', is: 'local' },
  { dials: '127.9.8.7', peer: '::ffff:127.0.0.1', is: 'local' },
  { dials: '[::ffff:127.0.0.1]', peer: '::ffff:127.0.0.1', is: 'local' },
  { dials: '[::ffff:7f00:1]', peer: '::ffff:127.0.0.1', is: 'local' },
  { dials: '[::1]', peer: '::1', is: 'local' },
  ...FROM_THE_NETWORK.map((caller) => ({ ...caller, peer: `::ffff:${caller.peer}` })),
]

const BINDS: readonly { readonly bind: string; readonly callers: readonly Caller[] }[] = [
  { bind: 'loopback', callers: LOOPBACK },
  { bind: 'lan', callers: [...LOOPBACK, { dials: '127.9.8.7', peer: '127.0.0.1', is: 'local' }, ...FROM_THE_NETWORK] },
  { bind: '::', callers: MAPPED },
]
for (const { bind, callers } of BINDS) {
  for (const tls of [undefined, { autoGenerate: true }]) {
    test(`bound to ${bind}, ${tls === undefined ? 'in plain text' : 'with TLS'}, each caller is where it is`, async (t) => {
      if (bind === '::' && !HAS_IPV6) return t.skip('NOT TESTED: this machine has no IPv6')
      await using gateway = await startTestGateway({ bind, tls })
      for (const { dials, peer, is } of callers) {
        const hello = await helloOf(gateway, dials)
        assert.deepEqual(hello.payload.auth.scopes, is === 'local' ? SCOPES : [], `${dials} is ${is}`)
        assertSeenAs(gateway, peer)
      }
    })
  }
}

test('a mapped loopback peer may be a trusted proxy, and then speaks for its client and for nobody on this machine', async (t) => {
  if (!HAS_IPV6) return t.skip('NOT TESTED: this machine has no IPv6')
  for (const trustedProxy of ['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.0/8']) {
    await using gateway = await startTestGateway({ bind: '::', trustedProxies: [trustedProxy] })
    for (const [name, value] of [
      ['X-Forwarded-For', '203.0.113.7'],
      ['X-Forwarded-For', '::ffff:203.0.113.7'],
      ['Forwarded', 'for="[::ffff:203.0.113.7]:4711"'],
    ] as const) {
      const hello = await helloOf(gateway, '127.0.0.1', { [name]: value })
      assert.deepEqual(hello.payload.auth.scopes, [], `${name}: ${value}`)
    }
    for (const value of ['127.0.0.1', '::ffff:127.0.0.1', '::1', 'localhost']) {
      await assert.rejects(helloOf(gateway, '127.0.0.1', { 'X-Forwarded-For': value }), isProxyRefusal, value)
    }
    assert.deepEqual((await helloOf(gateway, '127.0.0.1')).payload.auth.scopes, SCOPES, 'a proxy that forwards nothing')
  }
})

test('a mapped peer that is no trusted proxy may not forward at all', async (t) => {
  if (!HAS_IPV6) return t.skip('NOT TESTED: this machine has no IPv6')
  await using gateway = await startTestGateway({ bind: '::', trustedProxies: ['10.0.0.0/8'] })
  await assert.rejects(helloOf(gateway, '127.0.0.1', { 'X-Forwarded-For': '203.0.113.7' }), isProxyRefusal)
})

test('a peer from another machine is remote in both families, mapped or not, whatever Host it claims', async (t) => {
  const made = NetworkNamespace.create()
  if (made.namespace === undefined) return t.skip(`NOT TESTED from another machine: ${made.why}`)
  using namespace = made.namespace
  for (const bind of ['lan', '::']) {
    await using gateway = await startTestGateway({ bind })
    for (const { here, there } of [namespace.ipv4, namespace.ipv6]) {
      const isMapped = bind === '::' && !here.includes(':')
      const url = `ws://${here.includes(':') ? `[${here}]` : here}:${gateway.port}`
      for (const host of [undefined, `localhost:${gateway.port}`, '[::ffff:127.0.0.1]']) {
        const { answer } = (await namespace.run(CONNECT_FROM_HERE, url, JSON.stringify(BACKEND), '', host ?? '')) as {
          answer: Frame
        }
        assert.equal(answer.ok, true, JSON.stringify(answer.error))
        assert.deepEqual(answer.payload.auth.scopes, [], `Host ${host}`)
        assertSeenAs(gateway, isMapped ? `::ffff:${there}` : there)
      }
    }
  }
})

async function helloOf(
  { port, gateway }: GatewayFixture,
  host: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Frame> {
  const scheme = gateway.tlsFingerprint === undefined ? 'ws' : 'wss'
  await using client = await RawClient.open(`${scheme}://${host}:${port}`, { headers })
  const hello = await client.connect(() => BACKEND)
  assert.equal(hello.ok, true, JSON.stringify(hello.error))
  return hello
}

/** The last connection the gateway saw came from there. */
function assertSeenAs({ lines }: GatewayFixture, peer: string): void {
  const opened = lines.findLast((line) => line.startsWith('[ws] open ')) ?? ''
  assert.match(opened, new RegExp(`remote="?${peer.replaceAll('.', '\\.')}:\\d+`), opened)
}

function isProxyRefusal(error: unknown): boolean {
  assert.ok(error instanceof UpgradeRefused, String(error))
  assert.equal(error.status, 403)
  assert.equal(JSON.parse(error.body).error.type, 'proxy_attribution_required')
  return true
}
