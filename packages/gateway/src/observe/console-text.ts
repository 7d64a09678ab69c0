// Values as a person's terminal may show them: what peers send must neither forge a line nor steer the terminal.

/** Controls (C1 ones steer terminals too), line separators, and the marks that reorder text. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t' }

const escapeUnsafe = (text: string): string =>
  text.replace(UNSAFE, (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Any value as text without control characters. Never throws. */
export function consoleText(value: unknown): string {
  if (typeof value === 'string') return escapeUnsafe(value)
  try {
    return escapeUnsafe(JSON.stringify(value) ?? String(value))
  } catch {
    // Circular values and big integers have no JSON; a log line is no place to fail.
    return escapeUnsafe(String(value))
  }
}
