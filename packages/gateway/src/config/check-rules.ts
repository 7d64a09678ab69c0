// Rules between leaves: settings that are each fine and together unsafe or unusable. Pure; a table of small checks.

import type { ConfigIssue } from './config-issue.ts'
import type { ResolvedConfig } from './schema.ts'

type Rule = (config: ResolvedConfig) => ConfigIssue | undefined

const isLoopbackBind = (bind: string): boolean => bind === 'loopback' || bind === '::1' || bind.startsWith('127.')

const openToTheNetwork: Rule = ({ gateway: { auth, bind } }) =>
  auth.mode === 'none' && !isLoopbackBind(bind)
    ? {
        path: 'gateway.auth.mode',
        message: `"none" would let anybody who reaches gateway.bind ${JSON.stringify(bind)} control this gateway`,
        nextStep: 'set gateway.auth.mode to "token", or gateway.bind to "loopback"',
      }
    : undefined

const passwordMissing: Rule = ({ gateway: { auth } }) =>
  auth.mode === 'password' && auth.password === undefined
    ? {
        path: 'gateway.auth.password',
        message: 'is required when gateway.auth.mode is "password"',
        nextStep: 'set it, or name an environment variable that holds it',
      }
    : undefined

const proxyUserHeaderMissing: Rule = ({ gateway: { auth } }) =>
  auth.mode === 'trusted-proxy' && auth.trustedProxy.userHeader === undefined
    ? {
        path: 'gateway.auth.trustedProxy.userHeader',
        message: 'is required when gateway.auth.mode is "trusted-proxy"',
        nextStep: 'name the header in which your proxy puts the user',
      }
    : undefined

const noProxyTrusted: Rule = ({ gateway: { auth, trustedProxies } }) =>
  auth.mode === 'trusted-proxy' && trustedProxies.length === 0
    ? {
        path: 'gateway.trustedProxies',
        message: 'is required when gateway.auth.mode is "trusted-proxy"',
        nextStep: 'list the addresses of your proxy',
      }
    : undefined

/** A shared token would be a way around the proxy. */
const tokenBesidesProxy: Rule = ({ gateway: { auth } }) =>
  auth.mode === 'trusted-proxy' && auth.token !== undefined
    ? {
        path: 'gateway.auth.token',
        message: 'cannot be combined with gateway.auth.mode "trusted-proxy"',
        nextStep: 'remove it; local callers may use gateway.auth.password',
      }
    : undefined

const halfACertificate: Rule = ({ gateway: { tls } }) => {
  if ((tls.certPath === undefined) === (tls.keyPath === undefined)) return undefined
  const [missing, present] = tls.certPath === undefined ? ['certPath', 'keyPath'] : ['keyPath', 'certPath']
  return { path: `gateway.tls.${missing}`, message: `is required together with gateway.tls.${present}` }
}

const noCertificate: Rule = ({ gateway: { tls } }) =>
  tls.enabled && !tls.autoGenerate && tls.certPath === undefined && tls.keyPath === undefined
    ? {
        path: 'gateway.tls.certPath',
        message: 'is required when gateway.tls.enabled is true and gateway.tls.autoGenerate is false',
      }
    : undefined

/** A pin nobody checks would be false comfort. */
const pinWithoutTls: Rule = ({ gateway: { remote } }) =>
  remote.tlsFingerprint !== undefined && remote.url?.startsWith('ws:') === true
    ? {
        path: 'gateway.remote.tlsFingerprint',
        message: 'needs a wss:// address in gateway.remote.url',
      }
    : undefined

const RULES: readonly Rule[] = [
  openToTheNetwork,
  passwordMissing,
  proxyUserHeaderMissing,
  noProxyTrusted,
  tokenBesidesProxy,
  halfACertificate,
  noCertificate,
  pinWithoutTls,
]

export const checkRules = (config: ResolvedConfig): ConfigIssue[] =>
  RULES.map((rule) => rule(config)).filter((issue) => issue !== undefined)
