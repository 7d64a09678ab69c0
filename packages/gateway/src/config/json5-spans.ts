// Where each value of a JSON5 text begins and ends. Lets a text be edited in place, so that comments and layout survive.
// Expects text that the JSON5 parser has accepted: it finds places, it does not judge syntax.

export interface ValueSpan {
  readonly start: number
  readonly end: number
  /** Of an object, in order of appearance. */
  readonly entries?: readonly EntrySpan[]
  /** Of a list. */
  readonly items?: readonly ValueSpan[]
  /** Of a container: behind the last thing before its closing bracket, comments included. */
  readonly contentEnd?: number
}

export interface EntrySpan {
  readonly key: string
  readonly keyStart: number
  readonly value: ValueSpan
  /** Place of the comma that follows, if one does. */
  readonly commaAt: number | undefined
}

/** Undefined when a key is spelt in a way only the full parser reads. */
export function findSpans(text: string): ValueSpan | undefined {
  const scanner = new Scanner(text)
  const root = scanner.value()
  return scanner.isLost ? undefined : root
}

const BLANKS_AND_COMMENTS = /(?:\s+|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)*/y
const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|'[^'\\]*(?:\\[\s\S][^'\\]*)*'/y
/** A key or a value without quotes ends at punctuation, a blank or a comment. */
const WORD = /[^\s,:{}[\]/"']+/y
const PLAIN_STRING_BODY = /^[^\\]*$/

class Scanner {
  isLost = false
  readonly #text: string
  #at = 0
  /** End of the last token or comment that was passed. */
  #solidEnd = 0

  constructor(text: string) {
    this.#text = text
  }

  value(): ValueSpan {
    this.#skip()
    const start = this.#at
    if (this.#text[start] === '{') return this.#object(start)
    if (this.#text[start] === '[') return this.#list(start)
    if (this.#take(STRING) === undefined && this.#take(WORD) === undefined) this.isLost = true
    return { start, end: this.#at }
  }

  #object(start: number): ValueSpan {
    const entries: EntrySpan[] = []
    this.#step()
    while (!this.#isAtClose('}')) {
      const keyStart = this.#at
      const key = decodeKey(this.#take(STRING) ?? this.#take(WORD))
      this.#skip()
      if (key === undefined || this.#text[this.#at] !== ':') return this.#giveUp(start)
      this.#step()
      const value = this.value()
      entries.push({ key, keyStart, value, commaAt: this.#comma() })
    }
    return { ...this.#close(start), entries }
  }

  #list(start: number): ValueSpan {
    const items: ValueSpan[] = []
    this.#step()
    while (!this.#isAtClose(']')) {
      items.push(this.value())
      this.#comma()
    }
    return { ...this.#close(start), items }
  }

  #close(start: number): ValueSpan {
    const contentEnd = this.#solidEnd
    this.#step()
    return { start, end: this.#at, contentEnd }
  }

  #comma(): number | undefined {
    this.#skip()
    if (this.#text[this.#at] !== ',') return undefined
    this.#step()
    return this.#at - 1
  }

  /** At the closing bracket, or where there is no way on. */
  #isAtClose(bracket: string): boolean {
    this.#skip()
    if (this.#at >= this.#text.length) this.isLost = true
    return this.isLost || this.#text[this.#at] === bracket
  }

  #giveUp(start: number): ValueSpan {
    this.isLost = true
    return { start, end: this.#at }
  }

  /** Passes blanks and comments. */
  #skip(): void {
    const passed = this.#take(BLANKS_AND_COMMENTS, false) ?? ''
    const solid = passed.trimEnd()
    if (solid !== '') this.#solidEnd = this.#at - passed.length + solid.length
  }

  /** Passes one character of punctuation. */
  #step(): void {
    this.#at += 1
    this.#solidEnd = this.#at
  }

  #take(pattern: RegExp, isSolid = true): string | undefined {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0]
    if (token === undefined) return undefined
    this.#at += token.length
    if (isSolid) this.#solidEnd = this.#at
    return token
  }
}

function decodeKey(token: string | undefined): string | undefined {
  if (token === undefined || !PLAIN_STRING_BODY.test(token)) return undefined
  return /^["']/.test(token) ? token.slice(1, -1) : token
}
