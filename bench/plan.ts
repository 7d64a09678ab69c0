// How much work a run does, in one table: the full plan for figures worth keeping, the quick one for a look.
// Scenarios read their sizes here and nowhere else, so two runs of the same plan did the same work.

export interface Plan {
  readonly mode: 'quick' | 'full'
  /** Whole run; a scenario still running at this point is reported as failed. */
  readonly timeLimitMs: number
  /** Times every target is measured per scenario, taking turns. Scenarios that start a server per round may do fewer. */
  readonly rounds: number
  readonly bootRounds: number
  /** Rounds of the scenarios that need a fresh server and many sockets. */
  readonly freshRounds: number
  /** Quiet time before memory is read. */
  readonly settleMs: number
  readonly warmUpHandshakes: number
  readonly handshakes: number
  readonly handshakeConcurrency: number
  readonly knownDevices: number
  readonly crowdSizes: readonly number[]
  readonly warmUpCalls: number
  readonly calls: number
  readonly callsInFlight: number
  readonly subscribers: number
  readonly warmUpTriggers: number
  readonly triggers: number
  /** Sockets already open at the first memory reading, so that start-up garbage is not billed to connections. */
  readonly baselineConnections: number
  readonly idleConnections: number
}

const FULL: Plan = {
  mode: 'full',
  timeLimitMs: 600_000,
  rounds: 5,
  bootRounds: 9,
  freshRounds: 3,
  settleMs: 3_000,
  warmUpHandshakes: 2_000,
  handshakes: 2_000,
  handshakeConcurrency: 8,
  knownDevices: 16,
  crowdSizes: [11, 64, 256, 1_000],
  warmUpCalls: 20_000,
  calls: 20_000,
  callsInFlight: 8,
  subscribers: 200,
  warmUpTriggers: 100,
  triggers: 500,
  baselineConnections: 500,
  idleConnections: 5_000,
}

const QUICK: Plan = {
  ...FULL,
  mode: 'quick',
  timeLimitMs: 90_000,
  rounds: 3,
  bootRounds: 3,
  freshRounds: 1,
  handshakes: 1_000,
  calls: 10_000,
  triggers: 200,
  idleConnections: 2_000,
}

export function planFor(mode: Plan['mode']): Plan {
  return mode === 'quick' ? QUICK : FULL
}
