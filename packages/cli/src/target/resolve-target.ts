// Which gateway a command talks to, and with which credential: the one precedence rule of the command line. Pure.
//
// With --url: that address and the credentials given beside it, nothing else. Secrets of the configuration or the
// environment never go to an address that was typed (client notes section 2).
// Without: the gateway of this machine over the owner's socket, then over TCP; or `gateway.remote` in remote mode.

import type { ResolvedConfig } from '@breakwater/gateway/local'
import type { HelloOk } from '@breakwater/protocol'
import { EXIT } from '../exit-codes.ts'
import { CommandError, usageError } from '../failure.ts'

/** What was typed. */
export interface TargetFlags {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly password?: string | undefined
  readonly tlsFingerprint?: string | undefined
}

/** What lies on this machine. */
export interface LocalFacts {
  readonly settings: ResolvedConfig['gateway']
  readonly configPath: string
  /** `logging.dir`. */
  readonly loggingDir?: string | undefined
  /** Path of the owner's socket when there is one. */
  readonly ownerSocket: string | undefined
  /** BREAKWATER_GATEWAY_TOKEN and BREAKWATER_GATEWAY_PASSWORD. */
  readonly env: { readonly token: string | undefined; readonly password: string | undefined }
  /** The generated token. */
  readonly tokenFile: { readonly path: string; readonly token: string | undefined }
  /** Of the certificate that a gateway of this state directory shows. */
  readonly certificateFingerprint: string | undefined
}

export interface Target {
  readonly kind: 'owner-socket' | 'tcp'
  readonly url: string
  readonly token?: string | undefined
  readonly password?: string | undefined
  readonly tlsPin?: string | undefined
  /** Where the credential was found, for people. Never the credential. */
  readonly credentialFrom: string
  /** A gateway elsewhere knows callers by their device; here the shared secret or the socket is enough. */
  readonly isOurMachine: boolean
}

/** The addresses to try, in this order. */
export type Targets = readonly [first: Target, second?: Target | undefined]

/** How the gateway let the caller in: an addition of the wire to the published hello. */
export const authMethodOf = (hello: HelloOk): string =>
  (hello.auth as HelloOk['auth'] & { readonly method?: string }).method ?? 'unknown'

/** The gateway of this machine, or the one its configuration names. Throws CommandError. */
export function resolveTargets(flags: TargetFlags, facts: LocalFacts): Targets {
  if (facts.settings.mode === 'remote') return [remoteTarget(flags, facts)]
  const tcp = localTarget(flags, facts)
  const isSecretTyped = flags.token !== undefined || flags.password !== undefined
  const socket = isSecretTyped || facts.ownerSocket === undefined ? undefined : socketTarget(facts.ownerSocket)
  if (socket !== undefined) return [socket, tcp]
  if (tcp !== undefined) return [tcp]
  throw new CommandError({
    code: 'NO_ADDRESS',
    message: 'gateway.port is 0 (any free port), and no owner socket shows which gateway is meant',
    exitCode: EXIT.unreachable,
    nextStep: 'Start the gateway, or name its address with --url and --token.',
  })
}

const socketTarget = (path: string): Target => ({
  kind: 'owner-socket',
  url: `unix:${path}`,
  credentialFrom: 'owner socket, no secret needed',
  isOurMachine: true,
})

/**
 * The address that was typed. Throws CommandError without a credential, unless the address is a Unix socket or
 * `isCredentialOptional`: finding out what is wrong with an address needs none.
 */
export function typedTarget(url: string, flags: TargetFlags, isCredentialOptional: boolean): Target {
  const { token, password, tlsFingerprint } = flags
  const isSocket = url.trim().startsWith('unix:')
  const hasSecret = token !== undefined || password !== undefined
  if (!isSocket && !hasSecret && !isCredentialOptional) {
    throw usageError(
      '--url needs --token or --password: credentials of the configuration and the environment are never sent to a typed address',
      'Add --token <token> (on the gateway machine, `breakwater token show` prints it), or leave --url out.',
    )
  }
  return {
    kind: isSocket ? 'owner-socket' : 'tcp',
    url,
    token,
    password,
    tlsPin: tlsFingerprint,
    credentialFrom: hasSecret ? 'command line' : 'none',
    isOurMachine: isSocket,
  }
}

/** Order of the ecosystem: the token of `gateway.remote`, the environment, `gateway.auth`; the password's starts with the environment. */
function remoteTarget(flags: TargetFlags, { settings, env, configPath }: LocalFacts): Target {
  const { remote, auth } = settings
  if (remote.url === undefined) {
    throw new CommandError({
      code: 'REMOTE_URL_MISSING',
      message: `gateway.mode is "remote" in ${configPath}, but gateway.remote.url is not set`,
      exitCode: EXIT.configuration,
      nextStep: 'Set gateway.remote.url, or gateway.mode to "local".',
    })
  }
  const token = firstOf([
    [flags.token, 'command line'],
    [remote.token, 'gateway.remote.token'],
    [env.token, 'BREAKWATER_GATEWAY_TOKEN'],
    [auth.token, 'gateway.auth.token'],
  ])
  const password = firstOf([
    [flags.password, 'command line'],
    [env.password, 'BREAKWATER_GATEWAY_PASSWORD'],
    [remote.password, 'gateway.remote.password'],
    [auth.password, 'gateway.auth.password'],
  ])
  return {
    kind: 'tcp',
    url: remote.url,
    token: token?.value,
    password: password?.value,
    tlsPin: flags.tlsFingerprint ?? remote.tlsFingerprint,
    credentialFrom: token?.from ?? password?.from ?? 'none',
    isOurMachine: false,
  }
}

/** Undefined when the port is chosen by the system: then only the socket knows the gateway. */
function localTarget(flags: TargetFlags, facts: LocalFacts): Target | undefined {
  const { settings, env, tokenFile, certificateFingerprint } = facts
  const { auth, bind, port, tls } = settings
  if (port === 0) return undefined
  const token = firstOf([
    [flags.token, 'command line'],
    [auth.token, 'gateway.auth.token'],
    [env.token, 'BREAKWATER_GATEWAY_TOKEN'],
    [tokenFile.token, tokenFile.path],
  ])
  const password = firstOf([
    [flags.password, 'command line'],
    [auth.password, 'gateway.auth.password'],
    [env.password, 'BREAKWATER_GATEWAY_PASSWORD'],
  ])
  // A password typed alone must not be outvoted by a token that merely lies around.
  const isPasswordTyped = flags.password !== undefined && flags.token === undefined
  const used = isPasswordTyped ? undefined : token
  return {
    kind: 'tcp',
    url: `${tls.enabled ? 'wss' : 'ws'}://${hostOf(bind)}:${port}`,
    token: used?.value,
    password: password?.value,
    tlsPin: tls.enabled ? (flags.tlsFingerprint ?? certificateFingerprint) : flags.tlsFingerprint,
    credentialFrom: used?.from ?? password?.from ?? 'none',
    isOurMachine: true,
  }
}

function hostOf(bind: string): string {
  if (bind === 'loopback' || bind === 'lan') return '127.0.0.1'
  return bind.includes(':') ? `[${bind}]` : bind
}

function firstOf(
  candidates: readonly (readonly [value: string | undefined, from: string])[],
): { readonly value: string; readonly from: string } | undefined {
  for (const [value, from] of candidates) if (value !== undefined && value.trim() !== '') return { value, from }
  return undefined
}
