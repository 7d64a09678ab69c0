// The host's policy for running commands: the document `exec-approvals.json` in the state directory, read as it is and
// resolved to what applies. Fails closed: a document that cannot be understood denies. Judging a command is not done here.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord } from '@breakwater/protocol'
import type { ExecApprovalsSnapshot } from '@openclaw/gateway-protocol'
import type { Logger } from '../observe/logger.ts'

export type ResolvedPolicy = NonNullable<ExecApprovalsSnapshot['resolvedDefaults']>
export type PolicyFile = ExecApprovalsSnapshot['file']

/** What applies where the document says nothing: mode `ask`, so a command nobody has allowed yet is asked about. */
export const POLICY_DEFAULTS: ResolvedPolicy = {
  security: 'allowlist',
  ask: 'on-miss',
  askFallback: 'deny',
  autoAllowSkills: false,
}

/** What applies when the document cannot be understood. */
export const POLICY_DENIES: ResolvedPolicy = {
  security: 'deny',
  ask: 'off',
  askFallback: 'deny',
  autoAllowSkills: false,
}

const SECURITY: ReadonlySet<unknown> = new Set(['deny', 'allowlist', 'full'])
const ASK: ReadonlySet<unknown> = new Set(['off', 'on-miss', 'always'])

export interface PolicyDocumentComponents {
  readonly stateDir: string
  readonly log: Logger
}

export class PolicyDocument {
  readonly #path: string
  readonly #log: Logger
  /** Hash of the last document that was complained about; the same one is reported once. */
  #reportedHash: string | undefined

  constructor({ stateDir, log }: PolicyDocumentComponents) {
    this.#path = join(stateDir, 'exec-approvals.json')
    this.#log = log
  }

  /**
   * The document as it lies on disk now, its defaults filled in. `hash` is that of the text on disk, which a later write
   * has to name as its base.
   */
  async read(): Promise<ExecApprovalsSnapshot> {
    const raw = await this.#raw()
    const hash = createHash('sha256')
      .update(raw ?? '')
      .digest('hex')
    const parsed = raw === undefined ? EMPTY_POLICY : parsePolicy(raw)
    if (parsed === undefined) this.#report(hash)
    const resolvedDefaults = parsed === undefined ? POLICY_DENIES : resolveDefaults(parsed)
    const file = parsed === undefined ? EMPTY_POLICY : withoutSecrets(parsed)
    return {
      path: this.#path,
      exists: raw !== undefined,
      hash,
      // Clients that find no default assume their own, which may allow what is asked about here.
      file: { ...file, defaults: { ...resolvedDefaults, ...file.defaults } },
      resolvedDefaults,
    }
  }

  async #raw(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  #report(hash: string): void {
    if (this.#reportedHash === hash) return
    this.#reportedHash = hash
    this.#log.error('command policy cannot be read, so commands are denied; repair or remove the file', {
      path: this.#path,
    })
  }
}

const EMPTY_POLICY: PolicyFile = { version: 1, defaults: {}, agents: {} }

/** Undefined when the text is not a policy of a version this gateway knows. */
export function parsePolicy(raw: string): PolicyFile | undefined {
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    return undefined
  }
  if (!isRecord(value) || value.version !== 1) return undefined
  const { defaults = {}, agents = {} } = value
  if (!isRecord(defaults) || !isRecord(agents) || !Object.values(agents).every(isRecord)) return undefined
  return { ...value, version: 1, defaults, agents } as PolicyFile
}

/** Defaults of the document over ours. A value that is none of the vocabulary denies, rather than falling back. */
export function resolveDefaults({ defaults = {} }: PolicyFile): ResolvedPolicy {
  const { security = POLICY_DEFAULTS.security, ask = POLICY_DEFAULTS.ask } = defaults
  const { askFallback = POLICY_DEFAULTS.askFallback, autoAllowSkills = POLICY_DEFAULTS.autoAllowSkills } = defaults
  if (!SECURITY.has(security) || !ASK.has(ask) || !SECURITY.has(askFallback)) return POLICY_DENIES
  return { security, ask, askFallback, autoAllowSkills: autoAllowSkills === true } as ResolvedPolicy
}

/** The control socket's token never leaves the machine. */
function withoutSecrets(file: PolicyFile): PolicyFile {
  if (file.socket === undefined) return file
  const { token: _token, ...socket } = file.socket
  return { ...file, socket }
}
