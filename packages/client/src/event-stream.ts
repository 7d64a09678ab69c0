// Events of the gateway as a stream, with a shortcut for one name.

import type { EventFrame, EventName } from '@breakwater/protocol'
import { Emitter, type Stream } from './stream.ts'

/** Every event of the current and later connections, in order. Ends when its owner is stopped. */
export interface EventStream extends Stream<EventFrame> {
  /** Calls `listener` with every event of this name; returns how to stop. */
  on(event: EventName | (string & {}), listener: (payload: unknown, frame: EventFrame) => void): () => void
}

export class EventEmitter extends Emitter<EventFrame> implements EventStream {
  on(event: string, listener: (payload: unknown, frame: EventFrame) => void): () => void {
    return this.subscribe((frame) => {
      if (frame.event === event) listener(frame.payload, frame)
    })
  }
}
