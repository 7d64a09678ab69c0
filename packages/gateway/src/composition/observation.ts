// What watches the gateway: clocks, the loop's figures, the WebSocket log, failed handshakes.

import { FailureRecorder } from '../admission/failure-record.ts'
import type { Part } from '../lifecycle.ts'
import { sourceKey } from '../listener/locality.ts'
import { type Clock, systemClock } from '../observe/clock.ts'
import { ClosedConnections } from '../observe/closed-connections.ts'
import { DecisionLog } from '../observe/decision-log.ts'
import type { FileLogger } from '../observe/file-logger.ts'
import { LoopMonitor } from '../observe/loop-monitor.ts'
import { Spans } from '../observe/spans.ts'
import { StabilityLog } from '../observe/stability-log.ts'
import { StallClock } from '../observe/stall-clock.ts'
import { WsLog } from '../observe/ws-log.ts'
import type { GatewayOptions } from '../options.ts'

export interface Observation {
  readonly log: FileLogger
  readonly clock: Clock
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly stallClock: StallClock
  readonly stability: StabilityLog
  readonly spans: Spans
  readonly loop: LoopMonitor
  readonly wsLog: WsLog
  readonly failures: FailureRecorder
  readonly closed: ClosedConnections
  readonly decisions: DecisionLog
  readonly parts: readonly Part[]
}

export function observe(options: GatewayOptions, log: FileLogger, writeLine: (line: string) => void): Observation {
  const clock = systemClock
  const now = (): number => performance.now()
  const stallClock = new StallClock({ now })
  const stability = new StabilityLog({ clock })
  const spans = new Spans({ log: log.child('gateway/loop') })
  const loop = new LoopMonitor({ stallClock, spans, log: log.child('gateway/loop'), stability })
  const wsLog = new WsLog(options.wsLog, writeLine)
  const closed = new ClosedConnections({ clock })
  const decisions = new DecisionLog({ clock })
  const failures = new FailureRecorder({
    log: log.child('gateway/ws'),
    now,
    sourceOf: ({ remote }) => (remote === undefined ? 'unix' : sourceKey(remote)),
    onRecord: (failure) => {
      const { connId, code, durationMs, reason } = failure
      closed.failed(failure)
      wsLog.closed(connId, code, durationMs, 'failed', reason)
    },
  })
  const parts: readonly Part[] = [
    { name: 'failure records', stop: () => failures.stop() },
    { name: 'stall clock', start: () => stallClock.start(), stop: () => stallClock.stop() },
    { name: 'loop monitor', start: () => loop.start(), stop: () => loop.stop() },
  ]
  return { log, clock, now, stallClock, stability, spans, loop, wsLog, failures, closed, decisions, parts }
}
