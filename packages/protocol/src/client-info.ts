// The closed vocabularies a client names itself with (protocol notes 2.2). Pinned against the published contract by test.

/** Product identifiers accepted in `connect.client.id`. */
export const CLIENT_IDS = [
  'webchat-ui',
  'openclaw-control-ui',
  'openclaw-browser-copilot',
  'openclaw-tui',
  'webchat',
  'cli',
  'gateway-client',
  'openclaw-macos',
  'openclaw-linux',
  'openclaw-ios',
  'openclaw-watchos',
  'openclaw-android',
  'node-host',
  'openclaw-worker',
  'test',
  'fingerprint',
  'openclaw-probe',
] as const
export type ClientId = (typeof CLIENT_IDS)[number]

/** Coarse categories accepted in `connect.client.mode`. */
export const CLIENT_MODES = ['webchat', 'cli', 'ui', 'backend', 'node', 'worker', 'probe', 'test'] as const
export type ClientMode = (typeof CLIENT_MODES)[number]

/** Roles that may connect to the public endpoint. */
export const ROLES = ['operator', 'node'] as const
export type Role = (typeof ROLES)[number]

/** True for client ids that are browser or terminal pages and always need a device identity of their own. */
export const isControlUiClient = (id: string): boolean =>
  id === 'openclaw-control-ui' || id === 'openclaw-tui' || id === 'openclaw-browser-copilot'

/**
 * Offered in the challenge's `capabilities` and taken up in `connect.caps`: a device that is not approved yet is answered
 * once its request is, or after a few seconds, instead of at once.
 */
export const PAIRING_WAIT_CAP = 'pairing-wait'
