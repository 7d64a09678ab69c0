// What the listener needs to speak TLS: the owner's certificate, or one of our own that is made once and then kept for
// good. Called at start and at each reload; decides nothing by the date, because the pin outlives it.

import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Clock } from '../observe/clock.ts'
import type { Logger } from '../observe/logger.ts'
import type { MachineNames } from './certificate-names.ts'
import { type CertificatePair, readCertificatePair, readPem } from './certificate-pair.ts'
import { type CertificateFiles, certificateFiles, generateCertificate } from './generate-certificate.ts'
import { TlsFault } from './tls-fault.ts'

export { generateCertificate } from './generate-certificate.ts'
export { TlsFault, type TlsFaultCode } from './tls-fault.ts'

export interface LoadTlsOptions {
  /** PEM certificate, leaf first, and its key. Both unset: the certificate in the state directory. */
  readonly certPath?: string | undefined
  readonly keyPath?: string | undefined
  /** PEM certificates of issuers to send after those of `certPath`. Unset: none. */
  readonly caPath?: string | undefined
  /** Whether a certificate is made when none is named and none was made before. */
  readonly autoGenerate: boolean
  readonly stateDir: string
  /** Further names for a certificate that has yet to be made; one that exists never changes. */
  readonly hostNames?: readonly string[] | undefined
}

export interface LoadTlsComponents {
  readonly clock: Clock
  readonly log: Logger
  readonly machine?: () => MachineNames
}

export interface LoadedTls {
  readonly secureContext: SecureContext
  /** SHA-256 of the leaf's DER form, 64 lower-case hexadecimal digits: what clients pin. */
  readonly fingerprintSha256: string
  readonly certPath: string
  readonly notAfter: Date
}

/** Where a generated certificate lives; nothing else is kept there. */
export const tlsDirectory = (stateDir: string): string => join(stateDir, 'tls')

/** Rejects with TlsFault. A certificate outside its dates is used, with a warning: only its owner can replace it. */
export async function loadTls(options: LoadTlsOptions, components: LoadTlsComponents): Promise<LoadedTls> {
  const own = ownFiles(options)
  const files = own ?? (await generatedFiles(options, components))
  const pair = own === undefined ? await readGenerated(files) : await readCertificatePair(files)
  const issuers = own === undefined || options.caPath === undefined ? '' : await readPem('issuers', options.caPath)
  await warn(files, pair, own === undefined, components)
  return {
    secureContext: toSecureContext(pair, issuers, files),
    fingerprintSha256: pair.leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    certPath: files.certPath,
    notAfter: pair.leaf.validToDate,
  }
}

function ownFiles({ certPath, keyPath }: LoadTlsOptions): CertificateFiles | undefined {
  if (certPath !== undefined && keyPath !== undefined) return { certPath, keyPath }
  if (certPath === undefined && keyPath === undefined) return undefined
  const missing = certPath === undefined ? 'certPath' : 'keyPath'
  throw new TlsFault(
    'TLS_PATHS_INCOMPLETE',
    `gateway.tls.${missing} is missing: a certificate and its key are named together`,
    `Set gateway.tls.${missing}, or leave out both to have a certificate made.`,
  )
}

async function generatedFiles(
  options: LoadTlsOptions,
  { clock, log, machine }: LoadTlsComponents,
): Promise<CertificateFiles> {
  const directory = tlsDirectory(options.stateDir)
  if (!options.autoGenerate) return certificateFiles(directory)
  const made = await generateCertificate(
    { directory, hostNames: options.hostNames },
    machine === undefined ? { clock } : { clock, machine },
  )
  if (made.isNew) log.info('certificate made', { certPath: made.certPath })
  return made
}

/** The same reader, but the way out of trouble is another one: these files are ours, and clients may have pinned them. */
async function readGenerated(files: CertificateFiles): Promise<CertificatePair> {
  try {
    return await readCertificatePair(files)
  } catch (cause) {
    if (!(cause instanceof TlsFault)) throw cause
    const missing = await missingFile(files)
    if (missing === 'certificate') throw notConfigured(cause)
    throw new TlsFault(
      missing === 'key' ? 'TLS_KEY_MISSING' : cause.code,
      missing === 'key' ? `The key of the generated certificate is gone: ${files.keyPath}` : cause.message,
      `Restore ${dirname(files.certPath)} from a backup. Without one, move it away and start again: ` +
        'a new certificate is made, and every client that pinned the old one needs the new pin.',
      cause,
    )
  }
}

async function missingFile({ certPath, keyPath }: CertificateFiles): Promise<'certificate' | 'key' | undefined> {
  const isMissing = async (path: string): Promise<boolean> =>
    stat(path).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
    )
  if (await isMissing(certPath)) return 'certificate'
  return (await isMissing(keyPath)) ? 'key' : undefined
}

function notConfigured(cause: unknown): TlsFault {
  return new TlsFault(
    'TLS_NOT_CONFIGURED',
    'TLS is on, but there is no certificate and none may be made',
    'Set gateway.tls.certPath and gateway.tls.keyPath, or gateway.tls.autoGenerate to true.',
    cause,
  )
}

function toSecureContext(
  { certPem, keyPem }: CertificatePair,
  issuers: string,
  { certPath }: CertificateFiles,
): SecureContext {
  try {
    return createSecureContext({ cert: issuers === '' ? certPem : `${certPem}\n${issuers}`, key: keyPem })
  } catch (cause) {
    throw new TlsFault(
      'TLS_PAIR_REJECTED',
      `The TLS library does not accept ${certPath} and its key: ${(cause as Error).message}`,
      'Use a P-256 or an RSA key of at least 2,048 bits, signed with SHA-256, and complete issuer certificates.',
      cause,
    )
  }
}

async function warn(
  { certPath, keyPath }: CertificateFiles,
  { leaf }: CertificatePair,
  isGenerated: boolean,
  { clock, log }: LoadTlsComponents,
): Promise<void> {
  const now = clock.nowMs()
  const dates = { certPath, notBefore: leaf.validFromDate.toISOString(), notAfter: leaf.validToDate.toISOString() }
  const nextStep = isGenerated
    ? 'Clients that pin it go on; check the clock of this machine.'
    : 'Check the clock of this machine and renew the certificate; clients that do not pin it refuse to connect.'
  if (now > leaf.validToDate.getTime()) log.warn('certificate expired', { ...dates, nextStep })
  if (now < leaf.validFromDate.getTime()) log.warn('certificate not yet valid', { ...dates, nextStep })
  // Windows has no such bits and reports them all as set.
  if (isGenerated || process.platform === 'win32') return
  const { mode } = await stat(keyPath)
  if ((mode & 0o007) !== 0) log.warn('private key open to every user', { keyPath, nextStep: `chmod o= ${keyPath}` })
}
