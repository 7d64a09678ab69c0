// Why a gateway refused to start, in words its owner can act on.

export type StartFaultCode =
  | 'AUTH_NONE_EXPOSED'
  | 'PASSWORD_MISSING'
  | 'TRUSTED_PROXY_UNSET'
  | 'CONFIG_INVALID'
  | 'STATE_DIR_UNUSABLE'

export class StartFault extends Error {
  readonly code: StartFaultCode
  /** The command or setting that helps. */
  readonly nextStep: string

  constructor(code: StartFaultCode, message: string, nextStep: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StartFault'
    this.code = code
    this.nextStep = nextStep
  }
}
