// What lies in the state directory: the store, the keys the gateway makes for itself, the certificate. Opened together,
// or not at all.

import { mkdir } from 'node:fs/promises'
import { systemClock as monotonicClock } from '@breakwater/supervisor'
import type { AuthPolicy } from '../auth/auth-policy.ts'
import { DeviceTokens } from '../auth/device-tokens.ts'
import type { GeneratedToken } from '../auth/live-auth.ts'
import { readOrCreateSecret } from '../auth/secret-file.ts'
import { LiveTls } from '../listener/live-tls.ts'
import type { GatewayOptions } from '../options.ts'
import { deviceTokenKeyPath, tokenFilePath } from '../state-files.ts'
import { openSqliteStore } from '../store/sqlite/open-store.ts'
import type { Store } from '../store/store.ts'
import type { Observation } from './observation.ts'

export interface State {
  readonly store: Store
  readonly deviceTokens: DeviceTokens
  readonly auth: AuthPolicy
  /** The generated token and where it lies; undefined when the token comes from elsewhere. */
  readonly generatedToken: GeneratedToken | undefined
  readonly tls: LiveTls | undefined
}

/** Rejects with a store fault, `TlsFault` or a file system error; nothing is left open then. */
export async function openState(options: GatewayOptions, { log, clock }: Observation): Promise<State> {
  const { stateDir, auth, tls } = options
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const opening = openSqliteStore(
    { clock: monotonicClock, log: log.child('gateway/store') },
    { stateDir, owner: 'breakwater gateway', nextCommand: 'breakwater status' },
  )
  try {
    const [deviceTokenKey, generatedToken, loadedTls, { store }] = await Promise.all([
      readOrCreateSecret(deviceTokenKeyPath(stateDir)),
      auth.mode === 'token' && auth.token === undefined ? readGeneratedToken(stateDir) : undefined,
      tls === undefined ? undefined : LiveTls.load(tls, stateDir, { clock, log: log.child('gateway/tls') }),
      opening,
    ])
    return {
      store,
      deviceTokens: new DeviceTokens(Buffer.from(deviceTokenKey, 'base64url')),
      auth: generatedToken === undefined ? auth : { mode: 'token', token: generatedToken.token },
      generatedToken,
      tls: loadedTls,
    }
  } catch (fault) {
    const opened = await opening.catch(() => undefined)
    await opened?.store.close()
    throw fault
  }
}

/** Made when there is none yet. */
export async function readGeneratedToken(stateDir: string): Promise<GeneratedToken> {
  const path = tokenFilePath(stateDir)
  return { path, token: await readOrCreateSecret(path) }
}
