// The terminal as the commands see it: two streams of text and what they can show. A reader that went away
// (`breakwater status | head -1`) ends the output, never the program.

export interface Io {
  out(text: string): void
  err(text: string): void
  /** Whether a person reads standard output. */
  readonly isTty: boolean
  readonly isErrTty: boolean
  readonly columns: number
}

const DEFAULT_COLUMNS = 80

export function processIo(): Io {
  return {
    out: writerOf(process.stdout),
    err: writerOf(process.stderr),
    isTty: process.stdout.isTTY === true,
    isErrTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? DEFAULT_COLUMNS,
  }
}

function writerOf(stream: NodeJS.WriteStream): (text: string) => void {
  let isOpen = true
  stream.on('error', () => {
    isOpen = false
  })
  return (text) => {
    if (isOpen) stream.write(text)
  }
}
