import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeSetupCode } from '@breakwater/protocol'
import fc from 'fast-check'
import { HIDDEN, REDACT_LIMITS, Redactor } from '../../src/observe/redact.ts'

const SECRET = 'Zq7-secretValue_91'
const redactor = new Redactor()

/** Texts with the secret in them; each must lose it and keep the rest. */
const HIDING: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['a bearer header', `Authorization: Bearer ${SECRET}`, `Authorization: Bearer ${HIDDEN}`],
  ['a basic header', `authorization: Basic ${SECRET}==`, `authorization: Basic ${HIDDEN}`],
  ['a header without a scheme', `Proxy-Authorization: ${SECRET}`, `Proxy-Authorization: ${HIDDEN}`],
  [
    'a digest header to its end',
    `Authorization: Digest username="a", response="${SECRET}"`,
    `Authorization: Digest ${HIDDEN}`,
  ],
  ['a bearer in a sentence', `curl sent bearer ${SECRET} twice`, `curl sent bearer ${HIDDEN} twice`],
  ['a cookie', `Cookie: a=1; session=${SECRET}\nHost: x`, `Cookie: ${HIDDEN}\nHost: x`],
  ['a set-cookie', `set-cookie: id=${SECRET}; HttpOnly`, `set-cookie: ${HIDDEN}`],
  ['a key header', `X-Api-Key: ${SECRET}`, `X-Api-Key: ${HIDDEN}`],
  ['a vendor token header', `x-openclaw-token: ${SECRET}`, `x-openclaw-token: ${HIDDEN}`],
  ['a token in a query', `GET /?token=${SECRET}&a=1`, `GET /?token=${HIDDEN}&a=1`],
  ['an access token in a fragment', `/cb#access_token=${SECRET}&x=1`, `/cb#access_token=${HIDDEN}&x=1`],
  ['auth in a query', `wss://h/ws?auth=${SECRET}`, `wss://h/ws?auth=${HIDDEN}`],
  ['a code in a query', `https://h/join?code=${SECRET}`, `https://h/join?code=${HIDDEN}`],
  ['a signature in a query', `https://h/o?sig=${SECRET}&v=2`, `https://h/o?sig=${HIDDEN}&v=2`],
  ['a key in a query', `https://h/o?key=${SECRET}`, `https://h/o?key=${HIDDEN}`],
  ['a pair in a text', `deviceToken=${SECRET} role=node`, `deviceToken=${HIDDEN} role=node`],
  ['a quoted pair', `password="${SECRET} x" a=1`, `password=${HIDDEN} a=1`],
  ['an environment variable', `BREAKWATER_GATEWAY_TOKEN=${SECRET}`, `BREAKWATER_GATEWAY_TOKEN=${HIDDEN}`],
  ['a password in prose', `password: ${SECRET}`, `password: ${HIDDEN}`],
  ['a quoted password in prose', 'the password is "opensesame"', `the password is ${HIDDEN}`],
  ['a dotted path in prose', `gateway.auth.token: ${SECRET}`, `gateway.auth.token: ${HIDDEN}`],
  ['a flag', `breakwater status --token ${SECRET}`, `breakwater status --token ${HIDDEN}`],
  ['a flag with =', `breakwater status --password=${SECRET}`, `breakwater status --password=${HIDDEN}`],
  ['JSON', `{"token":"${SECRET}","a":1}`, `{"token":"${HIDDEN}","a":1}`],
  ['spaced JSON', `{ "bootstrapToken" : "${SECRET}" }`, `{ "bootstrapToken" : "${HIDDEN}" }`],
  ['JSON in JSON', `"{\\"apiKey\\":\\"${SECRET}\\",\\"b\\":2}"`, `"{\\"apiKey\\":\\"${HIDDEN}\\",\\"b\\":2}"`],
  ['JSON5', `{token: '${SECRET}'}`, `{token: ${HIDDEN}}`],
  ['a quoted header without its end', `"cookie":"${SECRET}`, `"cookie":"${HIDDEN}"`],
  ['a header in JSON', `{"authorization":"Bearer ${SECRET}","x":1}`, `{"authorization":"Bearer ${HIDDEN}","x":1}`],
  ['credentials in an address', `postgres://user:${SECRET}@db/x`, `postgres://${HIDDEN}@db/x`],
  ['a pairing link', `open oc-pair://${SECRET} now`, `open oc-pair://${HIDDEN} now`],
  ['a signed token', 'got eyJhbGciOiJIUzI1NiIsInR5cCI6.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4 ok', `got ${HIDDEN} ok`],
  ['a private key', `x -----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY----- y`, `x ${HIDDEN} y`],
  ['a private key without its end', `x -----BEGIN EC PRIVATE KEY-----\n${SECRET}`, `x ${HIDDEN}`],
  ['a model key', 'using sk-abcdefghijklmnop1234', `using ${HIDDEN}`],
  ['a repository token', 'using ghp_abcdefghijklmnopqrst1234', `using ${HIDDEN}`],
  ['a chat token', 'using xoxb-123456789012-abcdef', `using ${HIDDEN}`],
  ['a bot token', 'bot 123456789:AAabcdefghijklmnopqrstuvwxyz_123456 up', `bot ${HIDDEN} up`],
]

/** Texts a person needs, which hold no secret. */
const KEEPING: readonly string[] = [
  'gateway token replaced',
  'gateway.auth.token: expected a text, got a number',
  'gateway.auth.password: is required when gateway.auth.mode is "password"',
  'token is missing',
  'run `breakwater token rotate`',
  'authMethod=token role=operator code=1008',
  'hasToken=true tokens=none',
  'ws://127.0.0.1:18789/',
  'basic authentication is not offered',
  'the bearer token was wrong',
  'handshake timeout (connect, 3000 ms)',
  'path=/home/me/.breakwater/token',
  'http://[::1]:18789/healthz',
  'user@example.org wrote',
]

describe('the redaction of a text', () => {
  for (const [what, text, shown] of HIDING) {
    test(`hides ${what}`, () => {
      assert.equal(redactor.text(text), shown)
      assert.ok(!redactor.text(text).includes(SECRET))
    })
  }

  for (const text of KEEPING) {
    test(`keeps "${text}"`, () => assert.equal(redactor.text(text), text))
  }

  test('hides a setup code, wherever it stands', () => {
    const code = encodeSetupCode({ url: 'wss://gw:1', bootstrapToken: SECRET })
    assert.equal(redactor.text(`scan ${code}, please`), `scan ${HIDDEN}, please`)
    assert.equal(redactor.text(`setupCode=${code}`), `setupCode=${HIDDEN}`)
  })

  test('hides the secrets in effect without any sign of what they are, the longest first', () => {
    const known = new Redactor()
    known.setKnown(['hunter2', 'correct horse', undefined, '  ', 'correct horse battery'])
    assert.equal(known.text('said correct horse battery!'), `said ${HIDDEN}!`)
    assert.equal(known.text('said correct horse!'), `said ${HIDDEN}!`)
    assert.equal(known.text('too short to search for: hunter'), 'too short to search for: hunter')
    known.setKnown([])
    assert.equal(known.text('said correct horse!'), 'said correct horse!')
  })

  test('cuts a long text, and no secret survives at the cut', () => {
    const { textChars } = REDACT_LIMITS
    const filler = 'x '.repeat(textChars / 2 - 10)
    const shown = redactor.text(`${filler}token=${SECRET.repeat(40)}${' y'.repeat(5_000)}`)
    assert.ok(!shown.includes('Zq7'))
    assert.match(shown, /… \(\d+ more characters\)$/)
    assert.ok(shown.length < textChars + 40)
  })

  test('no secret behind a sign of one survives, in any company', () => {
    const signs = ['token=', '?auth=', 'Authorization: Bearer ', '"password":"', '--token ', 'https://me:', 'secret: ']
    const noise = fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/["'\\]/g, ' '))
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{20,40}$/).filter((text) => /\d/.test(text))
    fc.assert(
      fc.property(noise, fc.constantFrom(...signs), secret, (before, sign, value) => {
        const end = sign.startsWith('"') ? '"' : sign.startsWith('https') ? '@host' : ' '
        assert.ok(!redactor.text(`${before} ${sign}${value}${end}`).includes(value))
      }),
      { numRuns: 500 },
    )
  })

  test('takes time in proportion to the text, also for texts made to be slow', () => {
    const hostile = [
      'token',
      '-----BEGIN PRIVATE KEY-----',
      'authorization: ',
      '"token":"',
      'a.a.',
      'eyJ',
      'bearer ',
      '\\"',
      'http://',
    ]
    for (const piece of hostile) {
      const text = piece.repeat(20_000)
      const startedAt = performance.now()
      redactor.text(text)
      const tookMs = performance.now() - startedAt
      assert.ok(tookMs < 500, `${JSON.stringify(piece)} took ${Math.round(tookMs)} ms`)
    }
  })
})

describe('the redaction of fields', () => {
  test('goes by the end of a name', () => {
    const shown = redactor.fields({
      token: SECRET,
      deviceToken: SECRET,
      'api-key': SECRET,
      API_KEY: SECRET,
      clientSecret: SECRET,
      authorization: 'x',
      tokens: [SECRET, ''],
      credentials: { user: 'me', pass: SECRET },
      pin: 1234,
      password: 5678,
      tokenPath: '/x/token',
      maxTokens: 12,
      isSecret: true,
      method: 'token',
      path: '/?token=abc',
    })
    assert.deepEqual(shown, {
      token: HIDDEN,
      deviceToken: HIDDEN,
      'api-key': HIDDEN,
      API_KEY: HIDDEN,
      clientSecret: HIDDEN,
      authorization: HIDDEN,
      tokens: [HIDDEN, ''],
      credentials: { user: HIDDEN, pass: HIDDEN },
      pin: HIDDEN,
      password: HIDDEN,
      tokenPath: '/x/token',
      maxTokens: 12,
      isSecret: true,
      method: 'token',
      path: `/?token=${HIDDEN}`,
    })
  })

  test('makes JSON of anything', () => {
    const circular: Record<string, unknown> = { name: 'ring' }
    circular.self = circular
    const broken = Object.defineProperty({}, 'x', { enumerable: true, get: () => assert.fail('no') })
    const shown = redactor.fields({
      big: 10n,
      bytes: Buffer.from(SECRET),
      map: new Map([[1, 2]]),
      error: new Error(`token=${SECRET}`),
      date: new Date(0),
      nothing: undefined,
      empty: null,
      call: Math.max,
      broken,
      circular,
    })
    const json = JSON.stringify(shown)
    assert.ok(!json.includes(SECRET))
    assert.deepEqual([shown.big, shown.bytes, shown.map], ['10', `[${SECRET.length} bytes]`, '[Map of 1]'])
    assert.match(String(shown.error), /^Error: token=\*\*\*\n/)
    assert.deepEqual([shown.date, shown.empty, 'nothing' in shown], ['1970-01-01T00:00:00.000Z', null, false])
    assert.deepEqual(shown.broken, { x: '[unreadable]' })
    assert.match(json, /\[deep\]/)
  })

  test('bounds what one line may hold, however it is nested', () => {
    const wide = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v'.repeat(5_000)]))
    const nested = Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => ({ ...wide })))
    const json = JSON.stringify(redactor.fields({ nested }))
    assert.ok(json.length < REDACT_LIMITS.lineChars + 40 * REDACT_LIMITS.values, `${json.length} characters`)
  })
})
