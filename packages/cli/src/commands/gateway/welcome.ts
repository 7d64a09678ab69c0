// What a person reads when their gateway is ready: where it is, where its secret lies (never the secret), what to do
// next. Pure.

import type { Style } from '../../output/style.ts'
import { renderFields } from '../../output/table.ts'

export interface ReadyFacts {
  readonly version: string
  readonly url: string
  readonly ownerSocket: string | undefined
  readonly authMode: string
  /** The file of the generated token; undefined when the secret is set elsewhere. */
  readonly tokenPath: string | undefined
  readonly tlsFingerprint: string | undefined
  readonly stateDir: string
  readonly configPath: string
  readonly hasConfigFile: boolean
  readonly logFile: string
  readonly pid: number
  /** From the start of the process, in milliseconds. */
  readonly readyMs: number
  /** How the command is called here: `breakwater`, or `npx breakwater` from a checkout. */
  readonly command: string
}

export function renderWelcome(facts: ReadyFacts, style: Style): string {
  const { command } = facts
  return (
    `\n${style.good(`Breakwater ${facts.version} is ready.`)}\n\n` +
    renderFields([
      ['address', facts.url],
      ['TLS pin', facts.tlsFingerprint],
      ['you, here', facts.ownerSocket && `${facts.ownerSocket} (no token needed)`],
      ['others', secretText(facts)],
      ['config', facts.hasConfigFile ? facts.configPath : `built-in defaults (${facts.configPath} does not exist)`],
      ['log', facts.logFile],
    ]) +
    `\nNext, in another terminal:\n` +
    renderFields([
      [style.strong(`${command} status`), 'see how it is doing'],
      ...(facts.authMode === 'token'
        ? [[style.strong(`${command} token show`), 'the token that apps and other programs ask for'] as const]
        : []),
      [style.strong(`${command} --help`), 'everything else'],
    ]) +
    `\nCtrl-C stops it.\n\n`
  )
}

function secretText({ authMode, tokenPath }: ReadyFacts): string {
  if (authMode === 'token') return tokenPath === undefined ? 'the token you set' : `the token in ${tokenPath}`
  if (authMode === 'password') return 'the password you set'
  if (authMode === 'trusted-proxy') return 'whoever your proxy lets in'
  return 'everybody on this machine, without a secret'
}

/** From a checkout the command is not on PATH; npm says so in the environment. */
export const commandName = (env: Readonly<Record<string, string | undefined>>): string =>
  env.npm_lifecycle_event === undefined ? 'breakwater' : 'npx breakwater'
