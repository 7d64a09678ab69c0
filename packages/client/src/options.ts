// Options of a connection: meaning, unit and range of each, resolved once into a frozen value.
// Nothing else in the package falls back to a literal of these.

import { type ClientInfo, LIMITS, PROTOCOL_VERSION, type Role } from '@breakwater/protocol'
import { ClientError } from './errors.ts'
import { type GatewayEndpoint, parseEndpoint } from './url.ts'

/** What a node (or an operator client) says it can do. Complete when the connect frame is made, or no frame is sent. */
export interface Manifest {
  readonly caps?: readonly string[]
  readonly commands?: readonly string[]
  readonly permissions?: Readonly<Record<string, boolean>>
  readonly pathEnv?: string
}

export interface ClientOptionsInput {
  /** `ws://`, `wss://`, `http(s)://` (mapped) or, in Node, `unix:/path`. Unsafe ones are refused before any I/O. */
  readonly url: string
  /** Who connects. `id` and `mode` are closed vocabularies of the protocol. */
  readonly client: ClientInfo
  /** Unset = `operator`. */
  readonly role?: Role
  /** Scopes to ask for. Unset = those of the stored token, else `operator.admin`; a node asks for none. */
  readonly scopes?: readonly string[]
  /** A function is asked for every attempt; when it throws, the attempt is aborted. Unset = nothing is claimed. */
  readonly manifest?: Manifest | (() => Manifest | Promise<Manifest>)
  readonly locale?: string
  readonly userAgent?: string
  /** See `EndpointRules`. */
  readonly allowInsecurePrivateWs?: boolean
  /** Oldest and newest protocol offered. 1 .. 99, oldest first. */
  readonly minProtocol?: number
  readonly maxProtocol?: number
  /** From the dial until the WebSocket is open (name, TCP, TLS, upgrade), in milliseconds. 250 .. 600 000. */
  readonly openTimeoutMs?: number
  /** From then until the challenge and our answer to it, in milliseconds. 250 .. 600 000. */
  readonly challengeTimeoutMs?: number
  /** From the connect request until hello-ok, in milliseconds. 250 .. 600 000. */
  readonly helloTimeoutMs?: number
  /** Deadline of a call that names none, in milliseconds. 1 .. 86 400 000. */
  readonly requestTimeoutMs?: number
  /** How long a closing socket may linger before it is cut, in milliseconds. 0 = cut at once. 0 .. 60 000. */
  readonly closeGraceMs?: number
  /** Requests that may wait for an answer at once. 1 .. 1 000 000. */
  readonly maxPendingRequests?: number
  /** Answered requests remembered, so that a second answer is recognised. 0 .. 1 000 000. */
  readonly maxSettledRequests?: number
  /** Unsent bytes above which calls are refused. 65 536 .. 1 073 741 824. */
  readonly maxBufferedBytes?: number
}

export const DEFAULTS = {
  role: 'operator',
  minProtocol: PROTOCOL_VERSION,
  maxProtocol: PROTOCOL_VERSION,
  openTimeoutMs: 15_000,
  challengeTimeoutMs: 15_000,
  helloTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  closeGraceMs: 250,
  maxPendingRequests: 1_024,
  maxSettledRequests: 1_024,
  maxBufferedBytes: LIMITS.maxBufferedBytes,
} as const satisfies Partial<ClientOptionsInput>

type Defaulted = keyof typeof DEFAULTS

export interface ClientOptions extends Omit<ClientOptionsInput, Defaulted | 'url' | 'allowInsecurePrivateWs'> {
  readonly endpoint: GatewayEndpoint
  readonly role: Role
  readonly minProtocol: number
  readonly maxProtocol: number
  readonly openTimeoutMs: number
  readonly challengeTimeoutMs: number
  readonly helloTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly closeGraceMs: number
  readonly maxPendingRequests: number
  readonly maxSettledRequests: number
  readonly maxBufferedBytes: number
}

const HANDSHAKE_RANGE_MS = [250, 600_000] as const
const RANGES = {
  minProtocol: [1, 99],
  maxProtocol: [1, 99],
  openTimeoutMs: HANDSHAKE_RANGE_MS,
  challengeTimeoutMs: HANDSHAKE_RANGE_MS,
  helloTimeoutMs: HANDSHAKE_RANGE_MS,
  requestTimeoutMs: [1, 86_400_000],
  closeGraceMs: [0, 60_000],
  maxPendingRequests: [1, 1_000_000],
  maxSettledRequests: [0, 1_000_000],
  maxBufferedBytes: [65_536, 1_073_741_824],
} as const satisfies Record<Exclude<Defaulted, 'role'>, readonly [number, number]>

/** Merges over the defaults, judges the URL and every range, and freezes. Throws INVALID_OPTIONS, INVALID_URL or INSECURE_URL. */
export function resolveOptions(input: ClientOptionsInput): ClientOptions {
  const { url, allowInsecurePrivateWs, ...rest } = input
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as typeof rest
  const rules = allowInsecurePrivateWs === undefined ? {} : { allowInsecurePrivateWs }
  const options = { ...DEFAULTS, ...given, endpoint: parseEndpoint(url, rules) }
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = options[name as keyof typeof RANGES]
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ClientError('INVALID_OPTIONS', `${name}: expected a whole number, ${min} .. ${max}`)
    }
  }
  if (options.maxProtocol < options.minProtocol) {
    throw new ClientError('INVALID_OPTIONS', 'maxProtocol: expected at least minProtocol')
  }
  return Object.freeze(options)
}
