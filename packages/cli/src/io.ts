// The terminal as the commands see it: two streams of text and what they can show. A reader that went away
// (`breakwater status | head -1`) ends the output, never the program.

export interface Io {
  out(text: string): void
  err(text: string): void
  /** Whether a person reads standard output. */
  readonly isTty: boolean
  readonly isErrTty: boolean
  readonly columns: number
  /** Aborts when nobody reads standard output any more: for commands that would go on for ever. */
  readonly readerGone: AbortSignal
  /** Asks the person a question and resolves with the line they typed; undefined where nobody can answer. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

const DEFAULT_COLUMNS = 80

export function processIo(): Io {
  const readerGone = new AbortController()
  return {
    out: writerOf(process.stdout, () => readerGone.abort()),
    err: writerOf(process.stderr),
    isTty: process.stdout.isTTY === true,
    isErrTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? DEFAULT_COLUMNS,
    readerGone: readerGone.signal,
    ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? askOnTerminal : undefined,
  }
}

/** On standard error, so that standard output holds the result only. Ctrl-D is an empty answer. */
async function askOnTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
    return await Promise.race([terminal.question(question), closed])
  } finally {
    terminal.close()
  }
}

function writerOf(stream: NodeJS.WriteStream, onGone = () => {}): (text: string) => void {
  let isOpen = true
  stream.on('error', () => {
    isOpen = false
    onGone()
  })
  return (text) => {
    if (isOpen) stream.write(text)
  }
}
