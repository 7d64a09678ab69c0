// Who connects in the cases: client descriptions and the connects they send when nothing is wrong with them.

import { type ConnectTemplate, SECRET } from '../case.ts'

export const CLI = { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' }
export const BACKEND = { id: 'gateway-client', version: '1.0.0', platform: 'linux', mode: 'backend' }
export const PROBE = { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'probe' }
export const TEST = { id: 'test', version: '1.0.0', platform: 'linux', mode: 'test' }
export const TUI = { id: 'openclaw-tui', version: '1.0.0', platform: 'linux', mode: 'ui' }
export const MAC = {
  id: 'openclaw-macos',
  version: '1.0.0',
  platform: 'macOS 15.3.1',
  deviceFamily: 'Mac',
  mode: 'ui',
  displayName: 'conformance mac',
}
export const CONTROL_UI = { id: 'openclaw-control-ui', version: '1.0.0', platform: 'web', mode: 'webchat' }
export const NODE_HOST = { id: 'node-host', version: '1.0.0', platform: 'linux', deviceFamily: 'Linux', mode: 'node' }

/** An operator that may read and presents the right secret; fields override. */
export const operator = (more: ConnectTemplate = {}): ConnectTemplate => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: CLI,
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
  auth: { token: SECRET },
  ...more,
})

export const node = (more: ConnectTemplate = {}): ConnectTemplate => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: NODE_HOST,
  role: 'node',
  scopes: [],
  caps: [],
  commands: [],
  auth: { token: SECRET },
  ...more,
})

/** A desktop app, which has a device. */
export const mac = (more: ConnectTemplate = {}): ConnectTemplate => operator({ client: MAC, ...more })

export const admin = (more: ConnectTemplate = {}): ConnectTemplate => operator({ scopes: ['operator.admin'], ...more })

/** Headers of a client behind a reverse proxy; each case takes an address of its own. */
export const behindProxy = (address: string, more: Readonly<Record<string, string>> = {}) => ({
  host: 'gw.example.com',
  'x-forwarded-for': address,
  'x-forwarded-proto': 'https',
  ...more,
})
