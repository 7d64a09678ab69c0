// Time as this package needs it: the supervisor's clock plus one way to let waiting input be read first.

import { type Clock, systemClock } from '@breakwater/supervisor'

export interface ClientClock extends Clock {
  /**
   * Calls `run` after input that already arrived has had its turn. A deadline measures the peer's silence: after a
   * stall of our own, timers fire before the messages that came in meanwhile.
   */
  afterPoll(run: () => void): void
}

const immediate = (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate

export const clientClock: ClientClock = {
  ...systemClock,
  afterPoll: (run) => {
    if (immediate === undefined) globalThis.setTimeout(run, 0)
    else immediate(run)
  },
}
