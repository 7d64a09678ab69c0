// Makes the gateway's own certificate, once, in a directory of its own. What is there is never replaced: clients pin the
// certificate, so a new one is an owner's decision, taken by choosing another directory or emptying this one.
// Safe against a crash at any point and against a second process: each file appears complete or not at all, the key
// first, and whoever finds a key without a certificate certifies that key.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { access, chmod, constants, copyFile, link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../observe/clock.ts'
import { type CertificateName, certificateNames, type MachineNames, systemNames } from './certificate-names.ts'
import { TlsFault } from './tls-fault.ts'

export interface CertificateFiles {
  readonly certPath: string
  readonly keyPath: string
}

export interface GenerateCertificateOptions {
  /** Created with mode 0700; the two files in it get 0600. */
  readonly directory: string
  /** Names and addresses clients dial, besides loopback and what the machine knows of itself. */
  readonly hostNames?: readonly string[] | undefined
}

export interface GenerateCertificateComponents {
  readonly clock: Clock
  readonly machine?: () => MachineNames
}

const DAY_MS = 86_400_000
const VALID_YEARS = 10
/** A board without a battery-backed clock starts in 1970; a certificate from then would have expired by breakfast. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

export const certificateFiles = (directory: string): CertificateFiles => ({
  certPath: join(directory, 'cert.pem'),
  keyPath: join(directory, 'key.pem'),
})

/**
 * Resolves when both files are on disk. `isNew` is false when there was a certificate already, or another process was
 * faster: then nothing was changed but loose permissions. Rejects with TLS_KEY_INVALID when a key was left behind that
 * cannot be certified, TLS_STATE_UNUSABLE when the directory cannot be used, TLS_HOST_NAME_INVALID.
 */
export async function generateCertificate(
  { directory, hostNames = [] }: GenerateCertificateOptions,
  { clock, machine = systemNames }: GenerateCertificateComponents,
): Promise<CertificateFiles & { readonly isNew: boolean }> {
  const files = certificateFiles(directory)
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await chmod(directory, 0o700)
    let isNew = false
    if (!(await exists(files.certPath))) {
      const names = certificateNames(machine(), hostNames)
      const key = await readOrCreateKey(files.keyPath)
      isNew = await placeOnce(files.certPath, await selfSign(key, names, clock.nowMs()))
    }
    for (const path of [files.keyPath, files.certPath]) await keepPrivate(path)
    return { ...files, isNew }
  } catch (cause) {
    if (cause instanceof TlsFault) throw cause
    throw new TlsFault(
      'TLS_STATE_UNUSABLE',
      `The certificate cannot be kept in ${directory}: ${(cause as Error).message}`,
      `Make ${directory} a directory that belongs to the user who runs the gateway and has room.`,
      cause,
    )
  }
}

async function readOrCreateKey(path: string): Promise<KeyObject> {
  if (!(await exists(path))) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: ALGORITHM.namedCurve })
    await placeOnce(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  }
  try {
    const key = createPrivateKey(await readFile(path))
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  } catch (cause) {
    throw unusableKey(path, cause)
  }
  throw unusableKey(path)
}

function unusableKey(path: string, cause?: unknown): TlsFault {
  return new TlsFault(
    'TLS_KEY_INVALID',
    `${path} is not a P-256 private key, and there is no certificate for it`,
    `Remove ${path} and start again: no client can have pinned a certificate that is not there.`,
    cause,
  )
}

/** PEM of a certificate for `key`, signed by itself. The library costs 100 ms and 20 MB, so nobody else pays for it. */
async function selfSign(key: KeyObject, names: readonly CertificateName[], nowMs: number): Promise<string> {
  const x509 = await import('@peculiar/x509')
  const fromMs = Math.max(nowMs, EARLIEST_MS)
  const notAfter = new Date(fromMs)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + VALID_YEARS)
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // A serial number is positive: the first bit stays clear. It is also never shortened by a leading zero.
    serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
    name: 'CN=Breakwater gateway',
    // Phones whose clock is behind must not find it "not yet valid".
    notBefore: new Date(fromMs - DAY_MS),
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys: {
      privateKey: key.toCryptoKey(ALGORITHM, false, ['sign']),
      publicKey: createPublicKey(key).toCryptoKey(ALGORITHM, true, ['verify']),
    },
    extensions: [
      // Not an authority: browsers refuse to talk to a server whose certificate is one.
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([...names]),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** Writes a file that was not there before; false when there was one. Never leaves half a file under its name. */
async function placeOnce(path: string, text: string): Promise<boolean> {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await linkOrCopy(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(draft)
  }
}

/** Some file systems have no hard links; there a crash may leave a part of the file, which the next start reports. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL)
  }
}

async function keepPrivate(path: string): Promise<void> {
  try {
    await chmod(path, 0o600)
  } catch (error) {
    // A missing key is for the reader of the pair to report.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
