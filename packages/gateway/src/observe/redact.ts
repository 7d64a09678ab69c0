// Keeps secrets out of the log. Members that are named like a secret are hidden whatever they hold; in texts, everything
// that looks like one is, and the secrets in effect are hidden wherever they appear. Hides too much rather than too
// little, and bounds what one line may hold. Pure apart from the list of known secrets.

import type { LogFields } from './logger.ts'

/** Stands where a secret was. */
export const HIDDEN = '***'

export const REDACT_LIMITS = {
  /** Characters of one text; the rest is cut and counted. */
  textChars: 8_192,
  /** Characters of all texts of one line together. */
  lineChars: 49_152,
  /** Values of one line, members and elements included. */
  values: 1_000,
  depth: 6,
  /** Shorter secrets are not searched for: they would blank out ordinary words. */
  minKnownChars: 8,
  knownSecrets: 64,
} as const

/** Read beyond the cut, so that a secret on the edge is seen whole. */
const OVERLAP_CHARS = 4_096

/** The end of a name says what it holds: `tokenPath` is a path, `deviceToken` is a token. */
const WORDS =
  'token|secret|passw(?:or)?d|pwd|passphrase|passcode|api[-_]?key|(?:access|private|signing|encryption)[-_]?key|' +
  'setup[-_]?code|credentials?|bearer'
const NAME = `[\\w.-]{0,64}?(?:${WORDS})s?`
const SECRET_NAME = new RegExp(`(?:${WORDS}|authori[sz]ation|cookie)s?$`, 'i')
/** Here a number is a secret too; elsewhere (`tokens`) it is an amount. */
const SECRET_NUMBER_NAME = /(?:passw(?:or)?d|passcode|pwd|^pin)$/i
/** What a secret never is. */
const NO_SECRET = '(?!(?:true|false|null|undefined|none|missing)\\b)'

const HEADER =
  '(?:(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api-key|[a-z-]{1,20}-token))\\\\*["\']?\\s{0,8}[:=]\\s{0,8}'
const SCHEME = '(?:(?:bearer|basic|digest|token) )?'

type Rule = readonly [pattern: RegExp, replacement: string | ((...groups: string[]) => string)]

const RULES: readonly Rule[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  // A header's value reaches to the end of its quotation, or else of its line.
  [new RegExp(`\\b(${HEADER})(\\\\*["'])(${SCHEME})[^\\r\\n]*?(?:\\2|(?=[\\r\\n])|$)`, 'gi'), `$1$2$3${HIDDEN}$2`],
  [new RegExp(`\\b(${HEADER})(?!\\\\*["'])(${SCHEME})[^\\r\\n]+`, 'gi'), `$1$2${HIDDEN}`],
  [/\b(bearer|basic) {1,8}(?=[^\s"'\\]*[0-9=])[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [new RegExp(`([?&#](?:${NAME}|auth|code|key|sig|signature)=)[^&#\\s"'<>)\\\\]+`, 'gi'), `$1${HIDDEN}`],
  [new RegExp(`(\\b${NAME}=)${NO_SECRET}(?:"[^"]*"|'[^']*'|[^\\s&;,#"')\\]}\\\\]+)`, 'gi'), `$1${HIDDEN}`],
  // JSON, also JSON inside a JSON text.
  [new RegExp(`(\\\\*["'])(${NAME})\\1(\\s{0,8}:\\s{0,8})(\\\\*["'])[^\\r\\n]*?\\4`, 'gi'), `$1$2$1$3$4${HIDDEN}$4`],
  [new RegExp(`(\\b${NAME}(?:\\s{0,8}: ?| is ))("[^"]*"|'[^']*'|[^\\s,;)]+)`, 'gi'), hideIfValue],
  [new RegExp(`(--${NAME} )("[^"]*"|'[^']*'|[^\\s,;)]+)`, 'gi'), hideIfValue],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"']{1,512}@/gi, `$1${HIDDEN}@`],
  [/\boc-pair:\/\/[^\s"']+/gi, `oc-pair://${HIDDEN}`],
  // Base64url of `{"`: setup codes and signed tokens.
  [/\beyJ[\w-]{20,}(?:\.[\w-]*){0,3}/g, HIDDEN],
  // Keys whose makers gave them a form of their own.
  [
    /\b(?:sk|rk|pk)-[\w-]{16,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bsyt_\w{8,}|\bxox[abeoprs]-[\w-]{10,}/g,
    HIDDEN,
  ],
  [/\bxapp-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b|\b\d{6,12}:[\w-]{30,}|\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}/g, HIDDEN],
]

/** One look that spares most texts the rules: each of them needs one of these. */
const TRIGGER =
  /token|secret|pass|pwd|key|code|credential|bearer|basic|auth|cookie|sig|eyJ|@|oc-pair|[srp]k-|gh[pousr]_|syt_|xox|xapp|AKIA|\d:[\w-]{30}|[\w-]{23}\./i

/** In prose a name is often followed by an ordinary word: only what looks made up, or is quoted, is a value. */
function hideIfValue(_: string, before = '', value = ''): string {
  const isValue = /^["']./.test(value) || value.length >= 16 || /\d/.test(value)
  return `${before}${isValue ? HIDDEN : value}`
}

export class Redactor {
  #known: readonly string[] = []

  /** Replaces the secrets that are hidden wherever they appear; blanks and short ones are left out. */
  setKnown(secrets: Iterable<string | undefined>): void {
    const { minKnownChars, knownSecrets } = REDACT_LIMITS
    const known = new Set<string>()
    for (const secret of secrets)
      if (secret !== undefined && secret.trim().length >= minKnownChars) known.add(secret.trim())
    // Longest first: one secret may begin like another.
    this.#known = [...known].sort((a, b) => b.length - a.length).slice(0, knownSecrets)
  }

  text(text: string): string {
    const { textChars } = REDACT_LIMITS
    const isLong = text.length > textChars
    let shown = isLong ? text.slice(0, textChars + OVERLAP_CHARS) : text
    for (const secret of this.#known) shown = shown.replaceAll(secret, HIDDEN)
    if (TRIGGER.test(shown)) {
      for (const [pattern, replacement] of RULES) shown = shown.replace(pattern, replacement as string)
    }
    return isLong ? `${shown.slice(0, textChars)}… (${text.length - textChars} more characters)` : shown
  }

  /** A copy that has JSON: bounded, without cycles, without secrets. Never throws. */
  fields(fields: LogFields): Record<string, unknown> {
    return this.#object(fields, { values: REDACT_LIMITS.values, chars: REDACT_LIMITS.lineChars }, 0, false)
  }

  #object(source: object, budget: Budget, depth: number, isSecret: boolean): Record<string, unknown> {
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(source)) {
      if (budget.values <= 0) return { ...copy, '…': 'cut' }
      const value = this.#member(source, key, budget, depth, isSecret)
      if (value !== undefined) copy[key] = value
    }
    return copy
  }

  #member(source: object, key: string, budget: Budget, depth: number, isSecret: boolean): unknown {
    try {
      const value = (source as Record<string, unknown>)[key]
      if (typeof value === 'number' && SECRET_NUMBER_NAME.test(key)) return HIDDEN
      return this.#value(value, budget, depth + 1, isSecret || SECRET_NAME.test(key))
    } catch {
      return '[unreadable]' // A getter failed: a log line is no place to fail.
    }
  }

  #value(value: unknown, budget: Budget, depth: number, isSecret: boolean): unknown {
    budget.values -= 1
    switch (typeof value) {
      case 'string':
        return isSecret && value !== '' ? HIDDEN : this.#spend(value, budget)
      case 'number':
      case 'boolean':
      case 'undefined':
        return value
      case 'object':
        return value === null ? null : this.#composite(value, budget, depth, isSecret)
      default:
        return this.#spend(String(value), budget)
    }
  }

  #composite(value: object, budget: Budget, depth: number, isSecret: boolean): unknown {
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (depth > REDACT_LIMITS.depth) return '[deep]'
    if (value instanceof Error) return this.#spend(value.stack ?? String(value), budget)
    if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return this.#value(value.toJSON(), budget, depth + 1, isSecret)
    }
    if (!Array.isArray(value)) return this.#object(value, budget, depth, isSecret)
    const copy: unknown[] = []
    for (const item of value) {
      if (budget.values <= 0) return [...copy, `… ${value.length - copy.length} more`]
      copy.push(this.#value(item, budget, depth + 1, isSecret))
    }
    return copy
  }

  #spend(text: string, budget: Budget): string {
    if (budget.chars <= 0) return '…'
    const shown = this.text(text)
    budget.chars -= shown.length
    return shown
  }
}

/** What a line may still hold. */
interface Budget {
  values: number
  chars: number
}
