// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested.

import assert from 'node:assert/strict'
import { chmod, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_CONFIG_FILE_BYTES } from '../../src/config/read-text-file.ts'
import { REDACTED } from '../../src/config/redacted.ts'
import { MAX_UNKNOWN_KEY_WARNINGS } from '../../src/config/resolve-config.ts'
import { CONFIG_LEAVES } from '../../src/config/schema.ts'
import { assertValid, createConfigDirectory, issuesOf, loadText, warningsOf } from './config-fixture.ts'

test('without a file the defaults are in effect and nothing is wrong', async () => {
  await using directory = await createConfigDirectory()
  const load = await directory.load()
  assertValid(load)
  assert.deepEqual([load.exists, load.raw, load.parsed, load.source], [false, null, {}, {}])
  assert.equal(load.config.gateway.port, 18_789)
  assert.deepEqual(load.sourcePaths, [directory.configPath])
  assert.match(load.hash, /^hmac-sha256:v1:[\w-]{43}$/)
})

test('a missing file that was there before is an issue, not a return to the defaults', async () => {
  await using directory = await createConfigDirectory()
  const load = await directory.load(undefined, {}, { isRequired: true })
  assert.deepEqual([load.valid, load.exists, load.config], [false, false, undefined])
  assert.deepEqual(issuesOf(load), [`${directory.configPath}: the configuration file was removed`])
})

test('JSON5 is read with comments, trailing commas, single quotes and a byte order mark', async () => {
  await using directory = await createConfigDirectory()
  const load = await directory.load("\uFEFF// mine\n{ gateway: { port: 0x1F90, bind: 'lan', }, }\n")
  assertValid(load)
  assert.deepEqual([load.config.gateway.port, load.config.gateway.bind], [8_080, 'lan'])
})

test('the hash belongs to the text: equal texts agree, a blank more does not', async () => {
  const [first, second, other] = await Promise.all(['{}', '{}', '{ }'].map((text) => loadText(text)))
  assert.equal(first?.hash, second?.hash)
  assert.notEqual(first?.hash, other?.hash)
})

const WRONG: readonly (readonly [text: string, issue: string])[] = [
  ['{ gateway: { port: "80" } }', 'gateway.port: expected an integer from 0 to 65535, got "80"'],
  ['{ gateway: { port: 65536 } }', 'gateway.port: expected an integer from 0 to 65535, got 65536'],
  ['{ gateway: { port: 1.5 } }', 'gateway.port: expected an integer from 0 to 65535, got 1.5'],
  ['{ gateway: { port: null } }', 'gateway.port: expected an integer from 0 to 65535, got null'],
  ['{ gateway: [] }', 'gateway: expected an object, got a list of 0'],
  ['{ gateway: { auth: "token" } }', 'gateway.auth: expected an object, got "token"'],
  [
    '{ gateway: { bind: "everywhere" } }',
    'gateway.bind: expected "loopback", "lan" or an IP address, got "everywhere"',
  ],
  [
    '{ gateway: { auth: { mode: "tokn" } } }',
    'gateway.auth.mode: expected "token", "password", "trusted-proxy" or "none", got "tokn"',
  ],
  [
    '{ gateway: { auth: { token: 12345678 } } }',
    'gateway.auth.token: expected a non-empty text without line breaks or surrounding blanks, got a number',
  ],
  [
    '{ gateway: { auth: { token: "abc\\n" } } }',
    'gateway.auth.token: expected a non-empty text without line breaks or surrounding blanks, got a string',
  ],
  [
    '{ gateway: { trustedProxies: ["10.0.0.1", "0.0.0.0/0"] } }',
    'gateway.trustedProxies[1]: expected an IP address or a CIDR range like 10.0.0.0/8, never /0, got "0.0.0.0/0"',
  ],
  [
    '{ gateway: { trustedProxies: "10.0.0.1" } }',
    'gateway.trustedProxies: expected a list, each entry an IP address or a CIDR range like 10.0.0.0/8, never /0, got "10.0.0.1"',
  ],
  [
    '{ gateway: { controlUi: { allowedOrigins: [{}] } } }',
    'gateway.controlUi.allowedOrigins[0]: expected an origin like https://host.example:8443, or *, got an object',
  ],
  [
    '{ gateway: { handshake: { localMs: 249 } } }',
    'gateway.handshake.localMs: expected an integer from 250 to 60000, got 249',
  ],
  ['{ logging: { level: "verbose" } }', undefined as never],
  ['{ metrics: { enabled: "yes" } }', 'metrics.enabled: expected true or false, got "yes"'],
  [
    '{ gateway: { remote: { url: "wss://me:pw@host" } } }',
    'gateway.remote.url: expected a ws:// or wss:// URL without user name or password, got "wss://me:pw@host"',
  ],
  ['{ gateway: { port: 1e999 } }', 'gateway.port: Infinity is not a finite number'],
  ['{ gateway: { "__proto__": {} } }', 'gateway.__proto__: this key is not allowed'],
  ['[]', 'expected an object in the file'],
]

test('a wrong value is refused with its exact path, what was expected and what arrived', async () => {
  for (const [text, issue] of WRONG) {
    const load = await loadText(text)
    assert.equal(load.valid, false, text)
    if (issue === undefined)
      assert.match(issuesOf(load)[0] ?? '', /^logging\.level: expected "silent", .* got "verbose"$/)
    else assert.deepEqual(issuesOf(load), [issue])
  }
})

test('everything wrong is reported at once', async () => {
  const load = await loadText('{ gateway: { port: -1, unixSocket: 1 }, logging: 5 }')
  assert.deepEqual(
    load.issues.map(({ path }) => path),
    ['gateway.port', 'gateway.unixSocket', 'logging'],
  )
})

test('a syntax error names line and column and shows nothing of the text', async () => {
  const load = await loadText('{\n  gateway: { token: "hunter2 },\n}')
  assert.equal(load.valid, false)
  assert.match(issuesOf(load)[0] ?? '', /^not valid JSON5: .* at line \d+, column \d+$/)
  assert.doesNotMatch(JSON.stringify(load.issues), /hunter2/)
  assert.equal(load.isReadable, false)
})

test('the placeholder of a hidden secret is not a secret', async () => {
  const load = await loadText(JSON.stringify({ gateway: { auth: { token: REDACTED } } }))
  assert.match(issuesOf(load)[0] ?? '', /^gateway\.auth\.token: expected .* not the placeholder of a hidden one/)
})

test('unknown keys warn with the key that was probably meant, and never refuse', async () => {
  const load = await loadText('{ gatewya: {}, port: 1, gateway: { prot: 1, auth: { tokn: "x" } }, zzz: 1 }')
  assertValid(load)
  assert.deepEqual(warningsOf(load), [
    'gatewya: unknown key, ignored (did you mean gateway?)',
    'port: unknown key, ignored (did you mean gateway.port?)',
    'zzz: unknown key, ignored',
    'gateway.prot: unknown key, ignored (did you mean gateway.port?)',
    'gateway.auth.tokn: unknown key, ignored (did you mean gateway.auth.token?)',
  ])
})

test('sections of other programs are named once each, bookkeeping not at all, and a flood of keys is cut', async () => {
  const load = await loadText('{ $schema: "x", meta: {}, channels: { telegram: { botToken: "1" } }, agents: {} }')
  assertValid(load)
  assert.deepEqual(
    load.warnings.map(({ path }) => path),
    ['channels', 'agents'],
  )
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index]))
  const flooded = await loadText(JSON.stringify(many))
  assert.equal(flooded.warnings.length, MAX_UNKNOWN_KEY_WARNINGS + 1)
  assert.equal(warningsOf(flooded).at(-1), '450 more unknown keys')
})

test('environment variables are substituted; escaped references and lower case names are text', async () => {
  const text = '{ gateway: { auth: { token: "${TOKEN}", password: "a$${TOKEN}b${lower}" } } }'
  const load = await loadText(text, { TOKEN: 'abc', lower: 'no' })
  assertValid(load)
  assert.equal(load.config.gateway.auth.token, 'abc')
  assert.equal(load.config.gateway.auth.password, 'a${TOKEN}b${lower}')
  assert.deepEqual(load.parsed, { gateway: { auth: { token: '${TOKEN}', password: 'a$${TOKEN}b${lower}' } } })
})

test('a missing or empty variable is an issue that names path and variable, once', async () => {
  for (const env of [{}, { PROXY: '' }]) {
    const load = await loadText('{ gateway: { trustedProxies: ["10.0.0.1", "${PROXY}"] } }', env)
    assert.deepEqual(issuesOf(load), [
      'gateway.trustedProxies[1]: environment variable PROXY is not set (set PROXY, or write $${PROXY} if that very text is meant)',
    ])
  }
})

test('a variable missing in a section nobody reads only warns', async () => {
  const load = await loadText('{ channels: { telegram: { botToken: "${TELEGRAM}" } } }')
  assertValid(load)
  assert.match(warningsOf(load).at(-1) ?? '', /^channels\.telegram\.botToken: environment variable TELEGRAM is not set/)
})

test('a whole reference may stand for a number or a boolean, a text with more in it may not', async () => {
  const good = await loadText('{ gateway: { port: "${PORT}", unixSocket: "${SOCKET}" } }', {
    PORT: '8080',
    SOCKET: 'false',
  })
  assertValid(good)
  assert.deepEqual([good.config.gateway.port, good.config.gateway.unixSocket], [8_080, false])
  const bad = await loadText('{ gateway: { port: "1${PORT}" } }', { PORT: '80' })
  assert.deepEqual(issuesOf(bad), ['gateway.port: expected an integer from 0 to 65535, got "180"'])
})

test('substitution cannot be used to exhaust memory', async () => {
  const load = await loadText(JSON.stringify({ many: Array(50_000).fill('${BIG}') }), { BIG: 'x'.repeat(100_000) })
  assert.ok(issuesOf(load).includes('environment variables add too much text'))
})

test('the handshake variable sets both tiers over the file, within the same bounds', async () => {
  const text = '{ gateway: { handshake: { localMs: 5000 } } }'
  const load = await loadText(text, { BREAKWATER_HANDSHAKE_TIMEOUT_MS: '20000' })
  assertValid(load)
  assert.deepEqual(load.config.gateway.handshake, { localMs: 20_000, remoteMs: 20_000 })
  const bad = await loadText('{}', { BREAKWATER_HANDSHAKE_TIMEOUT_MS: '60001' })
  assert.deepEqual(issuesOf(bad), [
    'gateway.handshake.localMs: expected an integer from 250 to 60000, got 60001 from BREAKWATER_HANDSHAKE_TIMEOUT_MS',
    'gateway.handshake.remoteMs: expected an integer from 250 to 60000, got 60001 from BREAKWATER_HANDSHAKE_TIMEOUT_MS',
  ])
})

test('overrides win over file and environment, are checked alike, and must name a key', async () => {
  const overrides = [
    { path: 'gateway.port', value: '0', origin: '--port' },
    { path: 'gateway.handshake.localMs', value: 300, origin: 'test' },
  ]
  const load = await loadText('{ gateway: { port: 5 } }', { BREAKWATER_HANDSHAKE_TIMEOUT_MS: '900' }, { overrides })
  assertValid(load)
  assert.deepEqual([load.config.gateway.port, load.config.gateway.handshake.localMs], [0, 300])
  const bad = await loadText('{}', {}, { overrides: [{ path: 'gateway.prt', value: 1, origin: '--prt' }] })
  assert.deepEqual(issuesOf(bad), ['gateway.prt: expected a configuration key, got an unknown one from --prt'])
})

test('a wrong value in the file is reported even when an override hides it', async () => {
  const load = await loadText(
    '{ gateway: { port: "x" } }',
    {},
    {
      overrides: [{ path: 'gateway.port', value: 0, origin: '--port' }],
    },
  )
  assert.deepEqual(issuesOf(load), ['gateway.port: expected an integer from 0 to 65535, got "x"'])
})

test('values come back in their normal spelling', async () => {
  const load = await loadText(
    JSON.stringify({
      gateway: {
        bind: '::ffff:10.0.0.5',
        auth: { trustedProxy: { userHeader: 'X-User' } },
        tls: { certPath: 'tls/cert.pem', keyPath: '~/key.pem' },
        remote: { url: 'wss://host', tlsFingerprint: `SHA256:${'AB:'.repeat(31)}AB` },
      },
    }),
  )
  assertValid(load)
  const { bind, auth, tls, remote } = load.config.gateway
  assert.deepEqual(
    [bind, auth.trustedProxy.userHeader, tls.certPath, tls.keyPath, remote.tlsFingerprint],
    ['10.0.0.5', 'x-user', '/etc/breakwater/tls/cert.pem', '/home/somebody/key.pem', 'ab'.repeat(32)],
  )
})

const UNSAFE: readonly (readonly [text: string, path: string])[] = [
  ['{ gateway: { bind: "lan", auth: { mode: "none" } } }', 'gateway.auth.mode'],
  ['{ gateway: { bind: "192.168.1.5", auth: { mode: "none" } } }', 'gateway.auth.mode'],
  ['{ gateway: { auth: { mode: "password" } } }', 'gateway.auth.password'],
  [
    '{ gateway: { trustedProxies: ["10.0.0.1"], auth: { mode: "trusted-proxy" } } }',
    'gateway.auth.trustedProxy.userHeader',
  ],
  [
    '{ gateway: { auth: { mode: "trusted-proxy", trustedProxy: { userHeader: "x-user" } } } }',
    'gateway.trustedProxies',
  ],
  [
    '{ gateway: { trustedProxies: ["10.0.0.1"], auth: { mode: "trusted-proxy", token: "t", trustedProxy: { userHeader: "u" } } } }',
    'gateway.auth.token',
  ],
  ['{ gateway: { tls: { certPath: "a" } } }', 'gateway.tls.keyPath'],
  ['{ gateway: { tls: { keyPath: "a" } } }', 'gateway.tls.certPath'],
  ['{ gateway: { tls: { enabled: true, autoGenerate: false } } }', 'gateway.tls.certPath'],
  [`{ gateway: { remote: { url: "ws://h", tlsFingerprint: "${'ab'.repeat(32)}" } } }`, 'gateway.remote.tlsFingerprint'],
]

test('settings that are unsafe or unusable together are refused at the one to change', async () => {
  for (const [text, path] of UNSAFE) {
    const load = await loadText(text)
    assert.deepEqual(
      load.issues.map((issue) => issue.path),
      [path],
      text,
    )
  }
  for (const bind of ['loopback', '127.0.0.1', '127.8.8.8', '::1']) {
    assertValid(await loadText(JSON.stringify({ gateway: { bind, auth: { mode: 'none' } } })))
  }
})

test('spellings of other files are carried over with a word about it', async () => {
  const text = `{
    gateway: { bind: "custom", customBindHost: "10.0.0.5", auth: { token: { source: "env", provider: "default", id: "TOKEN" } } },
    discovery: { mdns: { mode: "off" } },
  }`
  const load = await loadText(text, { TOKEN: 'abc' })
  assertValid(load)
  const { gateway, discovery } = load.config
  assert.deepEqual([gateway.bind, gateway.auth.token, discovery.mdns.enabled], ['10.0.0.5', 'abc', false])
  assert.deepEqual(warningsOf(load), [
    'gateway.bind: "custom" is read as the address in gateway.customBindHost',
    'discovery.mdns.enabled: discovery.mdns.mode "off" is read as false',
  ])
  const elsewhere = await loadText('{ gateway: { auth: { token: { source: "file", id: "/run/x" } } } }')
  assert.match(issuesOf(elsewhere)[0] ?? '', /^gateway\.auth\.token: expected .* got an object$/)
  const nameless = await loadText('{ gateway: { auth: { token: { source: "env", id: { toString: null } } } } }')
  assert.equal(nameless.valid, false)
  const lowerCase = await loadText('{ gateway: { auth: { token: { source: "env", id: "token" } } } }')
  assert.equal(lowerCase.valid, false)
})

test('unusable files are issues that name the file', async () => {
  await using directory = await createConfigDirectory()
  await mkdir(directory.configPath)
  assert.deepEqual(issuesOf(await directory.load()), [`${directory.configPath}: not a regular file`])
  await rm(directory.configPath, { recursive: true })
  await symlink(directory.configPath, directory.configPath)
  assert.match(issuesOf(await directory.load())[0] ?? '', /ELOOP/)
  await rm(directory.configPath)
  assert.deepEqual(issuesOf(await directory.load(`"${'x'.repeat(MAX_CONFIG_FILE_BYTES)}"`)), [
    `${directory.configPath}: larger than ${MAX_CONFIG_FILE_BYTES} bytes`,
  ])
  await rm(directory.configPath)
  await symlink('/dev/zero', directory.configPath)
  assert.deepEqual(issuesOf(await directory.load()), [`${directory.configPath}: not a regular file`])
})

test('a file the user may not read is an issue', {
  skip: process.getuid?.() === 0 && 'root reads everything',
}, async () => {
  await using directory = await createConfigDirectory()
  await directory.write('breakwater.json', '{}')
  await chmod(join(directory.path, 'breakwater.json'), 0)
  assert.deepEqual(issuesOf(await directory.load()), [`${directory.configPath}: not readable by this user`])
})

test('deeply nested and enormous values are refused, not walked', async () => {
  const nested = await loadText(`{ a: ${'['.repeat(5_000)}${']'.repeat(5_000)} }`)
  assert.match(issuesOf(nested)[0] ?? '', /nested deeper than 64 levels$/)
  const wide = await loadText(JSON.stringify({ a: Array(200_000).fill(0) }))
  assert.match(issuesOf(wide)[0] ?? '', /more than 100000 values$/)
})

const anyConfigLike = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'medium' },
    fc.jsonValue(),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...CONFIG_LEAVES.flatMap(({ path }) => path.split('.'))), fc.string()),
      tie('node'),
    ),
    fc.array(tie('node'), { maxLength: 4 }),
  ),
})).node

test('no value whatsoever makes loading throw, and an invalid one always says why', async () => {
  await fc.assert(
    fc.asyncProperty(anyConfigLike, async (value) => {
      const load = await loadText(JSON.stringify(value))
      assert.equal(load.valid, load.issues.length === 0)
      assert.equal(load.config === undefined, !load.valid)
      for (const issue of load.issues) assert.ok(issue.message.length > 0)
    }),
    { numRuns: 200 },
  )
})

test('no text whatsoever makes loading throw', async () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    "'",
    '//',
    '/*',
    '*/',
    '\\',
    '\n',
    'a',
    '$include',
    '1',
    '${A}',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
      ),
      async (text) => {
        const load = await loadText(text)
        assert.equal(load.valid, load.issues.length === 0)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('one wrong leaf at a random place is named by its exact path, among other valid leaves', async () => {
  const wrong: Record<string, unknown> = { boolean: 'yes', integer: 'one', text: { a: 1 }, choice: 7, list: 'word' }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...CONFIG_LEAVES), async ({ path, leaf }) => {
      const text = JSON.stringify(
        path.split('.').reduceRight((inner, key) => ({ [key]: inner }), wrong[leaf.type.name] as object),
      )
      const load = await loadText(text)
      assert.deepEqual(
        load.issues.map((issue) => issue.path),
        [path],
      )
    }),
  )
})
