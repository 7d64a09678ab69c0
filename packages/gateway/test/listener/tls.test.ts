// Certificates on a real disk, served to real TLS clients: what is made, what is kept, and what is said when it is wrong.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connect, TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import * as x509 from '@peculiar/x509'
import type { MachineNames } from '../../src/listener/certificate-names.ts'
import { generateCertificate, type LoadedTls, type LoadTlsOptions, loadTls, TlsFault } from '../../src/listener/tls.ts'
import { type LogFields, type Logger, silentLogger } from '../../src/observe/logger.ts'

const NOW = Date.UTC(2026, 10, 20)
const YEAR_MS = 365.25 * 86_400_000

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))

const MACHINE: MachineNames = { hostname: 'Harbour', addresses: ['192.168.1.10', 'fd00::10', 'fe80::1', '169.254.3.3'] }

async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'breakwater-tls-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

interface Warning {
  readonly message: string
  readonly fields: LogFields
}

function recordingLog(warnings: Warning[]): Logger {
  return { ...silentLogger, warn: (message, fields = {}) => void warnings.push({ message, fields }) }
}

interface World {
  readonly nowMs?: number
  readonly machine?: MachineNames
  readonly warnings?: Warning[]
}

const load = (options: LoadTlsOptions, { nowMs = NOW, machine = MACHINE, warnings = [] }: World = {}) =>
  loadTls(options, { clock: { nowMs: () => nowMs }, log: recordingLog(warnings), machine: () => machine })

const loadGenerated = (stateDir: string, world?: World) => load({ stateDir, autoGenerate: true }, world)

const tlsFile = (stateDir: string, name: string) => join(stateDir, 'tls', name)

/** What a TLS client that trusts `trusted` sees when it dials `host`, by name if it has one. */
async function dial({ secureContext }: LoadedTls, trusted: string, servername?: string, host = '127.0.0.1') {
  const server = createServer(
    (socket) => void new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {}),
  )
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host, ca: trusted, ...(servername === undefined ? {} : { servername }) })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate()
  } finally {
    socket.destroy()
    server.close()
  }
}

interface Issue {
  readonly type?: 'ec' | 'rsa'
  readonly bits?: number
  readonly fromMs?: number
  readonly untilMs?: number
  readonly name?: string
  /** Unset: signed by itself. */
  readonly issuer?: Issued
}

interface Issued {
  readonly name: string
  readonly cert: string
  readonly der: Buffer
  readonly key: KeyObject
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** A certificate an owner might bring along. */
async function issue(options: Issue = {}): Promise<Issued> {
  const {
    type = 'ec',
    bits = 2_048,
    fromMs = NOW - YEAR_MS,
    untilMs = NOW + YEAR_MS,
    name = 'gw.example.com',
  } = options
  const [algorithm, pair] =
    type === 'rsa'
      ? [RSA, generateKeyPairSync('rsa', { modulusLength: bits })]
      : [EC, generateKeyPairSync('ec', { namedCurve: 'P-256' })]
  const signingKey: KeyObject = options.issuer?.key ?? pair.privateKey
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${options.issuer?.name ?? name}`,
    notBefore: new Date(fromMs),
    notAfter: new Date(untilMs),
    signingAlgorithm: algorithm,
    signingKey: signingKey.toCryptoKey(algorithm, false, ['sign']),
    publicKey: pair.publicKey.toCryptoKey(algorithm, true, ['verify']),
    extensions: name.includes('.')
      ? [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])]
      : [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  const [cert, der] = [`${certificate.toString('pem')}\n`, Buffer.from(certificate.rawData)]
  return { name, cert, der, key: pair.privateKey }
}

const toPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

async function writeOwn(directory: string, cert: string | Buffer, key: string | Buffer): Promise<LoadTlsOptions> {
  const [certPath, keyPath] = [join(directory, 'own-cert.pem'), join(directory, 'own-key.pem')]
  await writeFile(certPath, cert, { mode: 0o600 })
  await writeFile(keyPath, key, { mode: 0o600 })
  return { certPath, keyPath, autoGenerate: true, stateDir: directory }
}

const fault =
  (code: string, nextStep: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof TlsFault, String(error))
    assert.equal(error.code, code)
    assert.match(error.nextStep, nextStep)
    assert.doesNotMatch(error.message, /BEGIN/)
    return true
  }

describe('the certificate the gateway makes', () => {
  test('is P-256, lasts ten years and carries loopback, the machine and its reachable addresses', async () => {
    await using directory = await temporaryDirectory()
    const { certPath, fingerprintSha256, notAfter } = await load({
      stateDir: directory.path,
      autoGenerate: true,
      hostNames: ['gw.example.com', '203.0.113.9'],
    })
    const certificate = new X509Certificate(await readFile(certPath))
    assert.equal(certPath, tlsFile(directory.path, 'cert.pem'))
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    assert.equal(certificate.ca, false)
    assert.equal(notAfter.toISOString(), '2036-11-20T00:00:00.000Z')
    assert.ok(certificate.validFromDate.getTime() < NOW - 3_600_000, 'a client whose clock is behind finds it valid')
    assert.deepEqual(certificate.subjectAltName?.split(', '), [
      'DNS:localhost',
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'DNS:gw.example.com',
      'IP Address:203.0.113.9',
      'DNS:harbour',
      'DNS:harbour.local',
      'IP Address:192.168.1.10',
      'IP Address:FD00:0:0:0:0:0:0:10',
    ])
    assert.equal(fingerprintSha256, createHash('sha256').update(certificate.raw).digest('hex'))
  })

  test('is accepted by a TLS client that trusts it, under each kind of name', async () => {
    await using directory = await temporaryDirectory()
    const tls = await loadGenerated(directory.path, { nowMs: Date.now() })
    const trusted = await readFile(tls.certPath, 'utf8')
    const dialled: readonly (readonly [host: string, name?: string])[] = [
      ['127.0.0.1'],
      ['127.0.0.1', 'localhost'],
      ['127.0.0.1', 'harbour.local'],
      ...(hasIpv6 ? [['::1'] as const] : []),
    ]
    for (const [host, name] of dialled) {
      const seen = await dial(tls, trusted, name, host)
      assert.equal(createHash('sha256').update(seen.raw).digest('hex'), tls.fingerprintSha256, `${host} ${name}`)
    }
    const certificate = new X509Certificate(trusted)
    for (const address of ['::1', '192.168.1.10', 'fd00::10']) assert.ok(certificate.checkIP(address), address)
    await assert.rejects(dial(tls, trusted, 'elsewhere.example.com'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  test('and its key are for the owner only, in a directory for the owner only', async () => {
    await using directory = await temporaryDirectory()
    await mkdir(join(directory.path, 'tls'), { mode: 0o755 })
    await loadGenerated(directory.path)
    const modeOf = async (name: string) => (await stat(tlsFile(directory.path, name))).mode & 0o777
    assert.equal(await modeOf('.'), 0o700)
    assert.equal(await modeOf('cert.pem'), 0o600)
    assert.equal(await modeOf('key.pem'), 0o600)
    assert.deepEqual((await readdir(tlsFile(directory.path, '.'))).sort(), ['cert.pem', 'key.pem'])
    await chmod(tlsFile(directory.path, 'key.pem'), 0o644)
    await loadGenerated(directory.path)
    assert.equal(await modeOf('key.pem'), 0o600, 'loosened permissions are tightened again')
  })

  test('keeps its pin whatever the date, the name and the addresses of the machine become', async () => {
    await using directory = await temporaryDirectory()
    const { fingerprintSha256: pin } = await loadGenerated(directory.path)
    const warnings: Warning[] = []
    const moved = { hostname: 'elsewhere', addresses: ['10.9.8.7'] }
    for (const nowMs of [NOW, NOW + 9.9 * YEAR_MS, NOW + 11 * YEAR_MS, 0]) {
      const again = await load(
        { stateDir: directory.path, autoGenerate: true, hostNames: ['new.example.com'] },
        { nowMs, machine: moved, warnings },
      )
      assert.equal(again.fingerprintSha256, pin)
    }
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['certificate expired', 'certificate not yet valid'],
    )
    const stored = await load({ stateDir: directory.path, autoGenerate: false })
    assert.equal(stored.fingerprintSha256, pin, 'forbidding a new one does not forbid the one there is')
  })

  test('made on a machine whose clock starts in 1970 is valid once the clock is set', async () => {
    await using directory = await temporaryDirectory()
    const { notAfter } = await loadGenerated(directory.path, { nowMs: 0 })
    assert.ok(notAfter.getTime() > NOW + 8 * YEAR_MS)
  })

  test('is one and the same for callers that start together', async () => {
    await using directory = await temporaryDirectory()
    const components = { clock: { nowMs: () => NOW }, machine: () => MACHINE }
    const options = { directory: join(directory.path, 'tls') }
    const made = await Promise.all(Array.from({ length: 8 }, () => generateCertificate(options, components)))
    assert.equal(made.filter(({ isNew }) => isNew).length, 1)
    assert.deepEqual((await readdir(options.directory)).sort(), ['cert.pem', 'key.pem'])
    await loadGenerated(directory.path)
  })

  test('is never written over, not even on request', async () => {
    await using directory = await temporaryDirectory()
    const components = { clock: { nowMs: () => NOW }, machine: () => MACHINE }
    const options = { directory: join(directory.path, 'next') }
    const first = await generateCertificate(options, components)
    const before = await readFile(first.certPath, 'utf8')
    const second = await generateCertificate(options, components)
    assert.deepEqual([first.isNew, second.isNew], [true, false])
    assert.equal(await readFile(first.certPath, 'utf8'), before)
  })

  test('is not made for a name that is none', async () => {
    await using directory = await temporaryDirectory()
    const options = { stateDir: directory.path, autoGenerate: true, hostNames: ['not a name'] }
    await assert.rejects(load(options), fault('TLS_HOST_NAME_INVALID', /gw\.example\.com/))
    const odd = await loadGenerated(directory.path, { machine: { hostname: 'not a name', addresses: ['192.0.2.1'] } })
    assert.match(new X509Certificate(await readFile(odd.certPath)).subjectAltName ?? '', /IP Address:192\.0\.2\.1$/)
  })

  test('is loaded without the library that makes it', async () => {
    await using directory = await temporaryDirectory()
    const source = `
      import { registerHooks } from 'node:module'
      let isLibraryLoaded = false
      const resolve = (name, context, next) => {
        isLibraryLoaded ||= name === '@peculiar/x509'
        return next(name, context)
      }
      registerHooks({ resolve })
      const { loadTls } = await import(${JSON.stringify(new URL('../../src/listener/tls.ts', import.meta.url).href)})
      const log = { info() {}, warn() {} }
      await loadTls({ stateDir: process.argv[1], autoGenerate: true }, { clock: { nowMs: () => Date.now() }, log })
      console.log(isLibraryLoaded)`
    const run = () =>
      promisify(execFile)(process.execPath, [
        '--conditions=source',
        '--input-type=module',
        '-e',
        source,
        directory.path,
      ])
    assert.equal((await run()).stdout, 'true\n', 'the first start makes one')
    assert.equal((await run()).stdout, 'false\n', 'the second start reads it')
  })
})

describe('a generated pair that is damaged', () => {
  test('by a crash between key and certificate is completed with the key that is there', async () => {
    await using directory = await temporaryDirectory()
    await loadGenerated(directory.path)
    await rm(tlsFile(directory.path, 'cert.pem'))
    const key = await readFile(tlsFile(directory.path, 'key.pem'), 'utf8')
    await loadGenerated(directory.path)
    assert.equal(await readFile(tlsFile(directory.path, 'key.pem'), 'utf8'), key)
  })

  test('in the key, before there was a certificate, is reported and left alone', async () => {
    await using directory = await temporaryDirectory()
    await mkdir(join(directory.path, 'tls'))
    for (const broken of ['-----BEGIN PRIVATE KEY-----\nMIGH', '', toPem(generateKeyPairSync('ed25519').privateKey)]) {
      await writeFile(tlsFile(directory.path, 'key.pem'), broken)
      await assert.rejects(loadGenerated(directory.path), fault('TLS_KEY_INVALID', /Remove .*key\.pem/))
      assert.equal(await readFile(tlsFile(directory.path, 'key.pem'), 'utf8'), broken)
      assert.deepEqual(await readdir(tlsFile(directory.path, '.')), ['key.pem'])
    }
  })

  test('in any way while a certificate exists is reported and never replaced', async () => {
    await using directory = await temporaryDirectory()
    await using other = await temporaryDirectory()
    await loadGenerated(directory.path)
    await loadGenerated(other.path)
    const [certPath, keyPath] = [tlsFile(directory.path, 'cert.pem'), tlsFile(directory.path, 'key.pem')]
    const whole = await readFile(certPath, 'utf8')
    const damages: readonly (readonly [code: string, damage: () => Promise<void>])[] = [
      ['TLS_CERTIFICATE_INVALID', () => writeFile(certPath, whole.slice(0, 200))],
      ['TLS_CERTIFICATE_INVALID', () => writeFile(certPath, '')],
      ['TLS_CERTIFICATE_INVALID', () => writeFile(certPath, whole.replace(/\n.{8}/, '\nAAAAAAAA'))],
      ['TLS_KEY_MISMATCH', () => copyFile(tlsFile(other.path, 'cert.pem'), certPath)],
      ['TLS_KEY_INVALID', () => writeFile(keyPath, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')],
      ['TLS_KEY_MISSING', () => rm(keyPath)],
    ]
    for (const [code, damage] of damages) {
      await damage()
      const before = await readFile(certPath, 'utf8')
      await assert.rejects(loadGenerated(directory.path), fault(code, /Restore .*tls from a backup.*new pin/))
      assert.equal(await readFile(certPath, 'utf8'), before, code)
    }
    assert.deepEqual(await readdir(tlsFile(directory.path, '.')), ['cert.pem'])
  })

  test('by a file in the place of its directory is reported', async () => {
    await using directory = await temporaryDirectory()
    await writeFile(join(directory.path, 'tls'), '')
    await assert.rejects(loadGenerated(directory.path), fault('TLS_STATE_UNUSABLE', /belongs to the user/))
  })

  test('is not made good where none may be made', async () => {
    await using directory = await temporaryDirectory()
    const options = { stateDir: directory.path, autoGenerate: false }
    await assert.rejects(load(options), fault('TLS_NOT_CONFIGURED', /gateway\.tls\.autoGenerate/))
    assert.deepEqual(await readdir(directory.path), [])
  })
})

describe("the owner's certificate", () => {
  test('is served with its issuers, and nothing is generated', async () => {
    await using directory = await temporaryDirectory()
    const dates = { fromMs: Date.now() - YEAR_MS, untilMs: Date.now() + YEAR_MS }
    const root = await issue({ ...dates, name: 'root' })
    const issuer = await issue({ ...dates, name: 'intermediate', issuer: root })
    const own = await issue({ ...dates, issuer })
    const caPath = join(directory.path, 'issuers.pem')
    await writeFile(caPath, issuer.cert)
    const options = await writeOwn(directory.path, own.cert.trimEnd(), toPem(own.key))
    const tls = await load({ ...options, caPath })
    assert.equal(tls.fingerprintSha256, createHash('sha256').update(own.der).digest('hex'))
    assert.deepEqual((await dial(tls, root.cert, 'gw.example.com')).raw, own.der)
    await assert.rejects(dial(await load(options), root.cert, 'gw.example.com'), {
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    })
    assert.equal((await readdir(directory.path)).includes('tls'), false)
  })

  test('may use RSA, and keys in the older PEM forms', async () => {
    await using directory = await temporaryDirectory()
    const [rsa, ec] = [await issue({ type: 'rsa' }), await issue()]
    await load(await writeOwn(directory.path, rsa.cert, rsa.key.export({ type: 'pkcs1', format: 'pem' })))
    const sec1 = ec.key.export({ type: 'sec1', format: 'pem' }).toString()
    const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
    await load(await writeOwn(directory.path, ec.cert, `${parameters}${sec1}`))
  })

  test('outside its dates is used, with a warning', async () => {
    await using directory = await temporaryDirectory()
    const { cert, key } = await issue()
    const options = await writeOwn(directory.path, cert, toPem(key))
    const warnings: Warning[] = []
    for (const nowMs of [NOW, NOW + 2 * YEAR_MS, NOW - 2 * YEAR_MS]) await load(options, { nowMs, warnings })
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['certificate expired', 'certificate not yet valid'],
    )
    assert.match(String(warnings[0]?.fields.nextStep), /renew the certificate/)
  })

  test('with a key that every user can read is used, with a warning', {
    skip: process.platform === 'win32',
  }, async () => {
    await using directory = await temporaryDirectory()
    const { cert, key } = await issue()
    const options = await writeOwn(directory.path, cert, toPem(key))
    const warnings: Warning[] = []
    await chmod(String(options.keyPath), 0o640)
    await load(options, { warnings })
    assert.deepEqual(warnings, [])
    await chmod(String(options.keyPath), 0o644)
    await load(options, { warnings })
    assert.deepEqual(
      warnings.map(({ message }) => message),
      ['private key open to every user'],
    )
  })

  test('needs both paths', async () => {
    for (const path of ['certPath', 'keyPath']) {
      const other = path === 'certPath' ? 'keyPath' : 'certPath'
      const options = { [path]: '/x.pem', autoGenerate: true, stateDir: '/' }
      await assert.rejects(load(options), fault('TLS_PATHS_INCOMPLETE', new RegExp(`Set gateway\\.tls\\.${other}`)))
    }
  })

  test('that cannot be used is refused with the reason and the remedy', async () => {
    await using directory = await temporaryDirectory()
    const [own, other, weak] = [await issue(), await issue(), await issue({ type: 'rsa', bits: 1_024 })]
    const key = toPem(own.key)
    const secret = { cipher: 'aes-256-cbc', passphrase: 'x' }
    const encrypted = own.key.export({ type: 'pkcs8', format: 'pem', ...secret })
    const legacy = own.key.export({ type: 'sec1', format: 'pem', ...secret })
    const cases: readonly (readonly [code: string, nextStep: RegExp, cert: string | Buffer, key: string | Buffer])[] = [
      ['TLS_CERTIFICATE_INVALID', /openssl x509 -inform der/, own.der, key],
      ['TLS_CERTIFICATE_INVALID', /openssl x509/, 'hello', key],
      ['TLS_CERTIFICATE_INVALID', /holds a private key/, key, key],
      ['TLS_CERTIFICATE_INVALID', /Copy the file again/, own.cert.replace(/\n.{8}/, '\nAAAAAAAA'), key],
      ['TLS_KEY_INVALID', /openssl pkey -inform der/, own.cert, own.key.export({ type: 'pkcs8', format: 'der' })],
      ['TLS_KEY_INVALID', /holds a certificate/, own.cert, own.cert],
      ['TLS_KEY_INVALID', /Copy the file again/, own.cert, key.slice(0, 60)],
      ['TLS_KEY_ENCRYPTED', /openssl pkey -in/, own.cert, encrypted],
      ['TLS_KEY_ENCRYPTED', /openssl pkey -in/, own.cert, legacy],
      ['TLS_KEY_MISMATCH', /after a renewal/, other.cert, key],
      ['TLS_KEY_MISMATCH', /certificate 2 of that file: put that one first/, `${other.cert}${own.cert}`, key],
      ['TLS_PAIR_REJECTED', /2,048 bits/, weak.cert, toPem(weak.key)],
    ]
    for (const [code, nextStep, cert, keyText] of cases) {
      await assert.rejects(load(await writeOwn(directory.path, cert, keyText)), fault(code, nextStep))
    }
  })

  test('that is not a readable file is refused by name', async () => {
    await using directory = await temporaryDirectory()
    const { cert, key } = await issue()
    const options = await writeOwn(directory.path, cert, toPem(key))
    const missing = { ...options, certPath: join(directory.path, 'nowhere.pem') }
    await assert.rejects(load(missing), fault('TLS_FILE_UNREADABLE', /Check the path/))
    await assert.rejects(load({ ...options, keyPath: directory.path }), { message: /private key .* it is not a file/ })
    await writeFile(String(options.certPath), Buffer.alloc(1_048_577))
    await assert.rejects(load(options), { message: /larger than 1048576 bytes/ })
    const unreadable = {
      ...(await writeOwn(directory.path, cert, toPem(key))),
      caPath: join(directory.path, 'nowhere.pem'),
    }
    await assert.rejects(load(unreadable), { message: /issuers .*nowhere\.pem cannot be read: there is no such file/ })
  })
})
