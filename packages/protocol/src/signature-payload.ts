// The text a device signs to prove its key on one connection (protocol notes 2.3). Byte-exact; no cryptography here.

export interface SignedConnect {
  readonly deviceId: string
  readonly clientId: string
  readonly clientMode: string
  /** As sent; `operator` when the connect frame leaves it out. */
  readonly role: string
  /** As sent and in that order. */
  readonly scopes: readonly string[]
  /** Epoch milliseconds, copied from the challenge by well-behaved clients. */
  readonly signedAtMs: number
  /** The first defined of `auth.token`, `auth.deviceToken`, `auth.bootstrapToken`; empty when there is none. */
  readonly token: string
  readonly nonce: string
  readonly platform?: string | undefined
  readonly deviceFamily?: string | undefined
}

export type SignatureVersion = 'v3' | 'v2'

/** Trimmed, with only ASCII letters lower-cased: locale rules must not change what was signed. */
const metadata = (value: string | undefined): string =>
  (value ?? '').trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase())

/** The payload of one signature version: fields joined by `|`, without escaping and without a trailing newline. */
export function signaturePayload(version: SignatureVersion, connect: SignedConnect): string {
  const fields = [
    version,
    connect.deviceId,
    connect.clientId,
    connect.clientMode,
    connect.role,
    connect.scopes.join(','),
    String(connect.signedAtMs),
    connect.token,
    connect.nonce,
  ]
  if (version === 'v3') fields.push(metadata(connect.platform), metadata(connect.deviceFamily))
  return fields.join('|')
}

/** The credential that takes part in the signature. A password never does. */
export const signedToken = (
  auth:
    | { token?: string | undefined; deviceToken?: string | undefined; bootstrapToken?: string | undefined }
    | undefined,
): string => auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken ?? ''
