// When a person or a service manager wants the gateway to stop: the first signal asks for an orderly stop, a second
// interrupt ends it at once.

import { EXIT, type ExitCode } from '../../exit-codes.ts'

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/** One press of Ctrl-C may arrive twice: from the terminal, and forwarded by whoever started us. */
const SAME_PRESS_MS = 500

export interface StopSignalsComponents {
  readonly emitter: Pick<NodeJS.Process, 'on' | 'off'>
  /** Ends the process at once. */
  readonly exit: (code: ExitCode) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** Resolves with the first signal. Goes on listening, for the second, until the process ends. */
export function awaitStopSignal({
  emitter,
  exit,
  now = () => performance.now(),
}: StopSignalsComponents): Promise<StopSignal> {
  const { promise, resolve } = Promise.withResolvers<StopSignal>()
  let firstAt: number | undefined
  for (const signal of STOP_SIGNALS) {
    emitter.on(signal, () => {
      if (firstAt === undefined) {
        firstAt = now()
        resolve(signal)
      } else if (signal === 'SIGINT' && now() - firstAt >= SAME_PRESS_MS) exit(EXIT.interrupted)
    })
  }
  return promise
}
