// Declares `breakwater backup` and `breakwater restore`.

import type { Command } from 'commander'
import type { BackupFlags } from '../commands/backup/backup.ts'
import type { RestoreFlags } from '../commands/backup/restore.ts'
import { section } from '../help.ts'
import { declare, type OnAction } from './declare.ts'

const BACKUP = `${section('Examples', [
  ['breakwater backup', 'into a file with the date in its name, here'],
  ['breakwater backup /mnt/usb/gateway.tar.gz', 'there'],
])}
Devices, keys, token, certificate and configuration; no log. The gateway goes on while it is made.
`

const RESTORE = `${section('Examples', [
  ['breakwater restore gateway.tar.gz', 'put it back; what is there is kept beside it'],
  ['breakwater restore gateway.tar.gz --check', 'only find out whether it could be put back'],
  ['breakwater restore', 'finish a restore that was interrupted'],
])}
Refused while a gateway runs on the state directory. Every file is proved before anything is touched.
`

export function addBackup(program: Command, onAction: OnAction): void {
  declare<BackupFlags>(program, onAction, {
    name: 'backup [file]',
    args: ['where it goes: a compressed tar archive'],
    summary: 'save everything the gateway cannot make anew in one file',
    help: BACKUP,
    isLocal: true,
    options: (command) => command.option('--force', 'replace the file if it exists'),
    run: async (context, flags, file) => (await import('../commands/backup/backup.ts')).backup(context, file, flags),
  })
  declare<RestoreFlags>(program, onAction, {
    name: 'restore [file]',
    args: ['what `breakwater backup` made'],
    summary: 'put a backup in the place of what is there',
    help: RESTORE,
    isLocal: true,
    options: (command) => command.option('--check', 'prove the backup and change nothing'),
    run: async (context, flags, file) => (await import('../commands/backup/restore.ts')).restore(context, file, flags),
  })
}
