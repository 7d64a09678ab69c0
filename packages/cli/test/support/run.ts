// Runs the command line inside the test, with streams that are kept and an environment of its own.

import type { Io } from '../../src/io.ts'
import { main } from '../../src/main.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface FakeIo extends Io {
  out(text: string): void
  readonly written: { out: string; err: string }
}

export function fakeIo(isTty = false, ask: Io['ask'] = undefined, readerGone = new AbortController().signal): FakeIo {
  const written = { out: '', err: '' }
  return {
    out: (text) => {
      written.out += text
    },
    err: (text) => {
      written.err += text
    },
    isTty,
    isErrTty: isTty,
    columns: 80,
    readerGone,
    ask,
    written,
  }
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly isTty?: boolean
  /** Answers questions; left out: nobody can. */
  readonly ask?: Io['ask']
  /** Ends commands that go on for ever. */
  readonly readerGone?: AbortSignal
}

export async function run(
  args: readonly string[],
  { env = {}, isTty = false, ask, readerGone }: RunOptions = {},
): Promise<Ran> {
  const io = fakeIo(isTty, ask, readerGone)
  const code = await main(args, { io, env })
  return { code, ...io.written }
}

/** The one JSON document a `--json` run prints. */
// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
export const jsonOf = ({ out }: Ran): any => JSON.parse(out)
