// What a gateway of this protocol does, one sentence each, with the clause that says so. Pure data: cases cite these ids,
// `requirements.test.ts` checks both directions. Says nothing about how a behaviour is provoked.

export interface Requirement {
  readonly id: string
  readonly behaviour: string
  /** Clause of the protocol or pairing notes, or of the design. */
  readonly source: string
  /** Roles of the connections it binds. */
  readonly roles: readonly ('operator' | 'node')[]
}

const OPERATOR = ['operator'] as const
const NODE = ['node'] as const
const ANY = ['operator', 'node'] as const

/** Requirements of one clause, for the same roles. */
const of = <const Behaviours extends Readonly<Record<string, string>>>(
  source: string,
  roles: Requirement['roles'],
  behaviours: Behaviours,
) =>
  Object.entries(behaviours).map(([id, behaviour]) => ({
    id: id as keyof Behaviours & string,
    behaviour,
    source,
    roles,
  }))

export const REQUIREMENTS = [
  // Transport and limits
  ...of('protocol 1', ANY, {
    'transport.binary': 'A binary message that holds UTF-8 JSON counts as text.',
  }),
  ...of('RFC 6455 8.1', ANY, {
    'transport.utf8': 'Text that is not UTF-8 ends the connection with 1007.',
  }),
  ...of('RFC 6455 4.2.2', ANY, {
    'transport.upgrade-form': 'A malformed WebSocket handshake is answered with HTTP 400.',
  }),
  ...of('protocol 7; design law 1', ANY, {
    'limits.preauth-bytes': 'A stranger may send 64 KiB; more ends with 1009.',
  }),
  ...of('protocol 7', ANY, {
    'limits.max-payload': 'After hello-ok a message over 25 MiB ends with 1009.',
    'limits.ping-is-no-progress': 'WebSocket pings do not extend the time for connect.',
  }),
  ...of('protocol 6.3, 7; design 8', ANY, {
    'limits.handshake-timeout': 'A connection that never sends connect is closed when its time is over.',
  }),
  ...of('design 5, law 9', ANY, {
    'limits.upgrade-timeout': 'A socket that never asks for the upgrade is refused over HTTP when its time is over.',
  }),
  ...of('protocol 2, 6.3', ANY, {
    'limits.pipelined': 'At most 15 frames wait behind a connect that is being judged; more ends with 1008.',
  }),
  ...of('protocol 6.3, 7; design 5', ANY, {
    'limits.preauth-sockets': 'The 33rd socket of one source without a hello is refused before its upgrade.',
  }),
  ...of('protocol 6.2, 7; design 5', ANY, {
    'limits.guesses': 'A source that keeps guessing secrets is told to wait, even once it guesses right.',
  }),
  ...of('protocol 5', OPERATOR, {
    'limits.control-writes':
      'Configuration writes are limited to 30 a minute per method and caller; failed ones count.',
  }),
  // First frame and parameters
  ...of('protocol 6.2', ANY, {
    'handshake.connect-first': 'A first request other than connect is answered and ends with 1008.',
  }),
  ...of('protocol 2.4', ANY, {
    'handshake.frame': 'A first message that is JSON but no request frame ends with 1008 and no response.',
  }),
  ...of('protocol 2.4; design 8', ANY, {
    'handshake.unparsable': 'A first message that is not JSON ends the connection without a response.',
  }),
  ...of('protocol 2.2', ANY, {
    'handshake.params-closed': 'Unknown properties of connect are refused at every level.',
    'handshake.params-typed': 'Missing or mistyped properties of connect are refused with their place.',
    'handshake.vocabulary': 'Client ids and modes outside the vocabulary are refused.',
    'handshake.protocol-older': 'Probes and nodes may offer version 3; the reply names 4.',
    'handshake.role': 'A role other than operator and node is refused.',
  }),
  ...of('protocol 2.2, 6.2', ANY, {
    'handshake.protocol': 'A protocol range without 4 is refused with 1002 and both ranges.',
  }),
  ...of('protocol 2.2', OPERATOR, {
    'handshake.role-default': 'Without a role the connection is an operator, without scopes it has none.',
  }),
  ...of('protocol 2.2, 2.4', ANY, {
    'handshake.worker': 'The worker role has no place on this endpoint and ends with 1008.',
  }),
  ...of('protocol 6.2', OPERATOR, {
    'handshake.reload': 'A page that is older than the gateway that serves it is told to reload.',
  }),
  // Credentials
  ...of('protocol 4', ANY, {
    'auth.secret': 'The shared secret is accepted in either field.',
    'auth.none': 'Without authentication everyone on this machine is let in with method none.',
    'auth.bootstrap-after-secret': 'A good shared secret wins over a bad setup code.',
  }),
  ...of('protocol 4, 6.2', ANY, {
    'auth.token-missing': 'A device without a token is told that the token is missing.',
    'auth.proxy-identity':
      'With trusted-proxy authentication the proxy must name the user and send every promised header.',
    'auth.proxy-user': 'A user the proxy names must be on the list.',
    'auth.device-token-mismatch': 'A device token that was never issued to this device and role is refused.',
  }),
  ...of('protocol 6.2', ANY, {
    'auth.token-mismatch': 'A wrong token is refused; with a device, its own token may be tried next.',
    'auth.password-missing': 'A device without a password is told that the password is missing.',
    'auth.password-mismatch': 'A wrong password is refused, never with the advice to try a device token.',
  }),
  ...of('protocol 4; pairing 7', ANY, {
    'auth.device-token':
      'A paired device comes back with its own token, in its own field or in place of the shared one.',
  }),
  ...of('pairing 2', OPERATOR, {
    'auth.scope-mismatch': 'A device token does not carry scopes beyond its approval, and no pairing request is made.',
  }),
  ...of('protocol 6.2; pairing 6', ANY, {
    'auth.bootstrap-invalid': 'A setup code that cannot be redeemed is refused.',
  }),
  ...of('protocol 4', OPERATOR, {
    'auth.no-device': 'A connection without a device and without a shared secret needs a device identity.',
    'auth.no-device-page': 'Pages always need a device identity.',
    'auth.scopes-cleared': 'Everyone else without a device connects with no scopes.',
  }),
  ...of('protocol 4', NODE, {
    'auth.no-device-node': 'A node always needs a device identity.',
  }),
  ...of('protocol 4; pairing 5', OPERATOR, {
    'auth.scopes-kept': "The owner's command line and back end on this machine keep their scopes without a device.",
  }),
  ...of('protocol 2.2', OPERATOR, {
    'auth.scopes-unknown': 'Unknown scopes are accepted and echoed.',
  }),
  // Device proof
  ...of('protocol 2.3', ANY, {
    'device.id': 'The device id must be the lower-case SHA-256 of its key.',
    'device.clock': 'A signature may be two minutes off, not more.',
    'device.nonce': "The signed nonce must be this connection's challenge.",
    'device.signature': 'The signature must verify over the v3 or the v2 payload.',
    'device.order': 'A bad proof is reported before a bad secret.',
  }),
  ...of('protocol 2.3, 6.2', ANY, {
    'device.key': 'A public key that is no Ed25519 key is refused.',
  }),
  // Pairing
  ...of('pairing 4, 7', ANY, {
    'pairing.silent': 'A new device on this machine is paired without a question and gets its token.',
  }),
  ...of('pairing 2', ANY, {
    'pairing.required': 'A new device from elsewhere is refused with a request that can be approved.',
    'pairing.role-upgrade': 'A role that was not approved needs approval.',
    'pairing.metadata-upgrade': 'Another platform under the same key needs approval.',
    'pairing.metadata-bump': 'A newer version of the same platform does not.',
  }),
  ...of('pairing 2', OPERATOR, {
    'pairing.scope-upgrade': 'More scopes than approved need approval.',
  }),
  ...of('protocol 2.2; pairing 4', NODE, {
    'pairing.node-scopes': 'A node that asks for scopes is not paired silently.',
  }),
  // Where a connection comes from
  ...of('protocol 6.2', OPERATOR, {
    'origin.page': 'The Control UI without an Origin is refused.',
    'origin.foreign': 'Pages of other origins are refused, whoever they say they are.',
    'origin.listed': 'Listed origins may connect.',
  }),
  ...of('pairing 4, 5', OPERATOR, {
    'origin.loopback': 'Pages served on this machine may connect; with an Origin nobody is the owner.',
  }),
  ...of('protocol 6.3; design 8', ANY, {
    'proxy.untrusted': 'Forwarding headers from a peer outside trustedProxies are refused with HTTP 403.',
  }),
  ...of('pairing 4', ANY, {
    'proxy.no-evidence': 'Headers that no proxy needs do not count as forwarding.',
    'proxy.trusted': 'A trusted proxy names its client; the first hop that is no proxy counts.',
    'proxy.client-missing': 'A trusted proxy that names no usable client is refused with HTTP 403.',
  }),
  ...of('design law 11', ANY, {
    'proxy.silent-peer': 'A loopback peer without forwarding headers is local, listed as a proxy or not.',
    'host.foreign': 'A loopback peer under a foreign Host is not local.',
  }),
  ...of('protocol 4; pairing 5', OPERATOR, {
    'proxy.no-owner': "A proxied caller is never the owner's own process.",
  }),
  // After hello-ok
  ...of('protocol 6.2', ANY, {
    'requests.second-connect': 'A second connect is refused and the socket stays open.',
  }),
  ...of('protocol 1', ANY, {
    'requests.not-json': 'A message that is not JSON is dropped without a word.',
    'requests.frame': 'JSON that is no request frame is answered and the socket stays open.',
  }),
  ...of('protocol 5', ANY, {
    'requests.unknown-method': 'An administrator is told that a method does not exist, nobody else is.',
    'requests.role': 'Node methods are for nodes, all others for operators.',
  }),
  ...of('protocol 5', OPERATOR, {
    'requests.scope': 'A missing scope is named.',
  }),
  ...of('protocol 5, 6.3', ANY, {
    'requests.role-repeated': 'A connection that keeps calling methods of the other role is closed with 1008.',
  }),
  ...of('methods 10', ANY, {
    'requests.params': 'Parameters that do not fit are refused with their place.',
  }),
] satisfies readonly Requirement[]

export type RequirementId = (typeof REQUIREMENTS)[number]['id']
