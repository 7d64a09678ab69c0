// `breakwater restore`: puts a backup in the place of what is there, which is kept beside it. Only while no gateway runs.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { backups, type Manifest, resolveConfigPaths } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { usageError } from '../../failure.ts'
import { count } from '../../output/quantity.ts'
import { toBackupFailure } from './backup-failure.ts'

export interface RestoreFlags {
  readonly check?: boolean
}

export async function restore(
  context: CommandContext,
  file: string | undefined,
  flags: RestoreFlags,
): Promise<ExitCode> {
  const { stateDir, configPath } = resolveConfigPaths({ env: context.env })
  const { isRestoreUnfinished, restoreBackup } = await backups()
  const archive = file === undefined ? undefined : resolve(file)
  if (archive === undefined && !isRestoreUnfinished(stateDir)) {
    throw usageError('say which backup to put back', 'breakwater restore <file>')
  }
  try {
    if (archive !== undefined && flags.check === true) return await check(context, archive)
    const { manifest, aside } = await restoreBackup({ stateDir, configPath, archive })
    const report = { restored: true, stateDir, aside: aside ?? null, ...about(manifest) }
    context.output.result(report, () => {
      const what =
        manifest === undefined
          ? 'The interrupted restore is finished'
          : `Restored ${describe(manifest)} into ${stateDir}`
      const kept = aside === undefined ? '' : `What was there before is in ${aside}.\n`
      return `${what}.\n${kept}next: breakwater gateway start (or breakwater gateway)\n`
    })
    return EXIT.ok
  } catch (error) {
    throw toBackupFailure(error, { stateDir, file: archive ?? stateDir })
  }
}

/** Everything is proved that a restore would prove; nothing is touched. */
async function check({ output }: CommandContext, archive: string): Promise<ExitCode> {
  const { extractBackup } = await backups()
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-check-'))
  try {
    const manifest = await extractBackup(archive, directory)
    output.result(
      { ok: true, file: archive, ...about(manifest) },
      () => `${archive} is whole: ${describe(manifest)}.\n`,
    )
    return EXIT.ok
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function about(manifest: Manifest | undefined): object {
  if (manifest === undefined) return {}
  const { files, ...rest } = manifest
  return { backup: { ...rest, files: files.map(({ path }) => path) } }
}

const describe = ({ createdAtMs, hostname, release, store }: Manifest): string =>
  `the state of ${new Date(createdAtMs).toISOString()} on ${hostname} (release ${release}, ${count(store?.counts.devices ?? 0, 'device')})`
