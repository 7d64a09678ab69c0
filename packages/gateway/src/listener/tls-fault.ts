// Why the gateway cannot speak TLS, in words its owner can act on. Never holds key material.

export type TlsFaultCode =
  | 'TLS_NOT_CONFIGURED'
  | 'TLS_PATHS_INCOMPLETE'
  | 'TLS_FILE_UNREADABLE'
  | 'TLS_CERTIFICATE_INVALID'
  | 'TLS_KEY_INVALID'
  | 'TLS_KEY_ENCRYPTED'
  | 'TLS_KEY_MISSING'
  | 'TLS_KEY_MISMATCH'
  | 'TLS_PAIR_REJECTED'
  | 'TLS_HOST_NAME_INVALID'
  | 'TLS_STATE_UNUSABLE'

export class TlsFault extends Error {
  readonly code: TlsFaultCode
  /** The command or setting that helps. */
  readonly nextStep: string

  constructor(code: TlsFaultCode, message: string, nextStep: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'TlsFault'
    this.code = code
    this.nextStep = nextStep
  }
}
