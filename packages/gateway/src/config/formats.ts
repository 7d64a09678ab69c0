// Formats of configuration text. Each reuses the parser of the component that will read the value, so that a value
// accepted here cannot be refused there.

import { parseAddress, parseRange } from '../listener/address.ts'
import { parseHostHeader } from '../listener/host-header.ts'
import { isOriginEntry } from '../listener/origin.ts'
import type { Format } from './leaf.ts'
import { expandPath } from './paths.ts'

const MAX_WORD_CHARS = 256
const MAX_SECRET_CHARS = 4_096
const MAX_PATH_CHARS = 4_096

const matching = (expected: string, fits: (text: string) => boolean): Format => ({
  expected,
  parse: (text) => (fits(text) ? text : undefined),
})

export const ADDRESS: Format = {
  expected: 'an IP address',
  parse: (text) => parseAddress(text)?.toString(),
}

/** A whole family (/0) is refused everywhere: it would trust or approve the entire internet. */
export const ADDRESS_RANGE = matching('an IP address or a CIDR range like 10.0.0.0/8, never /0', (text) => {
  const range = parseRange(text)
  return range !== undefined && range.prefixBits > 0
})

export const ORIGIN = matching('an origin like https://host.example:8443, or *', isOriginEntry)

export const HOST = matching('a host name or address, with or without a port, no wildcards', (text) => {
  const isPlainIpv6 = /^[^[\]]*:[^[\]]*:/.test(text)
  return parseHostHeader(isPlainIpv6 ? `[${text}]` : text) !== undefined
})

/** Header names compare without case; Node hands them over in lower case. */
export const HEADER_NAME: Format = {
  expected: 'an HTTP header name',
  parse: (text) => (/^[\w!#$%&'*+.^`|~-]{1,128}$/.test(text) ? text.toLowerCase() : undefined),
}

export const WORD = matching(`a non-empty text of at most ${MAX_WORD_CHARS} characters`, (text) => {
  return text.trim() !== '' && text.length <= MAX_WORD_CHARS
})

/** Control characters cannot travel in a header or a command line; a secret that holds one is a pasting accident. */
export const SECRET = matching('a non-empty text without line breaks or surrounding blanks', (text) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text !== '' && text === text.trim() && text.length <= MAX_SECRET_CHARS && !/[\u0000-\u001f\u007f]/.test(text)
})

export const SCOPE = matching('an operator scope like operator.read', (text) => /^operator\.[\w.]{1,64}$/.test(text))

/** Credentials in a URL end up in logs and process lists, so they are refused here. */
export const GATEWAY_URL = matching('a ws:// or wss:// URL without user name or password', (text) => {
  const url = URL.parse(text)
  return url !== null && /^wss?:$/.test(url.protocol) && url.username === '' && url.password === ''
})

/** SHA-256 of a certificate: 64 hex digits or 32 colon-separated pairs, `sha256:` in front or not. */
export const TLS_FINGERPRINT: Format = {
  expected: 'a SHA-256 certificate fingerprint: 64 hex digits, or 32 pairs with colons',
  parse: (text) => {
    const digits = text
      .trim()
      .toLowerCase()
      .replace(/^sha256:/, '')
    const isPaired = /^([\da-f]{2}:){31}[\da-f]{2}$/.test(digits)
    return isPaired || /^[\da-f]{64}$/.test(digits) ? digits.replaceAll(':', '') : undefined
  },
}

/** Becomes absolute: `~` is the home directory, anything relative starts at the configuration file. */
export const FILE_PATH: Format = {
  expected: 'a file path',
  parse: (text, context) => {
    if (text.trim() === '' || text.length > MAX_PATH_CHARS || text.includes('\0')) return undefined
    return expandPath(text, context)
  },
}
