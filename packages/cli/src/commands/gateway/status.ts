// `breakwater status`: is it running, is it well, who is connected, and what to do if not.

import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { withSession } from '../../target/connect.ts'
import { renderStatus, type StatusReport, toReport } from './status-report.ts'

export async function status(context: CommandContext): Promise<ExitCode> {
  const report = await withSession(
    context,
    // Only administrators are told where the gateway keeps its files and how it authenticates.
    { scopes: ['operator.read'], ownerScopes: ['operator.admin'] },
    async ({ connection, target, connectMs }): Promise<StatusReport> => {
      const [answer, presence] = await Promise.all([
        connection.call('status', { includeChannelSummary: true } as never),
        connection.call('system-presence'),
      ])
      return toReport({ hello: connection.hello, target, connectMs, answer, presence })
    },
  )
  context.output.result(report, renderStatus)
  return EXIT.ok
}
