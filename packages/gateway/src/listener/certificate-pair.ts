// Reads a certificate and its key from disk and says exactly what is wrong with them. Judges form and match, not dates:
// an expired certificate is still the one that clients have pinned. Changes nothing.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { CertificateFiles } from './generate-certificate.ts'
import { TlsFault } from './tls-fault.ts'

/** A chain of certificates is some kilobytes; a path to a device or an archive is a mistake. */
const MAX_PEM_BYTES = 1_048_576

export interface CertificatePair {
  readonly certPem: string
  readonly keyPem: string
  /** The first certificate of the file: the one clients see and pin. */
  readonly leaf: X509Certificate
}

/** Rejects with a TlsFault that names the file. */
export async function readCertificatePair({ certPath, keyPath }: CertificateFiles): Promise<CertificatePair> {
  const certPem = await readPem('certificate', certPath)
  const keyPem = await readPem('private key', keyPath)
  const leaf = parseLeaf(certPem, certPath)
  const key = parseKey(keyPem, keyPath)
  if (!leaf.checkPrivateKey(key)) throw mismatch(certPem, key, { certPath, keyPath })
  return { certPem, keyPem, leaf }
}

/** Text of a PEM file. */
export async function readPem(what: string, path: string): Promise<string> {
  try {
    const info = await stat(path)
    if (!info.isFile()) throw new Error('it is not a file')
    if (info.size > MAX_PEM_BYTES) throw new Error(`it is larger than ${MAX_PEM_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new TlsFault(
      'TLS_FILE_UNREADABLE',
      `The TLS ${what} ${path} cannot be read: ${READ_ERRORS[code ?? ''] ?? message}`,
      code === 'ENOENT'
        ? `Check the path, or leave out gateway.tls.certPath and gateway.tls.keyPath to have a certificate made.`
        : `Make ${path} a file that the user who runs the gateway may read.`,
      cause,
    )
  }
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

function parseLeaf(pem: string, path: string): X509Certificate {
  const [first] = pem.match(CERTIFICATE_BLOCK) ?? []
  if (first === undefined) {
    throw new TlsFault(
      'TLS_CERTIFICATE_INVALID',
      `${path} holds no complete PEM certificate`,
      hasBlock(pem, 'PRIVATE KEY')
        ? 'It holds a private key: name the certificate in gateway.tls.certPath and the key in gateway.tls.keyPath.'
        : 'Use the PEM form, leaf first; a DER file becomes one with: openssl x509 -inform der -in <file> -out <file>.pem',
    )
  }
  try {
    return new X509Certificate(first)
  } catch (cause) {
    throw new TlsFault(
      'TLS_CERTIFICATE_INVALID',
      `The first certificate in ${path} is damaged`,
      'Copy the file again from where it was issued.',
      cause,
    )
  }
}

function parseKey(pem: string, path: string): KeyObject {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new TlsFault(
      'TLS_KEY_ENCRYPTED',
      `The private key ${path} is protected by a passphrase, which nobody is there to type`,
      `Write it without one, readable by the gateway only: umask 077; openssl pkey -in ${path} -out <file>`,
    )
  }
  if (!hasBlock(pem, 'PRIVATE KEY')) {
    throw new TlsFault(
      'TLS_KEY_INVALID',
      `${path} holds no PEM private key`,
      hasBlock(pem, 'CERTIFICATE')
        ? 'It holds a certificate: name the certificate in gateway.tls.certPath and the key in gateway.tls.keyPath.'
        : 'Use the PEM form; a DER file becomes one with: openssl pkey -inform der -in <file> -out <file>.pem',
    )
  }
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new TlsFault(
      'TLS_KEY_INVALID',
      `The private key in ${path} is damaged`,
      'Copy the file again from where it was made.',
      cause,
    )
  }
}

const hasBlock = (pem: string, label: string): boolean =>
  new RegExp(`-----BEGIN (?:[A-Z0-9]+ )*${label}-----`).test(pem)

function mismatch(certPem: string, key: KeyObject, { certPath, keyPath }: CertificateFiles): TlsFault {
  const position = (certPem.match(CERTIFICATE_BLOCK) ?? []).findIndex((block) => isCertified(block, key))
  return new TlsFault(
    'TLS_KEY_MISMATCH',
    `The private key ${keyPath} does not belong to the first certificate in ${certPath}`,
    position > 0
      ? `It belongs to certificate ${position + 1} of that file: put that one first, its issuers after it.`
      : 'Name the key that the certificate was made with; after a renewal both files change together.',
  )
}

function isCertified(block: string, key: KeyObject): boolean {
  try {
    return new X509Certificate(block).checkPrivateKey(key)
  } catch {
    // A damaged issuer certificate further down is no hint.
    return false
  }
}
