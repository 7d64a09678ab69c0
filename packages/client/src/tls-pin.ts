// The pin of a gateway certificate: what forms a person may write it in, and the one form it is compared in.
// Comparing against a live connection is the Node transport's duty; browsers cannot pin.

import { ClientError } from './errors.ts'

/** SHA-256 of the leaf certificate in DER, 64 lower-case hex digits. */
export type TlsPin = string & { readonly __brand: 'TlsPin' }

const PLAIN = /^[0-9a-f]{64}$/
const PAIRS = /^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/

/** Accepts 64 hex digits or 32 pairs with colons, with or without `sha256:`, in any case. Throws INVALID_OPTIONS. */
export function parseTlsPin(text: string): TlsPin {
  const digest = text
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
  if (PLAIN.test(digest)) return digest as TlsPin
  if (PAIRS.test(digest)) return digest.replaceAll(':', '') as TlsPin
  throw new ClientError(
    'INVALID_OPTIONS',
    'TLS fingerprint: expected the SHA-256 of the certificate as 64 hex digits or 32 pairs separated by colons',
  )
}
