// What the owner's commands need of a gateway's files without running a gateway: where they are, what the configuration
// says, and the token. Imports nothing of the server, and the larger parts only when asked for.

import type { LoadResult } from './config/load-config.ts'
import type { ConfigPaths, Environment } from './config/paths.ts'
import type { ConfigOverride } from './config/resolve-config.ts'
import type { LogTail } from './observe/log-tail.ts'
import type { OwnerDesk, OwnerDeskOptions } from './owner-desk.ts'
import type { StoreInspection } from './store/sqlite/inspect-store.ts'
import type { Owner } from './store/sqlite/owner-lock.ts'

export { readSecret } from './auth/secret-file.ts'
export type { MadeBackup } from './backup/create-backup.ts'
export type { Manifest } from './backup/manifest.ts'
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
export type { StoreInspection } from './store/sqlite/inspect-store.ts'

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

/** Reads a copy of the store through. Repairs nothing, disturbs nobody. */
export async function inspectStore(stateDir: string): Promise<StoreInspection> {
  const inspection = await import('./store/sqlite/inspect-store.ts')
  return inspection.inspectStore(stateDir)
}

/** Drawing QR codes. */
export const qrPictures = () => import('./pairing/qr-picture.ts')

/** The process that holds the state directory; undefined when none does, or its name is not known. */
export async function stateOwner(stateDir: string): Promise<Owner | undefined> {
  const { liveOwner } = await import('./store/sqlite/owner-lock.ts')
  return liveOwner(stateDir)
}

/** Making backups and putting them back. */
export const backups = async () => {
  const [{ createBackup }, { extractBackup }, { isRestoreUnfinished, restoreBackup }] = await Promise.all([
    import('./backup/create-backup.ts'),
    import('./backup/extract-backup.ts'),
    import('./backup/restore-backup.ts'),
  ])
  return { createBackup, extractBackup, isRestoreUnfinished, restoreBackup }
}

/** Puts a new token in the file's place and resolves with it. A running gateway notices. */
export async function rotateToken(path: string): Promise<string> {
  const { rotateTokenFile } = await import('./auth/token-file.ts')
  return rotateTokenFile(path)
}

export interface LocalCertificate {
  readonly path: string
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly fingerprint: string
  readonly validFromMs: number
  readonly validToMs: number
  /** Made by the gateway: clients pin it, so its dates matter to nobody. */
  readonly isGenerated: boolean
}

/**
 * The certificate that a gateway with this state directory shows: its owner can read it from disk and need not trust the
 * first one that answers. Undefined when there is none yet. Rejects when the file holds no certificate.
 */
export async function readLocalCertificate(stateDir: string, certPath?: string): Promise<LocalCertificate | undefined> {
  const [{ X509Certificate }, { readFile }] = await Promise.all([import('node:crypto'), import('node:fs/promises')])
  const path = certPath ?? (await generatedCertificatePath(stateDir))
  try {
    const { fingerprint256, validFromDate, validToDate } = new X509Certificate(await readFile(path))
    return {
      path,
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
      validFromMs: validFromDate.getTime(),
      validToMs: validToDate.getTime(),
      isGenerated: certPath === undefined,
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Only the fingerprint of `readLocalCertificate`. */
export const readLocalFingerprint = async (stateDir: string, certPath?: string): Promise<string | undefined> =>
  (await readLocalCertificate(stateDir, certPath))?.fingerprint

/** The addresses a gateway listens on for a `gateway.bind`, those it must have. */
export async function requiredBindHosts(bind: string): Promise<readonly string[]> {
  const { bindAddresses } = await import('./listener/bind-addresses.ts')
  return bindAddresses(bind).flatMap(({ host, isRequired }) => (isRequired ? [host] : []))
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
