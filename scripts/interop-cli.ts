// Plays the official command line, unmodified, against this gateway and holds what it prints against golden files.
// Usage: npm run interop:cli -- [--update] [--only <name>] [--built]
//   --update  writes the golden files in test/interop/golden
//   --only    plays the commands whose golden file's name contains the text
//   --built   runs the built command instead of its source
// OPENCLAW_CLI_DIR names a folder whose node_modules holds the package; without it the package is installed into a
// temporary folder. Not part of continuous integration: it needs the registry and takes minutes.

import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, release } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { ConnectParams } from '@breakwater/protocol'
import { type GatewayProcess, RawClient, spawnGateway, TEST_TOKEN, TestDevice, tempDir } from '@breakwater/testkit'
import { mac, NODE_HOST, node } from '../test/conformance/cases/peers.ts'
import { OFFICIAL_VERSION } from '../test/conformance/connect-cases.ts'
import {
  CLI_COMMANDS,
  type CliCommand,
  COMES_AND_GOES,
  type GatewayState,
  MASK_RULES,
} from '../test/interop/cli/commands.ts'
import {
  differences,
  type Fields,
  flatten,
  type MaskRule,
  mask,
  nonsenseLines,
  readText,
  select,
} from '../test/interop/cli/fields.ts'

const GOLDEN = fileURLToPath(new URL('../test/interop/golden/', import.meta.url))
const BUILT = fileURLToPath(new URL('../packages/cli/bin/breakwater.js', import.meta.url))
const OWN_PACKAGE = new URL('../packages/cli/package.json', import.meta.url)
const COMMAND_WITHIN_MS = 120_000

interface Printed {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

interface Verdict {
  readonly command: CliCommand
  readonly exit: number
  readonly fieldCount: number
  readonly problems: readonly string[]
}

const { values: flags } = parseArgs({
  options: {
    update: { type: 'boolean', default: false },
    only: { type: 'string' },
    built: { type: 'boolean', default: false },
  },
})
await using workshop = await tempDir()
const cliPath = openclawIn(process.env.OPENCLAW_CLI_DIR ?? installCli(join(workshop.path, 'cli')))
const verdicts: Verdict[] = []
for (const state of ['fresh', 'used'] as const) {
  const commands = CLI_COMMANDS.filter(
    (command) => command.state === state && command.golden.includes(flags.only ?? ''),
  )
  if (commands.length > 0) verdicts.push(...(await playAll(commands, state)))
}
report(verdicts)
process.exitCode = verdicts.some(({ problems }) => problems.length > 0) ? 1 : 0

function installCli(directory: string): string {
  console.log(`installing openclaw@${OFFICIAL_VERSION} (set OPENCLAW_CLI_DIR to reuse an installation)`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{"private":true}')
  const install = spawnSync('npm', ['install', '--no-audit', '--no-fund', `openclaw@${OFFICIAL_VERSION}`], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (install.status !== 0) throw new Error('the official command line could not be installed')
  return directory
}

/** The entry point of an installation. Another release than the golden files are of is named, not refused. */
function openclawIn(directory: string): string {
  const root = join(directory, 'node_modules/openclaw')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  if (version !== OFFICIAL_VERSION) console.log(`the golden files are of ${OFFICIAL_VERSION}, this is ${version}`)
  return join(root, 'openclaw.mjs')
}

async function playAll(commands: readonly CliCommand[], state: GatewayState): Promise<Verdict[]> {
  await using gateway = await spawnGateway(flags.built ? { bin: BUILT } : {})
  await using _desktop = state === 'used' ? await arrive(gateway, mac()) : undefined
  await using _node =
    state === 'used'
      ? await arrive(gateway, node({ client: { ...NODE_HOST, displayName: 'conformance node' }, caps: ['system'] }))
      : undefined
  const home = join(workshop.path, state)
  mkdirSync(join(home, 'state'), { recursive: true })
  const config = { mode: 'local', port: gateway.port, auth: { mode: 'token', token: TEST_TOKEN } }
  writeFileSync(join(home, 'state/openclaw.json'), JSON.stringify({ gateway: config }), { mode: 0o600 })
  const rules = [...rulesOfThisRun(gateway), ...MASK_RULES]
  const done: Verdict[] = []
  for (const command of commands) done.push(judge(command, await play(command, home), rules))
  return done
}

/** A device pairs itself and stays. */
async function arrive(gateway: GatewayProcess, template: Readonly<Record<string, unknown>>): Promise<RawClient> {
  const client = await RawClient.open(gateway.url)
  const params = { ...template, auth: { token: TEST_TOKEN } } as unknown as ConnectParams
  const hello = await client.connect((challenge) => new TestDevice().sign(params, challenge))
  if (!hello.ok) throw new Error(`refused: ${JSON.stringify(hello.error)}`)
  return client
}

/** Runs one command in an environment of its own. The loop stays free: the peers of a used gateway answer pings. */
function play({ args }: CliCommand, home: string): Promise<Printed> {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    OPENCLAW_STATE_DIR: join(home, 'state'),
    OPENCLAW_DISABLE_BONJOUR: '1',
    NO_COLOR: '1',
  }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [cliPath, ...args],
      { env, timeout: COMMAND_WITHIN_MS },
      (error, stdout, stderr) => resolve({ exit: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr }),
    )
    child.stdin?.end()
  })
}

/** What only this run can know, as rules: before the general ones, which would hide half of it. */
function rulesOfThisRun(gateway: GatewayProcess): MaskRule[] {
  const { version } = JSON.parse(readFileSync(OWN_PACKAGE, 'utf8')) as { version: string }
  const literals = { state: gateway.stateDir, release: release(), version, host: hostname() }
  return Object.entries(literals).map(([name, text]) => ({
    name,
    part: new RegExp(`(?<!\\w)${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`, 'g'),
  }))
}

function judge(command: CliCommand, printed: Printed, rules: readonly MaskRule[]): Verdict {
  const { exit, stdout, stderr } = printed
  const fields = mask(fieldsOf(command, stdout), rules)
  const file = join(GOLDEN, `${command.golden}.json`)
  if (flags.update && exit === 0) writeFileSync(file, `${JSON.stringify(fields, null, 2)}\n`)
  const problems = [
    ...(exit === 0 ? [] : [`exit code ${exit}: ${stderr.trim().slice(0, 500)}`]),
    ...nonsenseLines(stdout).map((line) => `nonsense: ${line}`),
    ...differences(JSON.parse(readFileSync(file, 'utf8')) as Fields, fields),
  ]
  return { command, exit, fieldCount: Object.keys(fields).length, problems }
}

function fieldsOf(command: CliCommand, stdout: string): Fields {
  if (command.prints === 'text') return readText(stdout, command.patterns)
  const start = stdout.search(/^[[{]/m)
  if (start < 0) return {}
  return select(select(flatten(JSON.parse(stdout.slice(start))), command), { drop: COMES_AND_GOES })
}

function report(all: readonly Verdict[]): void {
  const rows = all.map(({ command, exit, fieldCount, problems }) => [
    `openclaw ${command.args.join(' ')}${command.state === 'used' ? ' (used)' : ''}`,
    String(exit),
    String(fieldCount),
    problems.length === 0 ? 'as expected' : `${problems.length} differences`,
  ])
  const table = [['command', 'exit', 'fields compared', 'verdict'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)))
  for (const cells of table)
    console.log(
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  for (const { command, problems } of all.filter(({ problems }) => problems.length > 0)) {
    console.log(`\nopenclaw ${command.args.join(' ')}`)
    for (const problem of problems) console.log(`  ${problem}`)
  }
}
