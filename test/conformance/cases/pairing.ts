// Pairing: silent on this machine, on request from elsewhere.

import { ABSENT, type ConnectCase, hello, type Matcher, refused } from '../case.ts'
import { BACKEND, behindProxy, MAC, mac, NODE_HOST, node, operator } from './peers.ts'

const NEW = { key: 'new' } as const
const PREPARED = { key: 'prepared' } as const
const PAIRED_MAC = [{ params: mac(), device: true }] as const

const silent: readonly ConnectCase[] = [
  {
    id: 'pair-local-app',
    title: 'an app on this machine is paired silently and gets a token',
    cites: ['pairing.silent'],
    send: { kind: 'connect', params: mac(), device: NEW },
    expect: hello({ scopes: ['operator.read'], method: 'token', hasDeviceToken: true }),
  },
  {
    id: 'pair-local-node',
    title: 'a node on this machine is paired silently and gets a token',
    cites: ['pairing.silent'],
    send: { kind: 'connect', params: node(), device: NEW },
    expect: hello({ scopes: [], method: 'token', hasDeviceToken: true }),
  },
  {
    id: 'pair-local-more-scopes',
    title: 'an app on this machine gets more scopes silently',
    cites: ['pairing.silent'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ scopes: ['operator.read', 'operator.write'] }), device: PREPARED },
    expect: hello({ scopes: ['operator.read', 'operator.write'], hasDeviceToken: true }),
  },
  {
    id: 'pair-local-other-platform',
    title: 'an app on this machine may change its platform',
    cites: ['pairing.silent'],
    prepare: PAIRED_MAC,
    send: {
      kind: 'connect',
      params: mac({ client: { ...MAC, platform: 'Windows 11', deviceFamily: 'Windows' } }),
      device: PREPARED,
    },
    expect: hello({ scopes: ['operator.read'], hasDeviceToken: true }),
  },
]

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

const pairingRequired = (reason: string, text: string, details: Readonly<Record<string, Matcher>>, isHeld: boolean) =>
  refused('NOT_PAIRED', 'PAIRING_REQUIRED', `pairing required: ${text}`, {
    details: {
      reason,
      requestId: REQUEST_ID,
      deviceId: /^[0-9a-f]{64}$/,
      remediationHint: /./,
      ...details,
      ...(isHeld
        ? { recommendedNextStep: 'wait_then_retry', retryable: true, pauseReconnect: false }
        : { recommendedNextStep: ABSENT, retryable: ABSENT, pauseReconnect: ABSENT }),
    },
    closeReason: new RegExp(`^pairing required: ${text} \\(requestId: `),
  })

const waiting = (reason: string, text: string, details: Readonly<Record<string, Matcher>>) => ({
  ours: pairingRequired(reason, text, details, true),
  official: pairingRequired(reason, text, details, false),
  why: 'Design 8: while a request waits, every client is told to keep coming back, so that it is in soon after the approval.',
})

const NOT_APPROVED = 'device is not approved yet'

const MORE_SCOPES = 'device is asking for more scopes than currently approved'

const HIGHER_ROLE = 'device is asking for a higher role than currently approved'

const CHANGED = 'device identity changed and must be re-approved'

const proxied = (
  id: string,
  title: string,
  more: Pick<ConnectCase, 'cites' | 'send' | 'expect'> & Partial<ConnectCase>,
): ConnectCase => ({
  id: `pair-proxied-${id}`,
  title,
  configuration: 'proxied',
  headers: behindProxy('203.0.113.20'),
  ...more,
})

const required: readonly ConnectCase[] = [
  proxied('new-app', 'a new app from elsewhere waits for approval', {
    cites: ['pairing.required'],
    send: { kind: 'connect', params: mac(), device: NEW },
    expect: waiting('not-paired', NOT_APPROVED, {
      requestedRole: 'operator',
      requestedScopes: ['operator.read'],
      approvedRoles: ABSENT,
      approvedScopes: ABSENT,
    }),
  }),
  proxied('new-node', 'a new node from elsewhere waits for approval', {
    cites: ['pairing.required'],
    send: { kind: 'connect', params: node(), device: NEW },
    expect: waiting('not-paired', NOT_APPROVED, { requestedScopes: ABSENT }),
  }),
  proxied('backend', "a proxied back end with a device is not the gateway's own", {
    cites: ['pairing.required', 'proxy.no-owner'],
    send: { kind: 'connect', params: operator({ client: BACKEND }), device: NEW },
    expect: waiting('not-paired', NOT_APPROVED, { requestedScopes: ['operator.read'] }),
  }),
  proxied('more-scopes', 'more scopes than approved wait for approval', {
    cites: ['pairing.scope-upgrade'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ scopes: ['operator.read', 'operator.admin'] }), device: PREPARED },
    expect: waiting('scope-upgrade', MORE_SCOPES, {
      requestedScopes: ['operator.read', 'operator.admin'],
      approvedRoles: ['operator'],
      approvedScopes: ['operator.read'],
    }),
  }),
  proxied('other-role', 'a role that was not approved waits for approval', {
    cites: ['pairing.role-upgrade'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: node({ client: { ...MAC, mode: 'node' } }), device: PREPARED },
    expect: waiting('role-upgrade', HIGHER_ROLE, {
      requestedScopes: ABSENT,
      approvedRoles: ['operator'],
      approvedScopes: ['operator.read'],
    }),
  }),
  proxied('other-platform', 'another platform under the same key waits for approval', {
    cites: ['pairing.metadata-upgrade'],
    prepare: PAIRED_MAC,
    send: {
      kind: 'connect',
      params: mac({ client: { ...MAC, platform: 'Windows 11', deviceFamily: 'Windows' } }),
      device: PREPARED,
    },
    expect: waiting('metadata-upgrade', CHANGED, { approvedRoles: ['operator'], approvedScopes: ['operator.read'] }),
  }),
  proxied('newer-platform', 'a newer version of the platform needs no approval', {
    cites: ['pairing.metadata-bump'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ client: { ...MAC, platform: 'macOS 15.4' } }), device: PREPARED },
    expect: hello({ scopes: ['operator.read'], hasDeviceToken: true }),
  }),
  proxied('approved', 'an approved app connects from elsewhere', {
    cites: ['pairing.silent'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac(), device: PREPARED },
    expect: hello({ scopes: ['operator.read'], method: 'token', hasDeviceToken: true }),
  }),
  {
    id: 'pair-node-with-scopes',
    title: 'a node on this machine that asks for scopes waits for approval',
    cites: ['pairing.node-scopes'],
    send: { kind: 'connect', params: node({ client: NODE_HOST, scopes: ['operator.read'] }), device: NEW },
    expect: waiting('not-paired', NOT_APPROVED, { requestedScopes: ['operator.read'] }),
  },
]

export const pairingCases: readonly ConnectCase[] = [...silent, ...required]
