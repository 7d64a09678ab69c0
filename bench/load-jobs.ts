// What the load client can be asked to do, and what it answers: the whole language between the two processes.

export interface Endpoint {
  readonly url: string
  readonly token: string
}

/** The request that makes a server broadcast one event to every subscriber, and that event's name. */
export interface Trigger {
  readonly method: string
  readonly params: object
  readonly event: string
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Every job starts from `endpoint`; only `hold` leaves sockets open, until `release` or the next endpoint. */
export interface Jobs {
  /** Sizes, in bytes, of the frames that `rpc` and `fan-out` make this server send. */
  'measure-frames': { given: { trigger: Trigger }; answer: { rpcBytes: number; eventBytes: number } }
  /** Connect, wait for hello, close: `count` times, `concurrency` at a time, signed by `devices` devices if given. */
  handshakes: {
    given: { count: number; concurrency: number; devices?: { seed: string; count: number } }
    answer: Latency
  }
  /** All clients at the same moment, each retrying as stock clients do until it is in. */
  crowd: { given: { count: number }; answer: { failedAttempts: number; totalMs: number } }
  /** system-presence over one socket, `inFlight` unanswered at any time. */
  rpc: { given: { count: number; inFlight: number }; answer: Latency }
  hold: { given: { count: number; concurrency: number }; answer: { held: number } }
  /** Triggers sent one after another; counts what the held sockets truly received. */
  'fan-out': { given: { triggers: number; trigger: Trigger }; answer: { delivered: number } }
  release: { given: object; answer: object }
}

export type JobName = keyof Jobs
export type Given<N extends JobName> = Jobs[N]['given']
export type Answer<N extends JobName> = Jobs[N]['answer']

export interface JobMessage<N extends JobName = JobName> {
  readonly name: N
  readonly endpoint: Endpoint
  readonly given: Given<N>
}

export type JobOutcome = { readonly answer: object } | { readonly failed: string }
