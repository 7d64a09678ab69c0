// A stand-in for systemctl that really runs the unit: enough of it to install, start, stop and ask.
// Usage: node --conditions=source fake-systemctl.ts <directory of its own> <systemctl's arguments>

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const [own = '', ...args] = process.argv.slice(2)
const verbs = args.filter((arg) => !arg.startsWith('-'))
const [verb = '', unit = ''] = verbs
const pidFile = join(own, 'pid')
const enabledFile = join(own, 'enabled')
const unitFile = join(process.env.XDG_CONFIG_HOME ?? '', 'systemd', 'user', unit)

const pid = (): number | undefined => {
  const known = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : undefined
  try {
    if (known !== undefined) process.kill(known, 0)
    return known
  } catch {
    return undefined
  }
}

const unquote = (text: string): string =>
  text.replaceAll('%%', '%').replaceAll('$$', '$').replaceAll('\\"', '"').replaceAll('\\\\', '\\')

async function stop(): Promise<void> {
  const running = pid()
  if (running === undefined) return
  process.kill(running, 'SIGTERM')
  while (pid() !== undefined) await delay(20)
  rmSync(pidFile, { force: true })
}

function start(): void {
  if (pid() !== undefined) return
  const text = readFileSync(unitFile, 'utf8')
  const words = [...(/^ExecStart=(.*)$/m.exec(text)?.[1] ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) =>
    unquote(word),
  )
  const env = Object.fromEntries(
    [...text.matchAll(/^Environment="(.*)"$/gm)].map(
      ([, entry = '']) => unquote(entry).split(/=(.*)/s).slice(0, 2) as [string, string],
    ),
  )
  const [program = '', ...programArgs] = words
  const child = spawn(program, programArgs, {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_NO_WARNINGS: '1', ...env },
  })
  writeFileSync(pidFile, String(child.pid))
  child.unref()
}

switch (verb) {
  case 'is-system-running':
    console.log('running')
    break
  case 'daemon-reload':
    break
  case 'enable':
    writeFileSync(enabledFile, '')
    break
  case 'start':
    start()
    break
  case 'stop':
    await stop()
    break
  case 'restart':
    await stop()
    start()
    break
  case 'disable':
    rmSync(enabledFile, { force: true })
    await stop()
    break
  case 'show':
    console.log(`LoadState=${existsSync(unitFile) ? 'loaded' : 'not-found'}`)
    console.log(`ActiveState=${pid() === undefined ? 'inactive' : 'active'}`)
    console.log(`SubState=${pid() === undefined ? 'dead' : 'running'}`)
    console.log(`UnitFileState=${existsSync(enabledFile) ? 'enabled' : ''}`)
    console.log(`MainPID=${pid() ?? 0}`)
    break
  default:
    console.error(`unexpected: ${args.join(' ')}`)
    process.exit(1)
}
