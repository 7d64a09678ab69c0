// Trusted-proxy authentication: the proxy vouches for the user.

import { type ConnectCase, hello } from '../case.ts'
import { PROXY_USER } from '../configurations.ts'
import { admin, behindProxy, mac, operator } from './peers.ts'
import { identityRequired, unauthorized, waitsForApproval } from './refusals.ts'

const NEW = { key: 'new' } as const

const userHeaders = (user: string | undefined, more: Readonly<Record<string, string>> = {}) => ({
  ...behindProxy('203.0.113.50', more),
  ...(user === undefined ? {} : { 'x-forwarded-user': user }),
})

const proxyCase = (
  id: string,
  title: string,
  more: Pick<ConnectCase, 'cites' | 'expect'> & Partial<ConnectCase>,
): ConnectCase => ({
  id: `proxy-auth-${id}`,
  title,
  configuration: 'trusted-proxy',
  send: { kind: 'connect', params: operator({ auth: undefined }) },
  ...more,
})

const PROXY_NAMED =
  'Law 9: the fault is what the proxy sent; a device, which the other answer asks for, would not help.'

const notListed = unauthorized(
  'AUTH_UNAUTHORIZED',
  /^unauthorized/,
  'trusted_proxy_user_not_allowed',
  'review_auth_configuration',
)

const noUser = unauthorized(
  'AUTH_UNAUTHORIZED',
  /^unauthorized/,
  'trusted_proxy_user_missing',
  'review_auth_configuration',
)

const noHeader = unauthorized(
  'AUTH_IDENTITY_HEADER_REQUIRED',
  /^unauthorized/,
  'trusted_proxy_missing_header_x-forwarded-proto',
  'review_auth_configuration',
)

const notThroughProxy = unauthorized(
  'AUTH_IDENTITY_HEADER_REQUIRED',
  /^unauthorized/,
  'trusted_proxy_untrusted_source',
  'review_auth_configuration',
)

const DEVICE = { kind: 'connect', params: mac({ auth: undefined }), device: NEW } as const

const noProto = { 'x-forwarded-for': '203.0.113.50', 'x-forwarded-user': PROXY_USER }

export const proxyIdentityCases: readonly ConnectCase[] = [
  proxyCase('user', 'a listed user is let in by the proxy alone, with no scopes', {
    cites: ['auth.proxy-user', 'auth.scopes-cleared'],
    headers: userHeaders(PROXY_USER),
    send: { kind: 'connect', params: admin({ auth: undefined }) },
    expect: hello({ scopes: [], method: 'trusted-proxy' }),
  }),
  proxyCase('user-device', 'a new device of a listed user waits for approval', {
    cites: ['auth.proxy-user', 'pairing.required'],
    headers: userHeaders(PROXY_USER),
    send: DEVICE,
    expect: waitsForApproval,
  }),
  proxyCase('other-user', 'a user who is not listed is refused', {
    cites: ['auth.proxy-user'],
    headers: userHeaders('stranger@example.com'),
    expect: { ours: notListed, official: identityRequired, why: PROXY_NAMED },
  }),
  proxyCase('other-user-device', 'a device of a user who is not listed is refused', {
    cites: ['auth.proxy-user'],
    headers: userHeaders('stranger@example.com'),
    send: DEVICE,
    expect: notListed,
  }),
  proxyCase('no-user', 'a proxy that names no user is refused', {
    cites: ['auth.proxy-identity'],
    headers: userHeaders(undefined),
    expect: { ours: noUser, official: identityRequired, why: PROXY_NAMED },
  }),
  proxyCase('no-user-device', 'a device whose proxy names no user is refused', {
    cites: ['auth.proxy-identity'],
    headers: userHeaders(undefined),
    send: DEVICE,
    expect: noUser,
  }),
  proxyCase('no-header-device', 'a device whose proxy leaves out a promised header is refused', {
    cites: ['auth.proxy-identity'],
    headers: noProto,
    send: DEVICE,
    expect: noHeader,
  }),
  proxyCase('direct', 'a caller that does not come through the proxy is refused', {
    cites: ['auth.proxy-identity'],
    expect: { ours: notThroughProxy, official: identityRequired, why: PROXY_NAMED },
  }),
  proxyCase('direct-device', 'a device that does not come through the proxy is refused', {
    cites: ['auth.proxy-identity'],
    send: DEVICE,
    expect: {
      ours: notThroughProxy,
      official: noHeader,
      why: 'Law 11: a loopback peer without forwarding headers is no proxy, so the reason names the missing proxy, not a header.',
    },
  }),
]
