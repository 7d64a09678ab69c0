// A self-made certificate for this machine, by the system's openssl; its fingerprint is computed independently.

import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'

export interface TestCertificate {
  readonly key: string
  readonly cert: string
  /** SHA-256 of the DER, pairs with colons. */
  readonly fingerprint: string
}

export function makeCertificate(subject = 'localhost'): TestCertificate {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const pem = execFileSync('openssl', [...args, '-subj', `/CN=${subject}`, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const certAt = pem.indexOf('-----BEGIN CERTIFICATE-----')
  const cert = pem.slice(certAt)
  return { key: pem.slice(0, certAt), cert, fingerprint: new X509Certificate(cert).fingerprint256 }
}
