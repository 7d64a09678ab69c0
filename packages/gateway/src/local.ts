// What the owner's commands need of a gateway's files without running a gateway: where they are, what the configuration
// says, and the token. Imports nothing of the server, and the larger parts only when asked for.

import type { LoadResult } from './config/load-config.ts'
import type { ConfigPaths, Environment } from './config/paths.ts'
import type { ConfigOverride } from './config/resolve-config.ts'
import type { LogTail } from './observe/log-tail.ts'
import type { OwnerDesk, OwnerDeskOptions } from './owner-desk.ts'

export { readSecret } from './auth/secret-file.ts'
export type { ConfigIssue, ConfigWarning } from './config/config-issue.ts'
export type { ConfigEdit } from './config/edit-config.ts'
export type { InvalidLoad, LoadResult, ValidLoad } from './config/load-config.ts'
export { type ConfigPaths, type Environment, resolveConfigPaths } from './config/paths.ts'
export type { ConfigOverride } from './config/resolve-config.ts'
export type { ResolvedConfig } from './config/schema.ts'
export type { WriteResult } from './config/write-config.ts'
export type { LogTail } from './observe/log-tail.ts'
export type { OfflineMethod, OwnerDesk, OwnerDeskOptions } from './owner-desk.ts'
export { logDirectoryPath, ownerSocketPath, tokenFilePath } from './state-files.ts'
export { StoreFault, type StoreFaultCode } from './store/fault.ts'

export interface LocalLoadOptions {
  /** Take precedence over the file. */
  readonly overrides?: readonly ConfigOverride[]
  /** Judges this text instead of the file: `{}` gives the defaults. */
  readonly rootText?: string
}

/**
 * Reads the configuration once; a missing file means the defaults. Never rejects for what a person wrote or forgot.
 * `hash` of the result is good for nothing: only a running gateway has the key.
 */
export async function loadLocalConfig(
  { configPath, homeDir }: ConfigPaths,
  env: Environment,
  options: LocalLoadOptions = {},
): Promise<LoadResult> {
  const { loadConfig } = await import('./config/load-config.ts')
  return loadConfig({ env, homeDir, hasher: () => '' }, { configPath, ...options })
}

/** The rest of what the configuration commands use, loaded when the first of them runs. */
export const configTools = () => import('./config/owner-tools.ts')
export type ConfigTools = Awaited<ReturnType<typeof configTools>>

/** Decisions about devices without a gateway; undefined when there has never been anything to decide about. */
export async function openOwnerDesk(options: OwnerDeskOptions): Promise<OwnerDesk | undefined> {
  const desk = await import('./owner-desk.ts')
  return desk.hasStore(options.stateDir) ? desk.openOwnerDesk(options) : undefined
}

/** Puts a new token in the file's place and resolves with it. A running gateway notices. */
export async function rotateToken(path: string): Promise<string> {
  const { rotateTokenFile } = await import('./auth/token-file.ts')
  return rotateTokenFile(path)
}

/**
 * SHA-256 of the certificate that a gateway with this state directory shows, 64 lower-case hexadecimal digits: its owner
 * can read it from disk and need not trust the first one that answers. Undefined when there is none yet.
 */
export async function readLocalFingerprint(stateDir: string, certPath?: string): Promise<string | undefined> {
  const [{ X509Certificate }, { readFile }] = await Promise.all([import('node:crypto'), import('node:fs/promises')])
  const path = certPath ?? (await generatedCertificatePath(stateDir))
  try {
    return new X509Certificate(await readFile(path)).fingerprint256.replaceAll(':', '').toLowerCase()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function generatedCertificatePath(stateDir: string): Promise<string> {
  const [{ tlsDirectory }, { certificateFiles }] = await Promise.all([
    import('./listener/tls.ts'),
    import('./listener/generate-certificate.ts'),
  ])
  return certificateFiles(tlsDirectory(stateDir)).certPath
}

/**
 * The log as its files hold it, for `logs` while no gateway answers. Cursors are those of `logs.tail`: a follower goes
 * from one to the other and back.
 */
export async function openLogTail(directory: string): Promise<LogTail> {
  const [{ LogTail }, { DirectoryLogFiles }] = await Promise.all([
    import('./observe/log-tail.ts'),
    import('./observe/log-files.ts'),
  ])
  return new LogTail({ files: new DirectoryLogFiles({}, { directory }) })
}

/** One line per issue or warning. */
export async function formatIssues(load: LoadResult): Promise<{ issues: string[]; warnings: string[] }> {
  const { formatIssue } = await import('./config/config-issue.ts')
  return { issues: load.issues.map(formatIssue), warnings: load.warnings.map(formatIssue) }
}
