// What every command is given: where to write, what was typed for all commands alike, and the environment.

import type { Io } from './io.ts'
import type { Output } from './output/output.ts'
import type { TargetFlags } from './target/resolve-target.ts'

export interface CommandContext {
  readonly io: Io
  readonly output: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** `--url`, `--token`, `--password`, `--tls-fingerprint`. */
  readonly flags: TargetFlags
  /** `--timeout`; undefined: the client's own deadlines. */
  readonly timeoutMs: number | undefined
}
