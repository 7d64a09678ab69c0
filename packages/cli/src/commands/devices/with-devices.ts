// Where decisions about devices are taken: by the gateway, or on its store by its owner while it is down. Commands call
// the wire's methods and need not care.

import { ClientError } from '@breakwater/client'
import { type OfflineMethod, type OwnerDesk, openOwnerDesk, resolveConfigPaths } from '@breakwater/gateway/local'
import { WireError } from '@breakwater/protocol'
import type { CommandContext } from '../../command-context.ts'
import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { toClientFailure } from '../../target/client-failure.ts'
import type { Session } from '../../target/connect.ts'
import { withSession } from '../../target/connect.ts'
import { withOwnGateway } from '../../target/own-gateway.ts'
import { toStateFailure } from '../../target/state-failure.ts'
import type { DeviceList } from './device-rows.ts'

export interface DeviceApi {
  /** Who decides. */
  readonly at: 'gateway' | 'store'
  list(): Promise<DeviceList>
  /** Rejects with CommandError. */
  call<T>(method: OfflineMethod, params: Readonly<Record<string, unknown>>): Promise<T>
}

/** `verb` names this command to whoever finds the state directory taken meanwhile. */
export async function withDevices<T>(
  context: CommandContext,
  verb: string,
  work: (api: DeviceApi) => Promise<T>,
): Promise<T> {
  try {
    return await withOwnGateway(
      context,
      { scopes: ['operator.pairing'], ownerScopes: ['operator.admin'], inRemoteMode: 'remote' },
      (session) => work(gatewayApi(session)),
      () => onStore(context, verb, work),
    )
  } catch (error) {
    if (!(error instanceof CommandError) || !needsAdmin(error)) throw error
    // The least first; a decision that takes more says so, and is asked for again with everything.
    return withSession(context, { scopes: ['operator.admin'] }, (session) => work(gatewayApi(session)))
  }
}

const gatewayApi = ({ connection, target }: Session): DeviceApi => {
  const call = async <T>(method: OfflineMethod, params: Readonly<Record<string, unknown>>): Promise<T> => {
    try {
      return (await connection.call(method, params as never)) as T
    } catch (error) {
      if (!ClientError.is(error) || error.code !== 'REQUEST_REFUSED') throw error
      const isOwner = target.kind === 'owner-socket'
      throw new CommandError({ ...toClientFailure(error, target) }, isOwner ? undefined : error)
    }
  }
  return { at: 'gateway', call, list: () => call<DeviceList>('device.pair.list', {}) }
}

/** Only of connections that did not ask for everything already. Official gateways give no reason with a denial. */
function needsAdmin({ failure, cause }: CommandError): boolean {
  if (!ClientError.is(cause) || cause.code !== 'REQUEST_REFUSED') return false
  const { reason } = cause.details
  if (reason !== undefined) return reason === 'denied' || reason === 'missing-scope'
  return failure.code === 'INVALID_REQUEST' || failure.code === 'MISSING_SCOPE'
}

async function onStore<T>(context: CommandContext, verb: string, work: (api: DeviceApi) => Promise<T>): Promise<T> {
  const { stateDir } = resolveConfigPaths({ env: context.env })
  let desk: OwnerDesk | undefined
  try {
    desk = await openOwnerDesk({ stateDir, owner: `breakwater devices ${verb}` })
  } catch (error) {
    throw toStateFailure(error, stateDir) ?? error
  }
  if (desk === undefined) {
    if (verb !== 'list') throw nothingThere(stateDir)
    return work({ at: 'store', call: () => Promise.reject(nothingThere(stateDir)), list: async () => EMPTY })
  }
  await using open = desk
  for (const remark of open.remarks) context.output.note(remark)
  const call = async <R>(method: OfflineMethod, params: Readonly<Record<string, unknown>>): Promise<R> => {
    try {
      return (await open.call(method, params)) as R
    } catch (error) {
      throw toOfflineFailure(error, stateDir)
    }
  }
  return await work({ at: 'store', call, list: () => call<DeviceList>('device.pair.list', {}) })
}

const EMPTY: DeviceList = { pending: [], paired: [] }

const nothingThere = (stateDir: string): CommandError =>
  new CommandError({
    code: 'NOT_FOUND',
    message: `no gateway is running here, and ${stateDir} knows no device yet`,
    exitCode: EXIT.failed,
    nextStep: 'breakwater gateway --allow-unconfigured (starts one), then connect the device',
  })

/** A refusal reads the same whoever refused. */
function toOfflineFailure(error: unknown, stateDir: string): unknown {
  if (!WireError.is(error)) return toStateFailure(error, stateDir) ?? error
  const refused = new ClientError('REQUEST_REFUSED', error.message, { wire: error.shape })
  return new CommandError(
    toClientFailure(refused, {
      kind: 'owner-socket',
      url: stateDir,
      credentialFrom: 'state directory',
      isOurMachine: true,
    }),
  )
}
