// What a person is told about their configuration: where, what was expected, what arrived. Never shows a secret.

export interface ConfigIssue {
  /** `gateway.port`, or empty for the file as a whole. */
  readonly path: string
  /** A sentence without the path. */
  readonly message: string
  readonly expected?: string
  readonly received?: string
  /** The file, when it is not the value that is wrong but the file. */
  readonly file?: string
  /** What to do about it, when that is not obvious. */
  readonly nextStep?: string
}

/** Something worth knowing that changes nothing: an unknown key, a key that was read in another spelling. */
export type ConfigWarning = Pick<ConfigIssue, 'path' | 'message' | 'nextStep'>

const MAX_SHOWN_CHARS = 64

/** `gateway.port: expected an integer from 0 to 65535, got "eighty"`. */
export function formatIssue({ path, file, message, nextStep }: ConfigIssue): string {
  const where = [file, path].filter((part) => part !== undefined && part !== '').join(': ')
  return `${where === '' ? '' : `${where}: `}${message}${nextStep === undefined ? '' : ` (${nextStep})`}`
}

/** A value in a few words. A secret is described by its kind alone. */
export function describeValue(value: unknown, isSecret = false): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (isSecret) return value === '' ? 'an empty string' : `a ${typeof value}`
  const shown = JSON.stringify(value) ?? typeof value
  return shown.length <= MAX_SHOWN_CHARS ? shown : `${shown.slice(0, MAX_SHOWN_CHARS)}…`
}
