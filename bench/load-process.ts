// The parent's end of the load client: one child process, one job at a time, every job under a time limit.
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startChild, stopChild } from './children.ts'
import type { Answer, Endpoint, Given, JobName, JobOutcome } from './load-jobs.ts'

const JOB_LIMIT_MS = 120_000
const CLIENT_FILE = fileURLToPath(new URL('load-client.ts', import.meta.url))

export class LoadProcess {
  #child: ChildProcess
  readonly #signal: AbortSignal

  /** `signal` ends the job in hand as well as every later one. */
  constructor(signal: AbortSignal) {
    this.#signal = signal
    this.#child = startClient()
  }

  async run<N extends JobName>(name: N, endpoint: Endpoint, given: Given<N>): Promise<Answer<N>> {
    this.#signal.throwIfAborted()
    const child = this.#child
    const outcome = Promise.withResolvers<JobOutcome>()
    const onExit = () => outcome.reject(new Error(`${name}: the load client ended`))
    const onAbort = () => outcome.reject(this.#signal.reason)
    const limit = setTimeout(() => outcome.reject(new Error(`${name}: no answer in ${JOB_LIMIT_MS} ms`)), JOB_LIMIT_MS)
    child.once('message', outcome.resolve).once('exit', onExit)
    this.#signal.addEventListener('abort', onAbort, { once: true })
    try {
      child.send({ name, endpoint, given })
      const settled = await outcome.promise
      if ('failed' in settled) throw new Error(`${name}: ${settled.failed}`)
      return settled.answer as Answer<N>
    } finally {
      clearTimeout(limit)
      child.off('message', outcome.resolve).off('exit', onExit)
      this.#signal.removeEventListener('abort', onAbort)
    }
  }

  /** After a failed job: sockets it left open are gone, and so is whatever state it was in. */
  async restart(): Promise<void> {
    await this.stop()
    this.#child = startClient()
  }

  async stop(): Promise<void> {
    await stopChild(this.#child)
  }
}

function startClient(): ChildProcess {
  return startChild(['--conditions=source', CLIENT_FILE], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}
