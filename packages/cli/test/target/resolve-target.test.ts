import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadLocalConfig, type ResolvedConfig } from '@breakwater/gateway/local'
import { EXIT } from '../../src/exit-codes.ts'
import { CommandError } from '../../src/failure.ts'
import {
  type LocalFacts,
  resolveTargets,
  type Target,
  type TargetFlags,
  typedTarget,
} from '../../src/target/resolve-target.ts'

const PIN = 'ab'.repeat(32)
const OTHER_PIN = 'cd'.repeat(32)

async function settingsOf(gateway: object): Promise<ResolvedConfig['gateway']> {
  const paths = {
    homeDir: '/home/o',
    stateDir: '/home/o/.breakwater',
    configPath: '/home/o/.breakwater/breakwater.json',
  }
  const load = await loadLocalConfig(paths, {}, { rootText: JSON.stringify({ gateway }) })
  assert.ok(load.valid, JSON.stringify(load.issues))
  return load.config.gateway
}

interface Case {
  readonly title: string
  readonly flags?: TargetFlags
  readonly gateway?: object
  readonly facts?: Partial<LocalFacts>
  /** In order; only the named members are compared. */
  readonly expected: readonly Partial<Target>[]
}

const SOCKET = '/home/o/.breakwater/run/gateway.sock'
const TOKEN_PATH = '/home/o/.breakwater/token'

const CASES: readonly Case[] = [
  {
    title: 'an untouched machine is tried on its default port, with nothing to show',
    expected: [
      { kind: 'tcp', url: 'ws://127.0.0.1:18789', token: undefined, credentialFrom: 'none', isOurMachine: true },
    ],
  },
  {
    title: "the owner's socket comes first and needs no secret",
    facts: { ownerSocket: SOCKET, tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [
      { kind: 'owner-socket', url: `unix:${SOCKET}`, token: undefined, password: undefined },
      { kind: 'tcp', token: 'generated', credentialFrom: TOKEN_PATH },
    ],
  },
  {
    title: 'a typed token is meant to be shown, so the socket that asks for none is not used',
    flags: { token: 'typed' },
    facts: { ownerSocket: SOCKET, tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ kind: 'tcp', token: 'typed', credentialFrom: 'command line' }],
  },
  {
    title: 'the token of the configuration comes before the environment and the file',
    gateway: { auth: { token: 'configured' } },
    facts: { env: { token: 'of-env', password: undefined }, tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ token: 'configured', credentialFrom: 'gateway.auth.token' }],
  },
  {
    title: 'the token of the environment comes before the file',
    facts: { env: { token: 'of-env', password: undefined }, tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ token: 'of-env', credentialFrom: 'BREAKWATER_GATEWAY_TOKEN' }],
  },
  {
    title: 'a blank variable counts as none',
    facts: { env: { token: '  ', password: '' }, tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ token: 'generated', password: undefined }],
  },
  {
    title: 'a typed password is not outvoted by a token that lies around',
    flags: { password: 'typed' },
    facts: { tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ token: undefined, password: 'typed', credentialFrom: 'command line' }],
  },
  {
    title: 'a configured password is shown',
    gateway: { auth: { mode: 'password', password: 'configured' } },
    expected: [{ token: undefined, password: 'configured', credentialFrom: 'gateway.auth.password' }],
  },
  {
    title: 'the configured port counts, and every interface includes this one',
    gateway: { port: 20_000, bind: 'lan' },
    expected: [{ url: 'ws://127.0.0.1:20000' }],
  },
  {
    title: 'a gateway bound to one address is reached there',
    gateway: { bind: '192.168.1.5' },
    expected: [{ url: 'ws://192.168.1.5:18789' }],
  },
  {
    title: 'an IPv6 address is written as URLs want it',
    gateway: { bind: '::1' },
    expected: [{ url: 'ws://[::1]:18789' }],
  },
  {
    title: 'with TLS the certificate of the state directory is the only one accepted',
    gateway: { tls: { enabled: true } },
    facts: { certificateFingerprint: PIN },
    expected: [{ url: 'wss://127.0.0.1:18789', tlsPin: PIN }],
  },
  {
    title: 'a typed fingerprint comes before the one on disk',
    flags: { tlsFingerprint: OTHER_PIN },
    gateway: { tls: { enabled: true } },
    facts: { certificateFingerprint: PIN },
    expected: [{ tlsPin: OTHER_PIN }],
  },
  {
    title: 'a gateway on any free port is only found by its socket',
    gateway: { port: 0 },
    facts: { ownerSocket: SOCKET },
    expected: [{ kind: 'owner-socket' }],
  },
  {
    title: 'in remote mode nothing of this machine is tried',
    gateway: {
      mode: 'remote',
      remote: { url: 'wss://far:18789', token: 'far', tlsFingerprint: PIN },
      auth: { token: 'near' },
    },
    facts: { ownerSocket: SOCKET, env: { token: 'of-env', password: undefined } },
    expected: [
      {
        url: 'wss://far:18789',
        token: 'far',
        tlsPin: PIN,
        credentialFrom: 'gateway.remote.token',
        isOurMachine: false,
      },
    ],
  },
  {
    title: 'in remote mode the environment follows the remote token and comes before the remote password',
    gateway: { mode: 'remote', remote: { url: 'wss://far:18789', password: 'far' } },
    facts: { env: { token: 'of-env', password: 'env-password' }, tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ token: 'of-env', password: 'env-password' }],
  },
  {
    title: 'the generated token of this machine is not for a gateway elsewhere',
    gateway: { mode: 'remote', remote: { url: 'wss://far:18789' } },
    facts: { tokenFile: { path: TOKEN_PATH, token: 'generated' } },
    expected: [{ token: undefined, credentialFrom: 'none' }],
  },
]

for (const { title, flags = {}, gateway = {}, facts, expected } of CASES) {
  test(title, async () => {
    const targets = resolveTargets(flags, {
      settings: await settingsOf(gateway),
      configPath: '/home/o/.breakwater/breakwater.json',
      ownerSocket: undefined,
      env: { token: undefined, password: undefined },
      tokenFile: { path: TOKEN_PATH, token: undefined },
      certificateFingerprint: undefined,
      ...facts,
    }).filter((target) => target !== undefined)
    assert.equal(targets.length, expected.length, JSON.stringify(targets))
    expected.forEach((part, index) => {
      const actual = targets[index] as unknown as Record<string, unknown>
      for (const [name, value] of Object.entries(part)) assert.equal(actual[name], value, name)
    })
  })
}

const facts = async (gateway: object): Promise<LocalFacts> => ({
  settings: await settingsOf(gateway),
  configPath: '/c.json',
  ownerSocket: undefined,
  env: { token: undefined, password: undefined },
  tokenFile: { path: TOKEN_PATH, token: undefined },
  certificateFingerprint: undefined,
})

const exitCodeIs = (exitCode: number) => (error: unknown) =>
  error instanceof CommandError && error.failure.exitCode === exitCode

test('remote mode without an address is a fault of the configuration', async () => {
  const remote = await facts({ mode: 'remote' })
  assert.throws(() => resolveTargets({}, remote), exitCodeIs(EXIT.configuration))
})

test('without a port and without a socket there is nothing to try', async () => {
  const nowhere = await facts({ port: 0 })
  assert.throws(() => resolveTargets({}, nowhere), exitCodeIs(EXIT.unreachable))
})

test('a typed address takes only what was typed beside it', () => {
  const target = typedTarget('wss://typed:1', { token: 't', tlsFingerprint: PIN }, false)
  assert.deepEqual(target, {
    kind: 'tcp',
    url: 'wss://typed:1',
    token: 't',
    password: undefined,
    tlsPin: PIN,
    credentialFrom: 'command line',
    isOurMachine: false,
  })
})

test('a typed address without a secret is refused, unless it is a socket or only probed', () => {
  assert.throws(() => typedTarget('ws://127.0.0.1:1', {}, false), exitCodeIs(EXIT.usage))
  assert.equal(typedTarget('ws://127.0.0.1:1', {}, true).credentialFrom, 'none')
  assert.equal(typedTarget('unix:/run/gateway.sock', {}, false).kind, 'owner-socket')
})
