// The sole source of every configuration key: type, default, meaning, secrecy, and what a change of it needs.
// Types, validation, reload plans, redaction, the wire's schema and the reference page are derived from this table.

import { MAX_TRUSTED_PROXIES } from '../listener/trust-policy.ts'
import {
  ADDRESS,
  ADDRESS_RANGE,
  FILE_PATH,
  GATEWAY_URL,
  HEADER_NAME,
  HOST,
  ORIGIN,
  SCOPE,
  SECRET,
  TLS_FINGERPRINT,
  WORD,
} from './formats.ts'
import { boolean, choice, choiceOr, integer, leavesOf, list, type Resolved, secret, section, text } from './leaf.ts'

/** Entries of any list that has no narrower limit of its own. */
const MAX_LIST_ITEMS = 256

export const HANDSHAKE_ENV = 'BREAKWATER_HANDSHAKE_TIMEOUT_MS'

const handshakeTier = (description: string, defaultMs: number) =>
  integer({
    default: defaultMs,
    min: 250,
    max: 60_000,
    reload: 'live',
    owner: 'admission',
    env: HANDSHAKE_ENV,
    description,
  })

const auth = section('Who may connect, and with which secret.', {
  mode: choice(['token', 'password', 'trusted-proxy', 'none'], {
    default: 'token',
    reload: 'component',
    owner: 'auth',
    description:
      'What a connection without a device token must show: the gateway token, a password, an identity header set by a trusted proxy, or nothing. `none` is refused unless the gateway is bound to loopback.',
  }),
  token: secret({
    format: SECRET,
    reload: 'component',
    owner: 'auth',
    description: 'The shared token. Unset: the one generated on first start in the state directory.',
  }),
  password: secret({
    format: SECRET,
    reload: 'component',
    owner: 'auth',
    description:
      'The shared password. Required with mode `password`; with `trusted-proxy` it lets local callers in without the proxy. Unset: no password.',
  }),
  trustedProxy: section('Identity asserted by a reverse proxy, for mode `trusted-proxy`.', {
    userHeader: text({
      format: HEADER_NAME,
      reload: 'component',
      owner: 'auth',
      description: 'Header in which the proxy names the user. Required with mode `trusted-proxy`.',
    }),
    requiredHeaders: list({
      format: HEADER_NAME,
      maxItems: 32,
      reload: 'component',
      owner: 'auth',
      description: 'Headers that must all be present besides the user header. Empty: none.',
    }),
    allowUsers: list({
      format: WORD,
      maxItems: 4_096,
      reload: 'component',
      owner: 'auth',
      description: 'Users that may connect. Empty: everybody the proxy names.',
    }),
    allowLoopback: boolean({
      default: false,
      reload: 'component',
      owner: 'auth',
      description: 'Whether a proxy on this machine is believed. Any local program can then claim to be any user.',
    }),
    deviceAutoApprove: section('Pairing without a question for users a proxy vouches for.', {
      enabled: boolean({
        default: false,
        reload: 'live',
        owner: 'pairing',
        description: 'Whether an operator device of a vouched-for user is paired at once.',
      }),
      scopes: list({
        format: SCOPE,
        maxItems: 64,
        default: ['operator.read', 'operator.write', 'operator.approvals', 'operator.questions'],
        reload: 'live',
        owner: 'pairing',
        description: 'The most such a device is granted; it gets what it asked for within this list. Empty: nothing.',
      }),
    }),
  }),
})

const tls = section('Encryption of the TCP listener.', {
  enabled: boolean({
    default: false,
    reload: 'process',
    owner: 'tls',
    description: 'Whether the listener speaks TLS only.',
  }),
  autoGenerate: boolean({
    default: true,
    reload: 'component',
    owner: 'tls',
    description:
      'Whether a self-signed certificate is made once, in the state directory, when no certificate is named.',
  }),
  certPath: text({
    format: FILE_PATH,
    reload: 'component',
    owner: 'tls',
    description: 'PEM certificate chain, leaf first. Needs `keyPath`. Unset: the generated certificate.',
  }),
  keyPath: text({
    format: FILE_PATH,
    reload: 'component',
    owner: 'tls',
    description: 'PEM private key of `certPath`.',
  }),
  caPath: text({
    format: FILE_PATH,
    reload: 'component',
    owner: 'tls',
    description: 'PEM certificates of further issuers to send along. Unset: none.',
  }),
})

const nodes = section('Devices that lend the gateway their capabilities.', {
  pairing: section('Pairing without a question.', {
    autoApproveLocal: boolean({
      default: true,
      reload: 'live',
      owner: 'pairing',
      description: 'Whether programs on this machine that know the shared secret are paired without a question.',
    }),
    autoApproveCidrs: list({
      format: ADDRESS_RANGE,
      maxItems: MAX_LIST_ITEMS,
      reload: 'live',
      owner: 'pairing',
      description: 'Addresses whose new nodes are paired without a question. Empty: nobody is.',
    }),
  }),
  commands: section('Which commands nodes may be asked to run.', {
    allow: list({
      format: WORD,
      maxItems: MAX_LIST_ITEMS,
      reload: 'live',
      owner: 'nodes',
      description: 'Commands allowed in addition to those each platform allows by default. Empty: none.',
    }),
    deny: list({
      format: WORD,
      maxItems: MAX_LIST_ITEMS,
      reload: 'live',
      owner: 'nodes',
      description: 'Commands never allowed, whatever else says so. Empty: none.',
    }),
  }),
})

const remote = section('A gateway on another machine that the command line talks to when `gateway.mode` is `remote`.', {
  url: text({
    format: GATEWAY_URL,
    reload: 'live',
    owner: 'client',
    description: 'Address of the gateway. Unset: there is none.',
  }),
  token: secret({
    format: SECRET,
    reload: 'live',
    owner: 'client',
    description: 'Its shared token. Unset: the device token of this machine is used alone.',
  }),
  password: secret({
    format: SECRET,
    reload: 'live',
    owner: 'client',
    description: 'Its shared password. Unset: none is sent.',
  }),
  tlsFingerprint: text({
    format: TLS_FINGERPRINT,
    reload: 'live',
    owner: 'client',
    description: 'The only certificate that is accepted, whoever signed it. Unset: ordinary certificate checks.',
  }),
})

const gateway = section('The gateway process.', {
  mode: choice(['local', 'remote'], {
    default: 'local',
    reload: 'live',
    owner: 'client',
    description: 'Which gateway the command line talks to: the one of this machine, or `gateway.remote`.',
  }),
  port: integer({
    default: 18_789,
    min: 0,
    max: 65_535,
    reload: 'process',
    owner: 'listener',
    description: 'TCP port. 0: any free port.',
  }),
  bind: choiceOr(['loopback', 'lan'], ADDRESS, {
    default: 'loopback',
    reload: 'process',
    owner: 'listener',
    description: 'Which interfaces listen: this machine only, every interface, or the one with the given address.',
  }),
  unixSocket: boolean({
    default: true,
    reload: 'process',
    owner: 'listener',
    description:
      'Whether there is a Unix socket in the state directory too, for the owner, who needs no secret there. Has no effect on Windows.',
  }),
  auth,
  tls,
  trustedProxies: list({
    format: ADDRESS_RANGE,
    maxItems: MAX_TRUSTED_PROXIES,
    reload: 'component',
    owner: 'trust',
    description:
      'Addresses of reverse proxies that may say who their client is. Empty: forwarded requests are refused.',
  }),
  allowRealIpFallback: boolean({
    default: false,
    reload: 'component',
    owner: 'trust',
    description: 'Whether X-Real-IP of a trusted proxy names the client when no other forwarding header does.',
  }),
  controlUi: section('The browser interface.', {
    allowedOrigins: list({
      format: ORIGIN,
      maxItems: MAX_LIST_ITEMS,
      reload: 'component',
      owner: 'origins',
      description:
        "Origins of pages that may connect, besides the gateway's own page. `*` admits every page the browser opens and is insecure. Empty: no others.",
    }),
  }),
  allowedHosts: list({
    format: HOST,
    maxItems: MAX_LIST_ITEMS,
    reload: 'component',
    owner: 'origins',
    description:
      'Further host names under which browsers on this machine may reach the gateway. Empty: loopback names and the bound address.',
  }),
  handshake: section('How long a connection may stay silent before it has authenticated.', {
    localMs: handshakeTier('Milliseconds for each leg of the handshake of a caller on this machine.', 10_000),
    remoteMs: handshakeTier(
      'Milliseconds for each leg of the handshake of everybody else, proxied callers included.',
      3_000,
    ),
  }),
  nodes,
  remote,
})

const logging = section('The log of the gateway.', {
  level: choice(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'], {
    default: 'info',
    reload: 'component',
    owner: 'logging',
    description: 'The least severity that is written. `silent`: nothing is.',
  }),
  dir: text({
    format: FILE_PATH,
    reload: 'process',
    owner: 'logging',
    description: 'Directory of the log files. Unset: `logs` in the state directory.',
  }),
  retentionDays: integer({
    default: 14,
    min: 0,
    max: 3_650,
    reload: 'component',
    owner: 'logging',
    description: 'Days after which a log file is deleted. 0: files are kept until `maxBytes` bites.',
  }),
  maxBytes: integer({
    default: 268_435_456,
    min: 0,
    max: 1_099_511_627_776,
    reload: 'component',
    owner: 'logging',
    description: 'Bytes all log files may take together; the oldest are deleted beyond it. 0: no limit.',
  }),
  consoleStyle: choice(['pretty', 'json'], {
    default: 'pretty',
    reload: 'component',
    owner: 'logging',
    description: 'How lines on the console look: for people, or the same JSON as in the files.',
  }),
})

export const CONFIG_SCHEMA = section('Breakwater configuration.', {
  gateway,
  logging,
  metrics: section('Figures for a monitoring system.', {
    enabled: boolean({
      default: false,
      reload: 'component',
      owner: 'metrics',
      description: 'Whether the gateway serves Prometheus metrics.',
    }),
  }),
  discovery: section('How other machines find the gateway.', {
    mdns: section('Announcement on the local network.', {
      enabled: boolean({
        default: true,
        reload: 'component',
        owner: 'discovery',
        description: 'Whether the gateway is announced over multicast DNS when it is bound beyond loopback.',
      }),
    }),
  }),
})

/** The configuration every component reads: complete, typed and frozen. Unset leaves are `undefined`, never absent. */
export type ResolvedConfig = Resolved<typeof CONFIG_SCHEMA>

export const CONFIG_LEAVES = leavesOf(CONFIG_SCHEMA)

/**
 * Sections of the ecosystem's files that this gateway does not read. They are kept and named once, so that a file
 * carried over from elsewhere does not drown in guesses about misspelt keys.
 */
export const UNREAD_SECTIONS: ReadonlySet<string> = new Set(
  (
    'accessGroups acp agents approvals attachments auth bindings broadcast browser channels cloudWorkers commands cron ' +
    'desktop diagnostics env hooks mcp memory messages models nodeHost plugins proxy secrets security session skills ' +
    'surfaces talk telemetry tools transcripts tts ui update worktreeAcceleration worktreeRoot'
  ).split(' '),
)

/** Bookkeeping of editors and other programs: never a reason for a word. */
export const SILENT_KEYS: ReadonlySet<string> = new Set(['$schema', 'meta', 'wizard'])
