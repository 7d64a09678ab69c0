// Where a connection comes from: browser origins, host names, reverse proxies.

import { type ConnectCase, hello, http, OWN_ORIGIN, refused } from '../case.ts'
import { LISTED_ORIGIN } from '../configurations.ts'
import { BACKEND, behindProxy, CONTROL_UI, mac, operator } from './peers.ts'
import { waitsForApproval } from './refusals.ts'

const NEW = { key: 'new' } as const
const notAllowed = (reason: string) =>
  refused('INVALID_REQUEST', 'CONTROL_UI_ORIGIN_NOT_ALLOWED', /^origin not allowed/, { details: { reason } })
const MISSING = 'origin missing or invalid'
const FOREIGN = 'origin not allowed'
const untrusted = http(403, 'proxy_attribution_required')

const page = operator({ client: CONTROL_UI })

const origins: readonly ConnectCase[] = [
  {
    id: 'origin-none-page',
    title: 'the Control UI without an Origin is refused',
    cites: ['origin.page'],
    send: { kind: 'connect', params: page, device: NEW },
    expect: notAllowed(MISSING),
  },
  {
    id: 'origin-foreign-page',
    title: 'the Control UI from a foreign origin is refused',
    cites: ['origin.foreign'],
    headers: { origin: 'https://evil.example' },
    send: { kind: 'connect', params: page, device: NEW },
    expect: notAllowed(FOREIGN),
  },
  {
    id: 'origin-foreign-cli',
    title: 'a foreign page that says it is the command line is refused',
    cites: ['origin.foreign'],
    headers: { origin: 'https://evil.example' },
    send: { kind: 'connect', params: operator() },
    expect: notAllowed(FOREIGN),
  },
  {
    id: 'origin-null',
    title: 'the origin null is no origin',
    cites: ['origin.foreign'],
    headers: { origin: 'null' },
    send: { kind: 'connect', params: operator() },
    expect: notAllowed(MISSING),
  },
  {
    id: 'origin-loopback-cli',
    title: 'with a loopback Origin the command line is not the owner',
    cites: ['origin.loopback'],
    headers: { origin: 'http://localhost:5173' },
    send: { kind: 'connect', params: operator() },
    expect: hello({ scopes: [] }),
  },
  {
    id: 'origin-loopback-backend',
    title: "with a loopback Origin the back end is not the gateway's own",
    cites: ['origin.loopback'],
    headers: { origin: 'http://127.0.0.1:5173' },
    send: { kind: 'connect', params: operator({ client: BACKEND }) },
    expect: hello({ scopes: [] }),
  },
  {
    id: 'origin-loopback-page',
    title: 'the Control UI of this machine is paired silently',
    cites: ['origin.loopback', 'pairing.silent'],
    headers: { origin: 'http://127.0.0.1:5173' },
    send: { kind: 'connect', params: operator({ client: { ...CONTROL_UI, buildId: 'dev' } }), device: NEW },
    expect: hello({ scopes: ['operator.read'], method: 'token', hasDeviceToken: true }),
  },
  {
    id: 'origin-loopback-page-stale',
    title: 'the Control UI of another build is asked to reload only by a gateway that serves one',
    cites: ['handshake.reload'],
    headers: { origin: OWN_ORIGIN },
    send: { kind: 'connect', params: operator({ client: { ...CONTROL_UI, buildId: 'old' } }), device: NEW },
    expect: {
      ours: hello({ scopes: ['operator.read'] }),
      official: refused('UNAVAILABLE', 'PROTOCOL_MISMATCH', /^protocol mismatch/, {
        details: { reloadRequired: true },
      }),
      why: 'This gateway serves no build of that page, so none can be out of date.',
    },
  },
  {
    id: 'origin-loopback-app',
    title: 'an app with an Origin is a page in disguise and waits for approval',
    cites: ['origin.loopback', 'pairing.required'],
    headers: { origin: 'http://127.0.0.1:5173' },
    send: { kind: 'connect', params: mac(), device: NEW },
    expect: waitsForApproval,
  },
  {
    id: 'origin-proxied-same-host',
    title: 'behind a proxy the page of the gateway itself may connect',
    cites: ['origin.listed'],
    configuration: 'proxied',
    headers: behindProxy('203.0.113.21', { host: 'other.example.com', origin: 'https://other.example.com' }),
    send: { kind: 'connect', params: page, device: NEW },
    expect: {
      ours: waitsForApproval,
      official: notAllowed(FOREIGN),
      why: "An Origin equal to the Host the proxy passed on is the gateway's own page; it still needs a secret and an approved device.",
    },
  },
  {
    id: 'origin-proxied-listed',
    title: 'behind a proxy a listed origin may connect',
    cites: ['origin.listed'],
    configuration: 'proxied',
    headers: behindProxy('203.0.113.21', { origin: LISTED_ORIGIN }),
    send: { kind: 'connect', params: page, device: NEW },
    expect: refused('NOT_PAIRED', 'PAIRING_REQUIRED', /^pairing required: device is not approved yet$/, {
      details: { reason: 'not-paired', recommendedNextStep: 'wait_then_retry', retryable: true, pauseReconnect: false },
      closeReason: /^pairing required: /,
    }),
  },
]

const LAW_11 =
  'Law 11: only a loopback peer under a loopback Host is local, or a page could reach the gateway under its own name.'

const hosts: readonly ConnectCase[] = [
  {
    id: 'host-foreign-cli',
    title: 'the command line under a foreign Host has no scopes',
    cites: ['host.foreign'],
    headers: { host: 'evil.example' },
    send: { kind: 'connect', params: operator() },
    expect: { ours: hello({ scopes: [] }), official: hello({ scopes: ['operator.read'] }), why: LAW_11 },
  },
  {
    id: 'host-foreign-device',
    title: 'a new device under a foreign Host waits for approval',
    cites: ['host.foreign'],
    headers: { host: 'evil.example' },
    send: { kind: 'connect', params: mac(), device: NEW },
    expect: {
      ours: waitsForApproval,
      official: hello({ scopes: ['operator.read'] }),
      why: LAW_11,
    },
  },
  {
    id: 'host-foreign-page',
    title: 'a page that reached this machine under a foreign name is refused before its upgrade',
    cites: ['host.foreign'],
    headers: { host: 'evil.example', origin: 'http://evil.example' },
    send: { kind: 'connect', params: page, device: NEW },
    expect: {
      ours: http(403, 'host_not_allowed'),
      official: notAllowed(FOREIGN),
      why: `${LAW_11} Such a page is told over HTTP, before it costs a WebSocket.`,
    },
  },
]

const evidence: readonly ConnectCase[] = [
  ...[
    { name: 'x-forwarded-for', value: '203.0.113.9' },
    { name: 'forwarded', value: 'for=203.0.113.9' },
    { name: 'x-real-ip', value: '203.0.113.9' },
    { name: 'x-forwarded-proto', value: 'https' },
    { name: 'x-forwarded-host', value: 'gw.example.com' },
    { name: 'x-forwarded-server', value: 'gw' },
    { name: 'tailscale-user-login', value: 'owner@example.com' },
  ].map(
    ({ name, value }): ConnectCase => ({
      id: `untrusted-${name}`,
      title: `${name} from a peer that is no trusted proxy is refused before the upgrade`,
      cites: ['proxy.untrusted'],
      headers: { [name]: value },
      send: { kind: 'connect', params: operator() },
      expect: untrusted,
    }),
  ),
  {
    id: 'untrusted-x-forwarded-for-empty',
    title: 'an empty forwarding header counts',
    cites: ['proxy.untrusted'],
    headers: { 'x-forwarded-for': '' },
    send: { kind: 'connect', params: operator() },
    expect: untrusted,
  },
  ...[
    { name: 'via', value: '1.1 cache' },
    { name: 'cf-connecting-ip', value: '203.0.113.9' },
  ].map(
    ({ name, value }): ConnectCase => ({
      id: `harmless-${name}`,
      title: `${name} is no evidence of a proxy`,
      cites: ['proxy.no-evidence'],
      headers: { [name]: value },
      send: { kind: 'connect', params: operator() },
      expect: hello({ scopes: ['operator.read'] }),
    }),
  ),
]

const trusted: readonly ConnectCase[] = [
  ...[
    { id: 'chain', headers: behindProxy('198.51.100.1, 127.0.0.1') },
    { id: 'with-port', headers: behindProxy('203.0.113.9:4711') },
    { id: 'ipv6', headers: behindProxy('2001:db8::1') },
  ].map(
    ({ id, headers }): ConnectCase => ({
      id: `trusted-${id}`,
      title: `a client named as ${headers['x-forwarded-for']} is proxied, not local`,
      cites: ['proxy.trusted'],
      configuration: 'proxied',
      headers,
      send: { kind: 'connect', params: mac(), device: NEW },
      expect: waitsForApproval,
    }),
  ),
  {
    id: 'trusted-forwarded',
    title: 'a client named by Forwarded alone is proxied',
    cites: ['proxy.trusted'],
    configuration: 'proxied',
    headers: { forwarded: 'for=203.0.113.9' },
    send: { kind: 'connect', params: mac(), device: NEW },
    expect: {
      ours: waitsForApproval,
      official: untrusted,
      why: 'Forwarded (RFC 7239) is the standard header; from a trusted proxy it names the client as well as X-Forwarded-For.',
    },
  },
  ...[
    { id: 'loopback', headers: behindProxy('127.0.0.1') },
    { id: 'garbage', headers: behindProxy('garbage') },
    { id: 'empty', headers: behindProxy('') },
    { id: 'real-ip', headers: { 'x-real-ip': '203.0.113.9' } },
    { id: 'proto', headers: { 'x-forwarded-proto': 'https' } },
  ].map(
    ({ id, headers }): ConnectCase => ({
      id: `trusted-unnamed-${id}`,
      title: `a trusted proxy that names no client (${id}) is refused before the upgrade`,
      cites: ['proxy.client-missing'],
      configuration: 'proxied',
      headers,
      send: { kind: 'connect', params: mac(), device: NEW },
      expect: untrusted,
    }),
  ),
  {
    id: 'trusted-no-header-cli',
    title: 'a listed loopback peer without forwarding headers is local',
    cites: ['proxy.silent-peer'],
    configuration: 'proxied',
    send: { kind: 'connect', params: operator() },
    expect: hello({ scopes: ['operator.read'] }),
  },
  {
    id: 'trusted-no-header-device',
    title: 'a new device of a listed loopback peer is paired silently',
    cites: ['proxy.silent-peer', 'pairing.silent'],
    configuration: 'proxied',
    send: { kind: 'connect', params: mac(), device: NEW },
    expect: hello({ scopes: ['operator.read'], hasDeviceToken: true }),
  },
  ...[
    { id: 'cli', params: operator() },
    { id: 'backend', params: operator({ client: BACKEND }) },
  ].map(
    ({ id, params }): ConnectCase => ({
      id: `proxied-${id}`,
      title: `a proxied ${id} client without a device has no scopes`,
      cites: ['proxy.no-owner', 'auth.scopes-cleared'],
      configuration: 'proxied',
      headers: behindProxy('203.0.113.22'),
      send: { kind: 'connect', params },
      expect: hello({ scopes: [] }),
    }),
  ),
]

export const originCases: readonly ConnectCase[] = [...origins, ...hosts, ...evidence, ...trusted]
