import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { acquireOwnerLock, type Owner } from '../../../src/store/sqlite/owner-lock.ts'
import { OWNER, openStoreIn, stateDir } from './state-dir.ts'

const OWNER_PROCESS = fileURLToPath(new URL('./owner-process.ts', import.meta.url))

const acquire = (path: string) => acquireOwnerLock({ stateDir: path, ...OWNER })

/** Starts a process that takes the lock and says how that went, then waits to be killed. */
async function startOwner(path: string) {
  const child = spawn(process.execPath, ['--conditions=source', '--expose-gc', OWNER_PROCESS, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return { pid: child.pid, said: JSON.parse(String(line)) as { locked?: true; code?: string; owner?: Owner }, kill }
}

describe('owner lock', () => {
  it('refuses a second process and names the owner and the command to use', async () => {
    await using directory = await stateDir()
    const first = await startOwner(directory.path)
    try {
      assert.deepEqual(first.said, { locked: true })
      await assert.rejects(acquire(directory.path), (error: Error & { code: string; details: { owner: Owner } }) => {
        assert.equal(error.code, 'STORE_OWNED')
        assert.equal(error.details.owner.pid, first.pid)
        assert.equal(error.details.owner.owner, 'owner process')
        assert.ok(error.message.includes(`process ${first.pid}`) && error.message.includes(OWNER.nextCommand))
        return true
      })
    } finally {
      await first.kill()
    }
  })

  it('lets the next process in after the owner was killed, whatever name it left behind', async () => {
    await using directory = await stateDir()
    const first = await startOwner(directory.path)
    await first.kill()
    const left = JSON.parse(readFileSync(join(directory.path, 'owner.json'), 'utf8')) as Owner
    assert.equal(left.pid, first.pid)
    using lock = await acquire(directory.path)
    assert.equal(lock.stateDir, directory.path)
  })

  it('is not fooled by a name whose pid now belongs to somebody else', async () => {
    await using directory = await stateDir()
    const first = await startOwner(directory.path)
    try {
      // Our own pid is alive, but it did not start when that owner did.
      const file = join(directory.path, 'owner.json')
      writeFileSync(file, JSON.stringify({ pid: process.pid, owner: 'impostor', sinceMs: 0, startTicks: '1' }))
      await assert.rejects(acquire(directory.path), (error: Error & { details: { owner?: Owner } }) => {
        assert.equal(error.details.owner, undefined)
        return true
      })
    } finally {
      await first.kill()
    }
  })

  it('refuses a second opening in the same process, and that attempt does not loosen the lock', async () => {
    await using directory = await stateDir()
    using _lock = await acquire(directory.path)
    await assert.rejects(acquire(directory.path), { code: 'STORE_OWNED' })
    const other = await startOwner(directory.path)
    await other.kill()
    assert.equal(other.said.code, 'STORE_OWNED')
    assert.equal(other.said.owner?.pid, process.pid)
  })

  it('gives the directory to exactly one of several processes that start at once', async () => {
    await using directory = await stateDir()
    const owners = await Promise.all(Array.from({ length: 4 }, () => startOwner(directory.path)))
    await Promise.all(owners.map((owner) => owner.kill()))
    assert.equal(owners.filter(({ said }) => said.locked).length, 1)
    assert.equal(owners.filter(({ said }) => said.code === 'STORE_OWNED').length, 3)
  })

  it('frees the directory when it is released, twice without harm', async () => {
    await using directory = await stateDir()
    const lock = await acquire(directory.path)
    lock.release()
    lock.release()
    using _again = await acquire(directory.path)
  })

  it('is held by an open store and freed by closing it', async () => {
    await using directory = await stateDir()
    await using opened = await openStoreIn(directory.path)
    const { store } = opened
    await assert.rejects(openStoreIn(directory.path), { code: 'STORE_OWNED' })
    await store.close()
    await using again = await openStoreIn(directory.path)
    await again.store.close()
  })

  it('stays with a caller that brought it', async () => {
    await using directory = await stateDir()
    using lock = await acquire(directory.path)
    const { openSqliteStore } = await import('../../../src/store/sqlite/open-store.ts')
    const { systemClock } = await import('@breakwater/supervisor')
    const { silentLogger } = await import('../../../src/observe/logger.ts')
    const { store } = await openSqliteStore({ clock: systemClock, log: silentLogger }, { lock })
    await store.close()
    await assert.rejects(acquire(directory.path), { code: 'STORE_OWNED' })
  })

  it('makes the directory private and every file in it readable by the owner only', async () => {
    await using directory = await stateDir()
    spawnSync('chmod', ['755', directory.path])
    await using opened = await openStoreIn(directory.path)
    const { store } = opened
    await store.apply([{ put: 'meta', record: { name: 'a', value: 'b' } }])
    const modes = spawnSync('find', [directory.path, '-printf', '%y %m\\n'], { encoding: 'utf8' }).stdout
    assert.deepEqual([...new Set(modes.trim().split('\n'))].sort(), ['d 700', 'f 600'])
    assert.ok(statSync(join(directory.path, 'store', 'gateway.sqlite-wal')).size > 0)
    await store.close()
  })
})
