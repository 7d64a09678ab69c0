// Wake words and where they lead. Not configurable yet: these are the defaults every client starts from.

/** Answer of `voicewake.get`, and what a node is told right after its hello. */
export const VOICE_WAKE = { triggers: ['openclaw', 'claude', 'computer'] } as const

/** Answer of `voicewake.routing.get`; `current` is whatever session the listener has open. */
export const VOICE_WAKE_ROUTING = {
  config: { version: 1, defaultTarget: { mode: 'current' }, routes: [], updatedAtMs: 0 },
} as const
