// A log on a disk that really is full: the gateway answers as before, says so once, counts what it lost, and writes again
// when there is room. Needs a mount, so it runs as root on Linux and skips loudly elsewhere.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileLogger } from '@breakwater/gateway'
import { cliConnect, connectRaw, spawnGateway, TEST_TOKEN, tempDir } from '@breakwater/testkit'

/** What may wait in memory while the disk refuses. */
const MAX_WAITING_BYTES = 4_194_304

const run = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0

/** Eight mebibytes of which all are taken but a few. Undefined where this user may not mount. */
async function fullDisk(freeBytes: number) {
  const directory = await tempDir()
  if (!run('mount', '-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', directory.path)) return undefined
  const filler = join(directory.path, 'filler')
  const { bavail, bsize } = await statfs(directory.path)
  await writeFile(filler, Buffer.alloc(bavail * bsize - freeBytes))
  return {
    path: directory.path,
    makeRoom: () => rm(filler),
    logText: async () => {
      const names = (await readdir(directory.path)).filter((name) => name.endsWith('.log'))
      return (await Promise.all(names.map((name) => readFile(join(directory.path, name), 'utf8')))).join('')
    },
    [Symbol.asyncDispose]: async () => {
      assert.ok(run('umount', directory.path))
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await isTrue())) {
    assert.ok(performance.now() < deadline, `${what} did not happen within 10 s`)
    await sleep(20)
  }
}

const probe = await fullDisk(4_096)
await probe?.[Symbol.asyncDispose]()
const skip = probe === undefined ? 'a small tmpfs cannot be mounted by this user' : false

describe('a full log disk', { skip }, () => {
  test('costs the lines that fit nowhere, which are counted; no line is cut, and nothing is said twice', async () => {
    await using disk = await fullDisk(65_536)
    assert.ok(disk)
    const shown: string[] = []
    const log = FileLogger.open({
      directory: disk.path,
      level: 'info',
      consoleLevel: 'silent',
      console: (line) => shown.push(line),
    })
    await log.begin()
    const text = 'x'.repeat(5_000)
    const lines = 3_000
    for (let line = 0; line < lines; line += 1) {
      log.info(`${line} ${text}`)
      if (line % 50 === 0) await sleep(1)
      assert.ok(log.status().waitingBytes <= MAX_WAITING_BYTES)
    }
    await sleep(2_500)
    assert.equal(shown.length, 1, shown.join('\n'))
    assert.match(shown[0] ?? '', /cannot be written and are counted \(ENOSPC/)
    const { lostCount } = log.status()
    assert.ok(lostCount > 1_000, `${lostCount} lines were lost`)
    await disk.makeRoom()
    await until('writing again', () => log.status().waitingBytes === 0)
    await log.close()
    const messages = (await disk.logText())
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).message as string)
    assert.equal(messages.filter((message) => message.endsWith(text)).length, lines - lostCount)
    assert.ok(messages.includes('log lines were lost'))
    assert.match(shown[1] ?? '', new RegExp(`written again; ${lostCount} were lost`))
  })

  test('does not keep the gateway from answering, pairing or stopping', async () => {
    await using disk = await fullDisk(0)
    assert.ok(disk)
    await using gateway = await spawnGateway({ config: `{ logging: { dir: '${disk.path}' } }` })
    await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
    for (let guess = 0; guess < 10; guess += 1)
      await connectRaw(gateway.url, cliConnect('wrong')).catch(() => undefined)
    assert.equal((await client.request('health')).ok, true)
    const { log } = (await client.request('status')).payload
    assert.ok(log.waitingBytes > 0)
    const told = () => gateway.output().split('log lines cannot be written').length - 1
    await sleep(1_500)
    assert.equal(told(), 1)
    await disk.makeRoom()
    await until('writing again', async () => (await client.request('status')).payload.log.waitingBytes === 0)
    assert.match(await disk.logText(), /handshake failed/)
    assert.equal(await gateway.terminate(), 0)
    assert.match(await disk.logText(), /"message":"stopped"/)
  })
})
