// What each manager is asked to do, call by call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLaunchd } from '../../../src/commands/service/launchd.ts'
import type { ToolResult } from '../../../src/commands/service/run-tool.ts'
import type { CreateManager } from '../../../src/commands/service/service-manager.ts'
import type { ServiceSpec } from '../../../src/commands/service/service-spec.ts'
import { createSystemd } from '../../../src/commands/service/systemd.ts'
import { createTaskScheduler } from '../../../src/commands/service/task-scheduler.ts'
import { CommandError } from '../../../src/failure.ts'

const SPEC: ServiceSpec = {
  name: 'breakwater-gateway',
  isSystem: false,
  user: 'ada',
  homeDir: '/home/ada',
  stateDir: '/home/ada/.breakwater',
  program: ['/node', '/breakwater.js', 'gateway'],
  environment: {},
}

type Answers = (call: string) => Partial<ToolResult> | undefined

function managerOf(create: CreateManager, answers: Answers = () => undefined, spec: ServiceSpec = SPEC) {
  const calls: string[] = []
  const manager = create(
    {
      run: async (program, ...args) => {
        const call = [program, ...args].join(' ')
        calls.push(call)
        return { code: 0, out: '', err: '', ...answers(call) }
      },
      exists: () => false,
      uid: 501,
      configHome: '/home/ada/.config',
    },
    spec,
  )
  return { manager, calls }
}

test('systemd: a user unit is made known, started at log-in, and started now from the new definition', async () => {
  const { manager, calls } = managerOf(createSystemd)
  assert.equal(manager.definition().path, '/home/ada/.config/systemd/user/breakwater-gateway.service')
  await manager.enable()
  await manager.stop()
  await manager.disable()
  assert.deepEqual(calls, [
    'systemctl --user daemon-reload',
    'systemctl --user enable breakwater-gateway.service',
    'systemctl --user restart breakwater-gateway.service',
    'systemctl --user stop breakwater-gateway.service',
    'systemctl --user disable --now breakwater-gateway.service',
  ])
  assert.match(manager.afterInstall ?? '', /^loginctl enable-linger ada/)
})

test('systemd: a unit of the machine needs no log-in', () => {
  const { manager } = managerOf(createSystemd, undefined, { ...SPEC, isSystem: true })
  assert.equal(manager.definition().path, '/etc/systemd/system/breakwater-gateway.service')
  assert.equal(manager.afterInstall, undefined)
  assert.match(manager.definition().text, /\nUser=ada\n/)
})

test('systemd: its state is read by name, and where it does not run that is said', async () => {
  const shown = 'LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=4242\n'
  const { manager } = managerOf(createSystemd, (call) =>
    call.includes(' show ') ? { out: shown } : { out: 'running\n' },
  )
  assert.deepEqual(await manager.state(), {
    isInstalled: true,
    isRunning: true,
    isEnabled: true,
    pid: 4_242,
    detail: 'active (running)',
  })
  assert.equal(await manager.unavailable(), undefined)
  const offline = managerOf(createSystemd, () => ({ code: 1, out: 'offline\n' }))
  assert.equal(await offline.manager.unavailable(), 'systemd does not run for this user (offline)')
  const missing = managerOf(createSystemd, () => ({ code: 127 }))
  assert.equal(await missing.manager.unavailable(), 'systemctl is not installed')
})

test('launchd: a loaded agent is replaced, and one that is stopped stays so', async () => {
  const target = 'gui/501/ai.breakwater.gateway'
  const path = '/home/ada/Library/LaunchAgents/ai.breakwater.gateway.plist'
  const { manager, calls } = managerOf(createLaunchd)
  assert.equal(manager.definition().path, path)
  await manager.enable()
  await manager.restart()
  await manager.stop()
  assert.deepEqual(calls, [
    `launchctl print ${target}`,
    `launchctl bootout ${target}`,
    `launchctl enable ${target}`,
    `launchctl bootstrap gui/501 ${path}`,
    `launchctl print ${target}`,
    `launchctl kickstart -k ${target}`,
    `launchctl print ${target}`,
    `launchctl bootout ${target}`,
  ])
  const unloaded = managerOf(createLaunchd, (call) => (call.includes(' print ') ? { code: 113 } : undefined))
  await unloaded.manager.start()
  assert.equal(unloaded.calls.at(-1), `launchctl bootstrap gui/501 ${path}`)
  const running = managerOf(createLaunchd, () => ({ out: '\tstate = running\n\tpid = 77\n' }))
  assert.deepEqual(await running.manager.state(), {
    isInstalled: false,
    isRunning: true,
    isEnabled: true,
    pid: 77,
    detail: 'running',
  })
})

test('Task Scheduler: the task is made from its file and run', async () => {
  const { manager, calls } = managerOf(createTaskScheduler, () => ({
    out: '"\\breakwater-gateway","N/A","Running"\r\n',
  }))
  await manager.enable()
  await manager.disable()
  assert.deepEqual(calls, [
    'schtasks /Create /TN breakwater-gateway /XML /home/ada/.breakwater/breakwater-gateway.task.xml /F',
    'schtasks /Run /TN breakwater-gateway',
    'schtasks /End /TN breakwater-gateway',
    'schtasks /Delete /TN breakwater-gateway /F',
  ])
  assert.equal((await manager.state()).isRunning, true)
  assert.equal(manager.definition().encoding, 'utf16le')
})

test('what a manager refuses is passed on with the command that was refused', async () => {
  const { manager } = managerOf(createSystemd, () => ({ code: 5, err: 'Unit not found.\n' }))
  await assert.rejects(manager.start(), (error) => {
    assert.ok(error instanceof CommandError)
    assert.equal(error.failure.message, 'systemctl --user start breakwater-gateway.service failed (5): Unit not found.')
    return true
  })
})
