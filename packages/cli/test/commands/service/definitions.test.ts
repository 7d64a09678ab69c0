// Service definitions as they are written, frozen in test/golden/service, and held against the systems' own programs where
// those are installed. After a deliberate change: BREAKWATER_UPDATE_GOLDEN=1, then read the difference.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { launchdPlist } from '../../../src/commands/service/launchd-plist.ts'
import type { ServiceSpec } from '../../../src/commands/service/service-spec.ts'
import { systemdUnit } from '../../../src/commands/service/systemd-unit.ts'
import { windowsTask } from '../../../src/commands/service/windows-task.ts'

const POSIX: ServiceSpec = {
  name: 'breakwater-gateway',
  isSystem: false,
  user: 'ada',
  homeDir: '/home/ada',
  stateDir: '/home/ada/my state/50% & more',
  program: ['/opt/node 24/bin/node', '/opt/breakwater/bin/breakwater.js', 'gateway', '--allow-unconfigured'],
  environment: {
    NODE_ENV: 'production',
    BREAKWATER_STATE_DIR: '/home/ada/my state/50% & more',
    TZ: '$HOME "quoted" \\',
  },
}
const WINDOWS: ServiceSpec = {
  ...POSIX,
  homeDir: 'C:\\Users\\ada',
  stateDir: 'C:\\Users\\ada\\.breakwater',
  program: ['C:\\Program Files\\nodejs\\node.exe', 'C:\\breakwater\\bin\\breakwater.js', 'gateway'],
  environment: { NODE_ENV: 'production', BREAKWATER_STATE_DIR: 'C:\\Users\\ada\\.breakwater' },
}
const asSystem = (spec: ServiceSpec): ServiceSpec => ({ ...spec, isSystem: true })

const DEFINITIONS: Readonly<Record<string, string>> = {
  'systemd-user.service': systemdUnit(POSIX),
  'systemd-system.service': systemdUnit(asSystem(POSIX)),
  'launchd-agent.plist': launchdPlist(POSIX),
  'launchd-daemon.plist': launchdPlist(asSystem(POSIX)),
  'windows-logon.xml': windowsTask(WINDOWS),
  'windows-boot.xml': windowsTask(asSystem(WINDOWS)),
}

for (const [name, text] of Object.entries(DEFINITIONS)) {
  test(`${name} is the one that was agreed on`, () => {
    const golden = new URL(`../../golden/service/${name}`, import.meta.url)
    if (process.env.BREAKWATER_UPDATE_GOLDEN === '1') writeFileSync(golden, text)
    assert.equal(text, readFileSync(golden, 'utf8'))
  })
}

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
const skipWithout = (program: string) => ({ skip: has(program) ? false : `no ${program} on this machine` })

test('systemd finds nothing to complain about', skipWithout('systemd-analyze'), async () => {
  await using dir = await tempDir()
  // It insists on programs that exist.
  const node = join(dir.path, 'node 24', '50% of $HOME', 'node')
  await mkdir(join(node, '..'), { recursive: true })
  await writeFile(node, '#!/bin/sh\n')
  await chmod(node, 0o755)
  const spec = { ...POSIX, program: [node, '50% of "it" $HOME \\', ...POSIX.program.slice(1)] as const, user: 'root' }
  for (const isSystem of [true, false]) {
    const unit = join(dir.path, `breakwater-${isSystem}.service`)
    await writeFile(unit, systemdUnit({ ...spec, isSystem }))
    const run = spawnSync('systemd-analyze', ['verify', ...(isSystem ? [] : ['--user']), unit], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: dir.path },
    })
    assert.deepEqual([run.status, run.stderr], [0, ''], unit)
  }
})

test('what the definitions are written in is well-formed', skipWithout('xmllint'), async () => {
  await using dir = await tempDir()
  for (const [name, text] of Object.entries(DEFINITIONS).filter(([file]) => !file.endsWith('.service'))) {
    const file = join(dir.path, name)
    // As it is put on disk: the tasks in UTF-16 with a byte order mark.
    await writeFile(file, name.endsWith('.xml') ? `\uFEFF${text}` : text, name.endsWith('.xml') ? 'utf16le' : 'utf8')
    execFileSync('xmllint', ['--noout', '--nonet', file])
  }
})
