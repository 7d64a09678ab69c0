// The supervisor's fake clock with this package's one addition: input that is ready gets its turn first.

import { FakeClock } from '@breakwater/supervisor/testing'
import type { ClientClock } from '../../src/clock.ts'

export class FakeClientClock extends FakeClock implements ClientClock {
  afterPoll(run: () => void): void {
    this.setTimer(run, 0)
  }
}
