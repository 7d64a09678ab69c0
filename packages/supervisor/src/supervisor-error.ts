// Errors of this package: mistakes of the caller, thrown where the mistake is made, and the reasons put on an aborted
// attempt's signal. They never cross a wire; what a server refused is a Verdict instead.

const brand = Symbol.for('breakwater.SupervisorError')

export const SUPERVISOR_ERROR_CODES = {
  NESTED_DIAL: 'a supervised connection was started from inside the dial of another: two retry owners',
  NAME_IN_USE: 'another running connection of this supervisor has the same name: two retry owners',
  TOO_MANY_CONNECTIONS: 'the supervisor already runs as many connections as its limit allows',
  TOO_MANY_COMMANDS: 'one callback issued more commands than the mailbox holds',
  INVALID_OPTION: 'an option is outside its documented range',
  STOPPED: 'abort reason: the connection was stopped',
  DIAL_DEADLINE: 'abort reason: the dial did not settle in time',
} as const

export type SupervisorErrorCode = keyof typeof SUPERVISOR_ERROR_CODES

/** Thrown for misuse of the supervisor, and used as the reason of an aborted attempt signal. */
export class SupervisorError extends Error {
  readonly code: SupervisorErrorCode

  constructor(code: SupervisorErrorCode, message: string) {
    super(message)
    this.name = 'SupervisorError'
    this.code = code
    Object.defineProperty(this, brand, { value: true })
  }

  /** Recognises the error across duplicate copies of this package. */
  static is(value: unknown): value is SupervisorError {
    return typeof value === 'object' && value !== null && brand in value
  }
}
