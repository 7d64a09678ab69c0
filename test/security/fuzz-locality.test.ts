// Any peer address, Host and forwarding headers, against the decision where a connection comes from. The oracle knows the
// law only: what may never count as this machine, and whom a proxied connection may be attributed to.

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import {
  compileTrustPolicy,
  decideLocality,
  isLoopbackHost,
  type LocalityInput,
} from '../../packages/gateway/src/listener/locality.ts'
import { fuzz } from './fuzz/fuzz.ts'
import { mutateText, ODD_TEXTS, randomText } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'

const PEERS: readonly (string | undefined)[] = [
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '10.0.0.2',
  '::ffff:10.0.0.2',
  '192.0.2.7',
  '2001:db8::2',
  'fe80::1%eth0',
  '::127.0.0.1',
  '0.0.0.0',
  '',
  undefined,
]
const HOSTS: readonly (string | undefined)[] = [
  'localhost',
  'localhost:18789',
  '127.0.0.1:18789',
  '[::1]:18789',
  '[::ffff:127.0.0.1]',
  'LOCALHOST.',
  'gateway.example',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
  '127.1',
  '[::127.0.0.1]',
  'user@localhost',
  'localhost:0:80',
  undefined,
]
const CHAINS: readonly string[] = [
  '203.0.113.7',
  '203.0.113.7, 10.0.0.2',
  '127.0.0.1',
  '203.0.113.7, 127.0.0.1',
  '[2001:db8::9]:4711',
  '2001:db8::9, 203.0.113.7:80',
  'unknown',
  '_hidden, 203.0.113.7',
  '',
  'for=203.0.113.7;proto=https',
  'for="[2001:db8::9]:80";by=10.0.0.2, for=203.0.113.7',
  'for="\\"203.0.113.7"',
  'for=127.0.0.1',
  'host=localhost;for=203.0.113.7;for=127.0.0.1',
]
const NAMES = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'tailscale-user-login',
  'X-Forwarded-For',
  'x-forwarded',
  'x-forwarde',
  'via',
  'accept',
]
const TRUSTED = ['10.0.0.0/8', '127.0.0.1', '2001:db8::/64']
const POLICIES = [
  { policy: compileTrustPolicy({ trustedProxies: [], allowRealIpFallback: false }), trusted: new BlockList() },
  ...[false, true].map((allowRealIpFallback) => ({
    policy: compileTrustPolicy({ trustedProxies: TRUSTED, allowRealIpFallback }),
    trusted: blockList(['10.0.0.0', 8], ['127.0.0.1', 32], ['2001:db8::', 64]),
  })),
]
const LOOPBACK = blockList(['127.0.0.0', 8], ['::1', 128])

interface Arrival {
  readonly input: LocalityInput
  readonly policyAt: number
}

function makeArrival(random: Random): Arrival {
  const headers: IncomingHttpHeaders = {}
  for (let left = random.below(4); left > 0; left -= 1) {
    const name = random.chance(0.1) ? maybeMutated(random, random.pick(NAMES), NAMES, 1) : random.pick(NAMES)
    const value = maybeMutated(random, random.pick(CHAINS), CHAINS, 0.6)
    headers[name] = random.chance(0.1) ? ([value, random.pick(CHAINS)] as never) : value
  }
  if (random.chance(0.02)) headers['x-forwarded-for'] = `${random.pick(CHAINS)}, `.repeat(random.below(400))
  const host = random.pick(HOSTS)
  const peerAddress = random.pick(PEERS)
  return {
    input: {
      peerAddress:
        peerAddress === undefined
          ? undefined
          : maybeMutated(
              random,
              peerAddress,
              PEERS.filter((peer) => peer !== undefined),
              0.1,
            ),
      isUnixSocket: random.chance(0.15),
      host:
        host === undefined
          ? undefined
          : maybeMutated(
              random,
              host,
              HOSTS.filter((one) => one !== undefined),
              0.4,
            ),
      headers,
    },
    policyAt: random.below(POLICIES.length),
  }
}

function maybeMutated(random: Random, text: string, others: readonly string[], probability: number): string {
  if (!random.chance(probability)) return text
  return random.chance(0.05) ? randomText(random) : mutateText(random, text, [...others, ...ODD_TEXTS])
}

test('no headers, Host or address make a stranger local, and a proxied client is one that its proxy named', async (t) => {
  await fuzz(t, {
    outcomes: ['local', 'proxied', 'remote', 'refused'],
    mustOccur: ['local', 'proxied', 'remote', 'refused'],
    make: makeArrival,
    judge: ({ input, policyAt }) => {
      const { policy, trusted } = POLICIES[policyAt] as (typeof POLICIES)[number]
      const decided = decideLocality(input, policy)
      const isForwarded = Object.keys(input.headers).some((name) =>
        /^(forwarded$|x-forwarded|x-real-ip$|tailscale-)/i.test(name),
      )
      const isUnix = input.isUnixSocket && input.peerAddress === undefined
      const peer = plainAddress(input.peerAddress ?? '')
      switch (decided.kind) {
        case 'local':
          assert.ok(!isForwarded, 'local although a proxy spoke')
          if (decided.via === 'unix-socket') assert.ok(isUnix)
          else
            assert.ok(contains(LOOPBACK, peer) && namesLoopback(input.host), 'local from elsewhere, or by another name')
          break
        case 'proxied':
          assert.ok(isForwarded && contains(trusted, peer), 'believed a proxy nobody listed')
          assert.ok(
            isIP(decided.clientAddress) !== 0 &&
              !contains(LOOPBACK, decided.clientAddress) &&
              !contains(trusted, decided.clientAddress),
          )
          assert.ok(namedIn(input.headers, decided.clientAddress), 'attributed to an address that no header holds')
          break
        case 'remote':
          assert.ok(!isForwarded && !isUnix)
          assert.equal(decided.clientAddress, peer === '' ? 'unknown' : peer)
          break
        case 'refused':
          assert.equal(decided.reason, 'proxy_attribution_required')
          assert.equal(decided.retryable, false)
          assert.ok(decided.message.length > 20 && decided.nextStep.length > 20)
          assert.ok(
            decided.peerAddress === 'unix' || decided.peerAddress === 'unknown' || isIP(decided.peerAddress) !== 0,
          )
          assert.ok(isForwarded || contains(trusted, peer), 'refused without a reason')
      }
      return decided.kind
    },
  })
})

test('what a client writes before its proxy appends the truth never changes whom the connection is attributed to', async (t) => {
  const client = '198.51.100.23'
  const trusting = POLICIES[1] as (typeof POLICIES)[number]
  await fuzz(t, {
    outcomes: ['proxied', 'refused'],
    mustOccur: ['proxied', 'refused'],
    make: (random): IncomingHttpHeaders => {
      const invented = maybeMutated(random, random.pick(CHAINS), CHAINS, 0.8)
      const handedThrough = maybeMutated(random, random.pick(CHAINS), CHAINS, 0.5)
      const isOtherSent = random.chance(0.3)
      return random.chance(0.5)
        ? { 'x-forwarded-for': `${invented}, ${client}`, ...(isOtherSent ? { forwarded: handedThrough } : {}) }
        : { forwarded: `${invented}, for=${client}`, ...(isOtherSent ? { 'x-forwarded-for': handedThrough } : {}) }
    },
    judge: (headers) => {
      const decided = decideLocality(
        { peerAddress: '10.0.0.2', isUnixSocket: false, host: 'localhost', headers },
        trusting.policy,
      )
      if (decided.kind !== 'refused')
        assert.deepEqual(decided, { kind: 'proxied', clientAddress: client, proxyAddress: '10.0.0.2' })
      return decided.kind
    },
  })
})

test('only plain spellings of this machine are loopback hosts', async (t) => {
  const hosts = HOSTS.filter((host) => host !== undefined)
  await fuzz(t, {
    outcomes: ['loopback', 'other'],
    mustOccur: ['loopback', 'other'],
    make: (random) => maybeMutated(random, random.pick(hosts), hosts, 0.8),
    judge: (host) => {
      const isLoopback = isLoopbackHost(host)
      assert.equal(isLoopback, namesLoopback(host))
      return isLoopback ? 'loopback' : 'other'
    },
  })
})

function blockList(...ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, bits] of ranges) list.addSubnet(network, bits, isIPv4(network) ? 'ipv4' : 'ipv6')
  return list
}

const contains = (list: BlockList, address: string): boolean =>
  isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')

/** The canonical spelling of an address by way of the URL parser, mapped forms as IPv4; empty when it is none. */
function plainAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/(?<=:.*)%[\w.-]+$/, '')
  if (text.length > 64 || bare.includes('%') || isIP(bare) === 0) return ''
  if (isIPv4(bare)) return bare
  const spelled = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled)
  if (mapped === null) return spelled
  const bytes = [mapped[1], mapped[2]].flatMap((part) => {
    const value = Number.parseInt(part ?? '', 16)
    return [value >> 8, value & 0xff]
  })
  return bytes.join('.')
}

function namesLoopback(host: string | undefined): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(host ?? '')
  if (match === null || Number(match[2] ?? 0) > 65_535 || (host ?? '').length > 262) return false
  const name = (match[1] ?? '').toLowerCase()
  if (name === 'localhost' || name === 'localhost.') return true
  const address = plainAddress(name)
  return name.startsWith('[')
    ? isIPv6(name.slice(1, -1)) && contains(LOOPBACK, address)
    : isIPv4(name) && contains(LOOPBACK, address)
}

/** Whether some header value holds the address, in whatever spelling. */
function namedIn(headers: IncomingHttpHeaders, address: string): boolean {
  const pieces = Object.values(headers)
    .flat()
    .flatMap((value) => (value ?? '').replaceAll(/\\(.)/g, '$1').split(/[\s,;="]+/))
  return pieces.some((piece) => {
    const unported = /^(\[[^\]]*\]|[\d.]+):[\w.-]+$/.exec(piece)?.[1] ?? piece
    return plainAddress(unported) === address
  })
}
