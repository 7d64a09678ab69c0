// `breakwater config validate`: everything that is wrong with a configuration file, as a start would find it.

import { resolve } from 'node:path'
import { configTools } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { count } from '../../output/quantity.ts'
import { ConfigFile } from './config-file.ts'

export async function configValidate({ env, output }: CommandContext, file: string | undefined): Promise<ExitCode> {
  const configFile = new ConfigFile(env, file === undefined ? undefined : resolve(file))
  const [load, { formatIssue }] = await Promise.all([configFile.load(), configTools()])
  const { configPath, exists, valid, issues, warnings } = load
  // A file that was named and is not there is a mistake; the usual one may be absent.
  const isMissing = file !== undefined && !exists
  const report = { configPath, exists, valid: valid && !isMissing, issues, warnings }
  output.result(report, (_, style) => {
    const lines = [...issues, ...warnings.map((warning) => ({ ...warning, message: `warning: ${warning.message}` }))]
    const list = lines.map((issue) => `  ${formatIssue(issue)}\n`).join('')
    if (isMissing) return `${style.bad('missing')}: ${configPath} does not exist.\n`
    if (!valid) return `${style.bad('not valid')}: ${configPath}, ${count(issues.length, 'problem')}\n${list}`
    const verdict = warnings.length === 0 ? style.good('valid') : style.warning('valid')
    const what = exists ? configPath : `${configPath} does not exist, the built-in defaults are used`
    return `${verdict}: ${what}${warnings.length === 0 ? '' : `, ${count(warnings.length, 'warning')}`}\n${list}`
  })
  return report.valid ? EXIT.ok : EXIT.configuration
}
