// One probe: connects as a probe does, asks for health once, and reports instead of failing.

import { type Connection, connectOnce } from '@breakwater/client'
import { MemoryCredentialStore, NodeWebSocketTransport, parseTlsPin, StoreAuthenticator } from '@breakwater/client/node'
import { MIN_NODE_OR_PROBE_PROTOCOL_VERSION } from '@breakwater/protocol'
import type { CommandContext } from '../../command-context.ts'
import { CommandError, toFailure } from '../../failure.ts'
import { clientInfo, timeouts, toCommandError, withActualPort } from '../../target/connect.ts'
import { authMethodOf, type Target } from '../../target/resolve-target.ts'
import type { ProbeReport } from './probe-report.ts'
import { TimedTransport } from './timed-transport.ts'

export interface ProbeOutcome {
  readonly report: ProbeReport
  /** `other` as given, or with the port the gateway really listens on. */
  readonly other: Target | undefined
}

/** `other`: an address of the same gateway that is probed next; over the owner's socket its port is found out. */
export async function probeTarget(context: CommandContext, target: Target, other?: Target): Promise<ProbeOutcome> {
  const { url, kind, credentialFrom } = target
  const about = { url, kind, credentialFrom }
  let transport: TimedTransport | undefined
  try {
    transport = new TimedTransport(
      new NodeWebSocketTransport({ tlsPin: target.tlsPin === undefined ? undefined : parseTlsPin(target.tlsPin) }),
    )
    await using connection = await connectAsProbe(context, target, transport)
    const askedAt = performance.now()
    await connection.call('health')
    const healthMs = Math.round((performance.now() - askedAt) * 100) / 100
    const { server, protocol, features, auth } = connection.hello
    const isTold = kind === 'owner-socket' && other !== undefined
    const report: ProbeReport = {
      ...about,
      ok: true,
      legs: { ...transport.legs, healthMs },
      server: { version: server.version, protocol, methodCount: features.methods.length },
      auth: { method: authMethodOf(connection.hello), role: auth.role, scopes: auth.scopes },
    }
    return { report, other: isTold ? await withActualPort(other, connection) : other }
  } catch (error) {
    const failure = toCommandError(error, target)
    if (!(failure instanceof CommandError)) throw error
    const report: ProbeReport = { ...about, ok: false, legs: transport?.legs ?? {}, error: toFailure(failure) }
    return { report, other }
  }
}

/** Without a device: a probe must not leave a pairing request behind. */
function connectAsProbe(context: CommandContext, target: Target, transport: TimedTransport): Promise<Connection> {
  const { url, token, password } = target
  const authenticator = new StoreAuthenticator({ store: new MemoryCredentialStore() }, { token, password })
  return connectOnce(
    { transport, authenticator },
    {
      url,
      client: clientInfo(context, 'probe'),
      scopes: ['operator.read'],
      minProtocol: MIN_NODE_OR_PROBE_PROTOCOL_VERSION,
      allowInsecurePrivateWs: context.env.BREAKWATER_ALLOW_INSECURE_PRIVATE_WS === '1',
      ...timeouts(context),
    },
  )
}
