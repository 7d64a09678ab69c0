import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { cpuMsBetween, processTree, readCpu, readMemory } from '../process-stats.ts'

const skip = process.platform !== 'linux' && 'reads Linux /proc'

/** Starts a child, hands over its pid and its own report of CPU spent since, and ends it with the test. */
async function startBusyChild(source: string) {
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(child, 'message')
  return {
    pid: child.pid as number,
    async ask(): Promise<number> {
      child.send('go')
      const [answer] = await once(child, 'message')
      return answer
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

const BURN = `
  process.on('message', () => {
    const before = process.cpuUsage()
    const until = Date.now() + 200
    while (Date.now() < until);
    const { user, system } = process.cpuUsage(before)
    process.send((user + system) / 1000)
  })
  process.send('ready')`

test('CPU between two readings is what the process says it spent', { skip }, async () => {
  await using child = await startBusyChild(BURN)
  const before = readCpu(child.pid)
  const ownCpuMs = await child.ask()
  const measuredMs = cpuMsBetween(before, readCpu(child.pid))
  assert.ok(Math.abs(measuredMs - ownCpuMs) <= 0.1 * ownCpuMs + 5, `measured ${measuredMs} ms, spent ${ownCpuMs} ms`)
})

test('time of a thread that ended is taken from the tick counters', { skip }, () => {
  const before = {
    threadNs: new Map([
      ['1/1', 1e6],
      ['1/2', 5e6],
    ]),
    ticks: 10,
  }
  assert.equal(
    cpuMsBetween(before, {
      threadNs: new Map([
        ['1/1', 2e6],
        ['1/2', 6e6],
      ]),
      ticks: 99,
    }),
    2,
  )
  assert.equal(cpuMsBetween(before, { threadNs: new Map([['1/1', 2e6]]), ticks: 13 }), 30)
})

test('a new thread counts from zero', { skip }, () => {
  const before = { threadNs: new Map([['1/1', 1e6]]), ticks: 0 }
  assert.equal(
    cpuMsBetween(before, {
      threadNs: new Map([
        ['1/1', 1e6],
        ['1/2', 3e6],
      ]),
      ticks: 0,
    }),
    3,
  )
})

test('memory covers the children of a process too', { skip }, async () => {
  await using child = await startBusyChild(`
    const { spawn } = require('node:child_process')
    const grandchild = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    process.on('message', () => process.send(grandchild.pid))
    process.on('disconnect', () => { grandchild.kill(); process.exit() })
    process.send('ready')`)
  const grandchildPid = await child.ask()
  assert.deepEqual(processTree(child.pid), [child.pid, grandchildPid])
  assert.ok(readMemory(child.pid).rssBytes > readMemory(grandchildPid).rssBytes)
})

test('memory of a process that has ended is an error, not zero', { skip }, async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  assert.throws(() => readMemory(child.pid as number), /has it ended/)
})
