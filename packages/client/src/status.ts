// What an owner of a connection is told, as one stream of values. Built from the machine's states; holds no logic.

import type { HelloOk } from '@breakwater/protocol'
import type { State } from './connection/machine.ts'
import type { ClientError } from './errors.ts'

export type ConnectingStep = 'opening' | 'waiting-for-challenge' | 'answering-challenge' | 'waiting-for-hello'

export type ClientStatus =
  | { readonly type: 'idle' }
  | { readonly type: 'connecting'; readonly step: ConnectingStep; readonly generation: number }
  | { readonly type: 'ready'; readonly hello: HelloOk; readonly generation: number }
  /** Waiting to try again. `nextAttemptAt`: epoch ms; undefined while the attempt waits in line. */
  | { readonly type: 'backoff'; readonly error: ClientError; readonly nextAttemptAt: number | undefined }
  /**
   * A person has to approve this device. Resumes by itself, and at once after `resume()`. Stays while the client asks again;
   * `nextAttemptAt` is undefined then.
   */
  | {
      readonly type: 'pairing'
      readonly error: ClientError
      readonly requestId: string | undefined
      readonly nextCommand: string | undefined
      readonly nextAttemptAt: number | undefined
    }
  /** Nothing more happens until something changes; then call `changed()`. */
  | { readonly type: 'parked'; readonly error: ClientError; readonly nextCommand: string | undefined }
  /** Events were lost on the live connection: fetch snapshots again. The connection stays `ready`. */
  | { readonly type: 'gap'; readonly expected: number; readonly received: number }
  /** A granted or refused credential could not be stored. The connection stays as it is. */
  | { readonly type: 'credential-fault'; readonly error: ClientError }
  | { readonly type: 'closed' }

const STEPS = {
  open: 'opening',
  challenge: 'waiting-for-challenge',
} as const satisfies Record<'open' | 'challenge', ConnectingStep>

export function toStatus(state: State): ClientStatus {
  if ('waitsFor' in state && state.waitsFor !== undefined) return toPairing(state.waitsFor.error, undefined)
  switch (state.name) {
    case 'idle':
      return { type: 'idle' }
    case 'connecting':
      return { type: 'connecting', step: STEPS[state.phase], generation: state.generation }
    case 'challenged':
      return { type: 'connecting', step: 'answering-challenge', generation: state.generation }
    case 'authenticating':
    case 'refused':
      return { type: 'connecting', step: 'waiting-for-hello', generation: state.generation }
    case 'ready':
      return { type: 'ready', hello: state.hello, generation: state.generation }
    case 'backoff':
      return { type: 'backoff', error: state.ending.error, nextAttemptAt: state.nextAttemptAt }
    case 'pairing':
      return toPairing(state.ending.error, state.nextAttemptAt)
    case 'parked': {
      const { error } = state.ending
      return { type: 'parked', error, nextCommand: error.nextCommand }
    }
    case 'stopped':
      return { type: 'closed' }
  }
}

function toPairing(error: ClientError, nextAttemptAt: number | undefined): ClientStatus {
  const { requestId, nextCommand } = error
  return { type: 'pairing', error, requestId, nextCommand, nextAttemptAt }
}
