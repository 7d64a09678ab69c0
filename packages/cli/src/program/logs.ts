// Declares `breakwater logs`.

import type { Command } from 'commander'
import type { LogsFlags } from '../commands/logs/logs.ts'
import { section } from '../help.ts'
import { declare, integerOption, type OnAction } from './declare.ts'

const LOGS = `${section('Examples', [
  ['breakwater logs', 'the last 200 lines'],
  ['breakwater logs --follow', 'and what comes, through restarts of the gateway'],
  ['breakwater logs --level warn --grep handshake', 'what went wrong while connecting'],
  ['breakwater logs --follow --json | jq .message', 'one JSON record per line'],
])}
Secrets are not in the log. With no gateway running here, its files are read.
`

export function addLogs(program: Command, onAction: OnAction): void {
  declare<LogsFlags>(program, onAction, {
    name: 'logs',
    summary: 'show the log of the gateway, and follow it',
    help: LOGS,
    options: (command) =>
      command
        .option('-f, --follow', 'go on showing lines as they are written')
        .option('--limit <n>', 'lines to show; 0: only new ones (200)', integerOption(0, 5_000, 'a number of lines'))
        .option('--grep <text>', 'only lines with this text, or /regular expression/')
        .option('--level <level>', 'only lines of this level and above: debug, info, warn, error'),
    run: async (context, flags) => (await import('../commands/logs/logs.ts')).logs(context, flags),
  })
}
