// `breakwater config schema`: what can be set, from the same table the gateway checks against.

import { type ConfigTools, configTools } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import type { Style } from '../../output/style.ts'
import { unknownPath } from './config-failure.ts'

export async function configSchema({ output }: CommandContext, path: string | undefined): Promise<ExitCode> {
  const tools = await configTools()
  if (path === undefined) {
    output.result(tools.configJsonSchema(), (_, style) => renderRows(tools.describeConfig(), style))
    return EXIT.ok
  }
  const found = tools.lookupConfigSchema(path)
  if (found === undefined) throw unknownPath(tools, path)
  const isUnder = (row: Row): boolean =>
    found.path === '.' || row.path === found.path.replace(/\.\*$/, '') || row.path.startsWith(`${found.path}.`)
  output.result(found, (_, style) => renderRows(tools.describeConfig().filter(isUnder), style))
  return EXIT.ok
}

type Row = ReturnType<ConfigTools['describeConfig']>[number]

const CHANGES: Readonly<Record<Row['reload'], string>> = {
  live: 'at once',
  component: 'at once',
  process: 'with the next start',
}

const renderRows = (rows: readonly Row[], style: Style): string =>
  rows
    .map((row) => {
      const env = row.env === undefined ? '' : `, or ${row.env}`
      const change = row.owner === 'client' ? 'with the next command' : CHANGES[row.reload]
      const facts = `${row.type}${row.secret ? ', secret' : ''}; default ${row.default}; changes ${change}${env}`
      return `${style.strong(row.path)}\n  ${row.description}\n  ${style.quiet(facts)}\n`
    })
    .join('\n')
