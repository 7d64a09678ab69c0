// Public surface of the client, browser-safe: no platform modules anywhere behind it.

export { type Caller, type MethodName, type Methods, type ParamsOf, type ResultOf, toMethods } from './api.ts'
export { type ClientClock, clientClock } from './clock.ts'
export type { ClientComponents } from './components.ts'
export { type Connection, type ConnectOnceOptions, connectOnce } from './connect-once.ts'
export type { CallOptions } from './connection/calls.ts'
export type { Gap } from './connection/gap-detector.ts'
export { judgeError, recoveryOf } from './connection/recovery.ts'
export type {
  AfterRefusal,
  Authenticator,
  ConnectCredentials,
  CredentialRequest,
  CredentialSource,
} from './credentials/authenticator.ts'
export type {
  CredentialStore,
  GatewayRecord,
  IssuedToken,
  KeptBootstrap,
  RecordChange,
  StoredToken,
  TokenKey,
} from './credentials/credential-store.ts'
export { type GatewayKey, gatewayKeyOf } from './credentials/gateway-key.ts'
export { applyChanges, EMPTY_RECORD, findToken } from './credentials/gateway-record.ts'
export {
  type IndexedDb,
  IndexedDbCredentialStore,
  type IndexedDbCredentialStoreOptions,
} from './credentials/indexed-db-credential-store.ts'
export { MemoryCredentialStore } from './credentials/memory-credential-store.ts'
export { type CredentialInput, hasSharedSecret, resolveCredentials, resolveScopes } from './credentials/resolve.ts'
export { type CredentialInputSource, StoreAuthenticator } from './credentials/store-authenticator.ts'
export {
  type PageLocks,
  WebStorageCredentialStore,
  type WebStorageCredentialStoreComponents,
  type WebStorageCredentialStoreOptions,
} from './credentials/web-storage-credential-store.ts'
export {
  CLIENT_ERRORS,
  ClientError,
  type ClientErrorCode,
  type ClientErrorFacts,
  type CloseInfo,
  type ConnectPhase,
  foreignText,
  type UpgradeRejection,
} from './errors.ts'
export type { EventStream } from './event-stream.ts'
export { GatewayClient, type GatewayClientComponents, type GatewayClientOptions } from './gateway-client.ts'
export type { DeviceIdentity, IdentitySource } from './identity/device-identity.ts'
export { signConnect } from './identity/sign-connect.ts'
export { type DeviceKeyPair, generateDeviceKeyPair, webCryptoIdentity } from './identity/web-crypto-identity.ts'
export { type ClientOptions, type ClientOptionsInput, DEFAULTS, type Manifest, resolveOptions } from './options.ts'
export { resumeOnApproval } from './resume-on-approval.ts'
export type { ClientStatus, ConnectingStep } from './status.ts'
export type { Stream } from './stream.ts'
export { parseTlsPin, type TlsPin } from './tls-pin.ts'
export { BrowserWebSocketTransport } from './transport/browser-websocket.ts'
export { type MemoryPeer, MemoryTransport } from './transport/memory.ts'
export type { Transport, TransportClose, TransportHandlers, TransportSocket } from './transport/transport.ts'
export {
  classifyHost,
  type EndpointRules,
  type GatewayEndpoint,
  type HostClass,
  parseEndpoint,
  redactUrl,
} from './url.ts'
