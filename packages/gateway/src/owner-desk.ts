// What the owner decides about devices while no gateway runs: holds the state directory like a gateway would, and answers
// by the wire's names with the wire's results, so that commands need not care who answers. Serves nobody else.

import { existsSync } from 'node:fs'
import { systemClock } from '@breakwater/supervisor'
import { DeviceTokens } from './auth/device-tokens.ts'
import { readOrCreateSecret } from './auth/secret-file.ts'
import { silentLogger } from './observe/logger.ts'
import { compilePairingRules } from './pairing/approval-rules.ts'
import { OWNER } from './pairing/approver.ts'
import { deviceRow } from './pairing/device-rows.ts'
import { PairingPlane } from './pairing/pairing-plane.ts'
import { type Outcome, toPairingError } from './pairing/refusals.ts'
import { deviceTokenKeyPath } from './state-files.ts'
import { describeOpenReport } from './store/sqlite/open-report.ts'
import { openSqliteStore } from './store/sqlite/open-store.ts'
import { storeFiles } from './store/sqlite/store-files.ts'

export interface OwnerDeskOptions {
  readonly stateDir: string
  /** What this process is, as whoever comes meanwhile is told: `breakwater devices approve`. */
  readonly owner: string
}

export interface OwnerDesk extends AsyncDisposable {
  /** What opening the store had to repair, in sentences. */
  readonly remarks: readonly string[]
  /** Throws `WireError` as the gateway would answer. */
  call(method: OfflineMethod, params: Readonly<Record<string, unknown>>): Promise<unknown>
}

export const OFFLINE_METHODS = [
  'device.pair.list',
  'device.pair.approve',
  'device.pair.reject',
  'device.pair.remove',
  'device.pair.rename',
  'device.token.rotate',
  'device.token.revoke',
] as const
export type OfflineMethod = (typeof OFFLINE_METHODS)[number]

/** Whether there is anything to decide about. Creates nothing. */
export const hasStore = (stateDir: string): boolean => existsSync(storeFiles(stateDir).database)

/** Rejects with a store fault: STORE_OWNED while a gateway, or another command, holds the state directory. */
export async function openOwnerDesk({ stateDir, owner }: OwnerDeskOptions): Promise<OwnerDesk> {
  const { store, report } = await openSqliteStore(
    { clock: systemClock, log: silentLogger },
    { stateDir, owner, nextCommand: 'breakwater status' },
  )
  try {
    const key = await readOrCreateSecret(deviceTokenKeyPath(stateDir))
    const plane = new PairingPlane(
      { store, tokens: new DeviceTokens(Buffer.from(key, 'base64url')) },
      // Nobody connects to a command: rules, secrets and addresses are never asked for.
      {
        rules: () =>
          compilePairingRules({ autoApproveLocal: false, autoApproveCidrs: [], proxyAutoApproveScopes: undefined }),
        authPolicy: () => ({ mode: 'none' }),
        address: () => NOWHERE,
      },
    )
    return {
      remarks: describeOpenReport(report),
      call: (method, params) => HANDLERS[method](plane, params as unknown as Params),
      [Symbol.asyncDispose]: () => store.close(),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

const NOWHERE = {
  bind: 'loopback',
  port: 0,
  isTls: false,
  tlsFingerprint: undefined,
  lanAddresses: [],
  remoteUrl: undefined,
} as const

interface Params {
  readonly requestId: string
  readonly deviceId: string
  readonly label: string
  readonly role: string
  readonly scopes?: readonly string[]
}

const HANDLERS: Readonly<Record<OfflineMethod, (plane: PairingPlane, params: Params) => Promise<unknown>>> = {
  'device.pair.list': async (plane) => plane.list(OWNER),
  'device.pair.approve': async ({ decisions }, { requestId }) => {
    const { device } = valueIn(await decisions.approve(requestId, OWNER))
    return { requestId, device: deviceRow(device) }
  },
  'device.pair.reject': async ({ decisions }, { requestId }) => valueIn(await decisions.reject(requestId, OWNER)),
  'device.pair.remove': async ({ decisions }, { deviceId }) => valueIn(await decisions.remove(deviceId, OWNER)),
  'device.pair.rename': async ({ decisions }, { deviceId, label }) =>
    valueIn(await decisions.rename(deviceId, label, OWNER)),
  'device.token.rotate': async ({ tokens }, { deviceId, role, scopes }) =>
    valueIn(await tokens.rotate({ deviceId, role }, scopes, OWNER)),
  'device.token.revoke': async ({ tokens }, { deviceId, role }) =>
    valueIn(await tokens.revoke({ deviceId, role }, OWNER)),
}

function valueIn<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw toPairingError(outcome.refusal)
}
