// Where a command's outcome goes: text for people or one JSON document for programs, on standard output. Failures are
// text on standard error, or the same single JSON document.

import { EXIT } from '../exit-codes.ts'
import type { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { formatMs } from './quantity.ts'
import { createStyle, isColoured, type Style } from './style.ts'

export interface OutputOptions {
  readonly isJson: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

export class Output {
  readonly isJson: boolean
  readonly style: Style
  readonly #errStyle: Style
  readonly #io: Io

  constructor(io: Io, { isJson, env }: OutputOptions) {
    this.#io = io
    this.isJson = isJson
    this.style = createStyle(isColoured(io.isTty, env))
    this.#errStyle = createStyle(isColoured(io.isErrTty, env))
  }

  /** The command's result: `data` as JSON, or what `render` makes of it. */
  result<T>(data: T, render: (data: T, style: Style) => string): void {
    this.#io.out(this.isJson ? toJson(data) : render(data, this.style))
  }

  failure(failure: Failure): void {
    if (this.isJson) this.#io.out(toJson({ error: publicFailure(failure) }))
    else this.#io.err(renderFailure(failure, this.#errStyle))
  }

  /** A remark beside the result; programs do not see it. */
  note(text: string): void {
    if (!this.isJson) this.#io.err(`${text}\n`)
  }
}

export const toJson = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`

/** What programs are shown of a failure: the exit code is the process's own business. */
export function publicFailure({ exitCode: _, code, message, ...facts }: Failure): Omit<Failure, 'exitCode'> {
  return { code, message, ...facts }
}

/** `error:` and what happened, `retry:` when trying again is all it takes, `next:` and what to do. */
export function renderFailure(failure: Failure, style: Style): string {
  const { message, exitCode, nextCommand, nextStep, retryable, retryAfterMs } = failure
  const isWait = retryable === true && (retryAfterMs !== undefined || exitCode === EXIT.notReady)
  const next = nextCommand ?? nextStep
  return [
    `${style.bad('error:')} ${message}\n`,
    isWait ? `${style.strong('retry:')} ${retryText(retryAfterMs)}\n` : '',
    next === undefined ? '' : `${style.strong('next:')} ${next}\n`,
  ].join('')
}

const retryText = (afterMs: number | undefined): string =>
  afterMs === undefined ? 'the same command may work in a moment' : `the same command may work in ${formatMs(afterMs)}`
