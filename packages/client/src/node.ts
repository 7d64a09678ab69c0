// Node entry: the browser-safe surface plus `ws` with TLS pins and Unix sockets, device keys in files, and two factories
// that wire it all from plain options.

import type { ClientId, ClientInfo, ClientMode } from '@breakwater/protocol'
import type { Supervisor } from '@breakwater/supervisor'
import type { ClientComponents } from './components.ts'
import { type Connection, type ConnectOnceOptions, connectOnce as connectOnceWith } from './connect-once.ts'
import type { Authenticator } from './credentials/authenticator.ts'
import type { CredentialStore } from './credentials/credential-store.ts'
import { FileCredentialStore } from './credentials/file-credential-store.ts'
import { MemoryCredentialStore } from './credentials/memory-credential-store.ts'
import { hasSharedSecret } from './credentials/resolve.ts'
import { type CredentialInputSource, StoreAuthenticator } from './credentials/store-authenticator.ts'
import { ClientError } from './errors.ts'
import { GatewayClient, type GatewayClientOptions } from './gateway-client.ts'
import type { IdentitySource } from './identity/device-identity.ts'
import { loadOrCreateIdentity } from './identity/node-identity.ts'
import { parseTlsPin } from './tls-pin.ts'
import { NodeWebSocketTransport, optionProblem } from './transport/node-websocket.ts'
import { type GatewayEndpoint, parseEndpoint } from './url.ts'

export {
  FileCredentialStore,
  type FileCredentialStoreComponents,
  type FileCredentialStoreOptions,
} from './credentials/file-credential-store.ts'
export { loadIdentity, loadOrCreateIdentity, nodeIdentity } from './identity/node-identity.ts'
export * from './index.ts'
export { type NodeTransportOptions, NodeWebSocketTransport } from './transport/node-websocket.ts'

export interface NodeConnectionOptions {
  /**
   * What the caller was given. A function is asked for every attempt. Unset = nothing: the stored device token, or no
   * credential at all.
   */
  readonly credentials?: CredentialInputSource
  /** Where tokens issued to the device are kept: a store, or a directory of files, made when missing. Neither: in memory. */
  readonly store?: CredentialStore
  readonly credentialsDirectory?: string
  /** Replaces `credentials`, `store` and `credentialsDirectory`. */
  readonly authenticator?: Authenticator
  /** The device key itself, or a file holding it (created when missing). Neither: no device is attached. */
  readonly identity?: IdentitySource
  readonly identityFile?: string
  /**
   * `auto` leaves the device out where a gateway knows these callers without one: client `cli`/`cli` or
   * `gateway-client`/`backend` on this machine, with a shared secret or over the Unix socket. Unset = `auto`.
   */
  readonly device?: 'auto' | 'always' | 'never'
  /** SHA-256 of the gateway's certificate; see `parseTlsPin`. Only for `wss://`. */
  readonly tlsPin?: string
  /** PEM certificates to trust instead of Node's. */
  readonly tlsCa?: string | readonly string[]
  /** Extra headers of the upgrade request. Only for `wss://`. */
  readonly headers?: Readonly<Record<string, string>>
}

export type NodeClientOptions = GatewayClientOptions & NodeConnectionOptions & { readonly supervisor?: Supervisor }
export type NodeConnectOnceOptions = ConnectOnceOptions & NodeConnectionOptions

/** A client that keeps its connection up once started. Throws INVALID_OPTIONS, INVALID_URL or INSECURE_URL. */
export function createNodeClient(options: NodeClientOptions): GatewayClient {
  const { supervisor, ...rest } = options
  const [components, clientOptions] = wire(rest)
  return new GatewayClient({ ...components, supervisor }, clientOptions)
}

/** One attempt for a command line; see `connectOnce` of the browser-safe entry. */
export async function connectOnce(options: NodeConnectOnceOptions): Promise<Connection> {
  const [components, clientOptions] = wire(options)
  return connectOnceWith(components, clientOptions)
}

/** Who this process is, with the platform filled in. */
export const nodeClientInfo = (
  id: ClientId,
  mode: ClientMode,
  version: string,
  more: Partial<ClientInfo> = {},
): ClientInfo => ({ id, mode, version, platform: process.platform, ...more })

/** Splits components from options; everything contradictory is found here, before any I/O. */
function wire<T extends GatewayClientOptions & NodeConnectionOptions>(
  input: T,
): [ClientComponents, Omit<T, keyof NodeConnectionOptions>] {
  const { credentials = {}, store, credentialsDirectory, authenticator, ...afterAuth } = input
  const { identity, identityFile, device = 'auto', ...afterDevice } = afterAuth
  const { tlsPin, tlsCa, headers, ...options } = afterDevice
  const allowInsecurePrivateWs =
    options.allowInsecurePrivateWs ?? process.env.BREAKWATER_ALLOW_INSECURE_PRIVATE_WS === '1'
  const endpoint = parseEndpoint(options.url, { allowInsecurePrivateWs })
  const transportOptions = { tlsPin: tlsPin === undefined ? undefined : parseTlsPin(tlsPin), tlsCa, headers }
  const problem = optionProblem(endpoint, transportOptions)
  if (problem !== undefined) throw new ClientError('INVALID_OPTIONS', problem)
  const isAttached =
    device === 'always' || (device === 'auto' && !isKnownWithoutDevice(options.client, endpoint, credentials))
  const source = identity ?? (identityFile === undefined ? undefined : () => loadOrCreateIdentity(identityFile))
  if (device === 'always' && source === undefined) {
    throw new ClientError('INVALID_OPTIONS', 'device: `always` needs `identity` or `identityFile`')
  }
  const kept = store ?? (credentialsDirectory === undefined ? undefined : fileStore(credentialsDirectory))
  const components = {
    transport: new NodeWebSocketTransport(transportOptions),
    authenticator: authenticator ?? new StoreAuthenticator({ store: kept ?? new MemoryCredentialStore() }, credentials),
    identity: isAttached ? source : undefined,
  }
  return [components, { ...options, allowInsecurePrivateWs } as unknown as Omit<T, keyof NodeConnectionOptions>]
}

const fileStore = (directory: string): CredentialStore => new FileCredentialStore({}, { directory })

/** Secrets that are only known per attempt cannot count on being there: a device is attached then. */
function isKnownWithoutDevice(
  client: ClientInfo,
  endpoint: GatewayEndpoint,
  credentials: CredentialInputSource,
): boolean {
  const isKnownCaller =
    (client.id === 'cli' && client.mode === 'cli') || (client.id === 'gateway-client' && client.mode === 'backend')
  const isSecretGiven = typeof credentials !== 'function' && hasSharedSecret(credentials)
  return isKnownCaller && (endpoint.kind === 'unix' || (endpoint.isLoopback && isSecretGiven))
}
