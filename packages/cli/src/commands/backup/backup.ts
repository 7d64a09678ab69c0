// `breakwater backup`: everything the gateway of this machine cannot make anew, in one archive, while it runs or not.

import { resolve } from 'node:path'
import { backups, resolveConfigPaths } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { count, formatBytes } from '../../output/quantity.ts'
import { ConfigFile } from '../config/config-file.ts'
import { toBackupFailure } from './backup-failure.ts'

export interface BackupFlags {
  readonly force?: boolean
}

export async function backup(context: CommandContext, file: string | undefined, flags: BackupFlags): Promise<ExitCode> {
  const { env, output, version } = context
  const { stateDir, configPath } = resolveConfigPaths({ env })
  const target = resolve(file ?? `breakwater-backup-${stampOf(new Date())}.tar.gz`)
  const [{ createBackup }, { sourcePaths }] = await Promise.all([backups(), new ConfigFile(env).load()])
  try {
    const made = await createBackup({
      stateDir,
      configPath,
      configSources: sourcePaths,
      target,
      overwrite: flags.force === true,
      release: version,
    })
    for (const remark of made.remarks) output.note(`warning: ${remark}`)
    const { files, ...manifest } = made.manifest
    const report = {
      file: made.file,
      bytes: made.bytes,
      ...manifest,
      files: files.map(({ path }) => path),
      remarks: made.remarks,
    }
    output.result(report, () => {
      const devices = count(manifest.store?.counts.devices ?? 0, 'device')
      return (
        `Backed up ${devices} and ${count(files.length, 'file')} to ${made.file} (${formatBytes(made.bytes)}).\n` +
        `It holds the keys of this gateway: keep it where nobody else reads it. To put it back: breakwater restore ${made.file}\n`
      )
    })
    return EXIT.ok
  } catch (error) {
    throw toBackupFailure(error, { stateDir, file: target })
  }
}

/** `2026-11-20T17-03`, as every file system takes it. */
const stampOf = (at: Date): string => at.toISOString().slice(0, 16).replace(':', '-')
