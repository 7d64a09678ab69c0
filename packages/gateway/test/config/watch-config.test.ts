import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mock, test } from 'node:test'
import fc from 'fast-check'
import { LiveConfig } from '../../src/config/live-config.ts'
import type { LoadResult } from '../../src/config/load-config.ts'
import { ConfigWatcher, type WatchDirectory } from '../../src/config/watch-config.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { assertValid, type ConfigDirectory, createConfigDirectory, issuesOf, loadText } from './config-fixture.ts'

/** Hands out loads as the watcher delivers them, to whoever waits for the next one. */
class Inbox {
  readonly loads: LoadResult[] = []
  #wake: (() => void) | undefined

  readonly put = (load: LoadResult): void => {
    this.loads.push(load)
    this.#wake?.()
  }

  async until(isWanted: (load: LoadResult) => boolean): Promise<LoadResult> {
    for (;;) {
      const last = this.loads.at(-1)
      if (last !== undefined && isWanted(last)) return last
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }
}

const fail = (error: unknown): never => assert.fail(String(error))

const OFTEN = { debounceMs: 2, maxDelayMs: 50, pollMs: 20 }

async function watchDirectory(
  directory: ConfigDirectory,
  text: string,
  more: { watchDirectory?: WatchDirectory } = {},
) {
  const initial = await directory.load(text)
  assertValid(initial)
  const live = new LiveConfig({ load: (options) => directory.load(undefined, {}, options), log: silentLogger }, initial)
  const inbox = new Inbox()
  const onLoad = (load: LoadResult) => {
    live.accept(load)
    inbox.put(load)
  }
  const onError = fail
  const watcher = new ConfigWatcher({ load: live.load, onLoad, onError, ...more }, initial, OFTEN)
  watcher.start()
  return { live, inbox, watcher, [Symbol.dispose]: () => watcher.stop() }
}

/** Ways in which programs write a file. */
const WRITERS = {
  overwrite: (directory: ConfigDirectory, text: string) => writeFile(directory.configPath, text),
  replace: async (directory: ConfigDirectory, text: string) => {
    await directory.write('draft~', text)
    await rename(join(directory.path, 'draft~'), directory.configPath)
  },
  recreate: async (directory: ConfigDirectory, text: string) => {
    await rm(directory.configPath, { force: true })
    await writeFile(directory.configPath, text)
  },
  halves: async (directory: ConfigDirectory, text: string) => {
    await writeFile(directory.configPath, text.slice(0, text.length / 2))
    await writeFile(directory.configPath, text)
  },
}

interface Edit {
  readonly writer: keyof typeof WRITERS
  readonly text: string
  /** Undefined for a valid text. */
  readonly wrongPath: string | undefined
  readonly localMs: number
}

const anyEdit: fc.Arbitrary<Edit> = fc
  .record({
    writer: fc.constantFrom(...(Object.keys(WRITERS) as (keyof typeof WRITERS)[])),
    localMs: fc.integer({ min: 250, max: 60_000 }),
    kind: fc.constantFrom('valid', 'valid', 'type', 'range', 'list', 'syntax', 'empty'),
  })
  .map(({ writer, localMs, kind }) => {
    const handshake = `handshake: { localMs: ${kind === 'range' ? localMs + 100_000 : localMs} }`
    const port = kind === 'type' ? '"none"' : 1
    const proxy = kind === 'list' ? '"10.0.0.300"' : '"10.0.0.1"'
    const text = `{ gateway: { ${handshake}, port: ${port}, trustedProxies: ["10.0.0.9", ${proxy}] } }`
    const wrongPath = {
      valid: undefined,
      type: 'gateway.port',
      range: 'gateway.handshake.localMs',
      list: 'gateway.trustedProxies[1]',
      syntax: '',
      empty: '',
    }[kind]
    const written = kind === 'syntax' ? text.slice(0, -3) : kind === 'empty' ? '' : text
    return { writer, localMs, text: written, wrongPath: wrongPath as string | undefined }
  })

test('of 200 random edits each valid one takes effect and each invalid one leaves the last good and names its path', {
  timeout: 120_000,
}, async (t) => {
  await using directory = await createConfigDirectory()
  using watched = await watchDirectory(directory, '{ gateway: { port: 1 } }')
  const { live, inbox } = watched
  const seed = Math.trunc(Math.random() * 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  let validCount = 0
  for (const [index, edit] of fc.sample(anyEdit, { numRuns: 200, seed }).entries()) {
    const goodBefore = live.current
    await WRITERS[edit.writer](directory, edit.text)
    const load = await inbox.until(({ raw }) => raw === edit.text)
    const what = `edit ${index} (${edit.writer}): ${edit.text}`
    if (edit.wrongPath === undefined) {
      validCount += 1
      assert.deepEqual(issuesOf(load), [], what)
      assert.equal(live.current.gateway.handshake.localMs, edit.localMs, what)
    } else {
      assert.deepEqual(
        load.issues.map(({ path }) => path),
        [edit.wrongPath],
        what,
      )
      assert.equal(live.current.gateway.handshake.localMs, goodBefore.gateway.handshake.localMs, what)
    }
    assert.equal(live.current.gateway.port, 1, what)
  }
  assert.ok(validCount > 20 && validCount < 180)
})

test('deletion is reported, keeps the last good configuration, and the file may come back', async () => {
  await using directory = await createConfigDirectory()
  using watched = await watchDirectory(directory, '{ metrics: { enabled: true } }')
  await rm(directory.configPath)
  const load = await watched.inbox.until(({ exists }) => !exists)
  assert.deepEqual(issuesOf(load), [`${directory.configPath}: the configuration file was removed`])
  assert.equal(watched.live.current.metrics.enabled, true)
  await directory.write('breakwater.json', '{}')
  await watched.inbox.until(({ exists }) => exists)
  assert.equal(watched.live.current.metrics.enabled, false)
})

test('a file that did not exist at the start is noticed, even in a directory that did not', async () => {
  await using parent = await createConfigDirectory()
  const configPath = join(parent.path, 'later', 'breakwater.json')
  const load = () => parent.load(undefined, {}, { configPath })
  const inbox = new Inbox()
  const watcher = new ConfigWatcher({ load, onLoad: inbox.put, onError: fail }, await load(), OFTEN)
  watcher.start()
  await parent.write('later/breakwater.json', '{ metrics: { enabled: true } }')
  const seen = await inbox.until(({ exists }) => exists)
  assert.equal(seen.config?.metrics.enabled, true)
  watcher.stop()
})

test('a change of an included file is a change, also in another directory', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('parts/metrics.json5', '{ enabled: false }')
  using watched = await watchDirectory(directory, '{ metrics: { $include: "parts/metrics.json5" } }')
  await directory.write('parts/metrics.json5', '{ enabled: true }')
  await watched.inbox.until(({ config }) => config?.metrics.enabled === true)
  await rm(join(directory.path, 'parts/metrics.json5'))
  const load = await watched.inbox.until(({ valid }) => !valid)
  assert.match(issuesOf(load)[0] ?? '', /^metrics\.\$include: .*no such file$/)
  await directory.write('parts/metrics.json5', '{ enabled: false }')
  await watched.inbox.until(({ config }) => config?.metrics.enabled === false)
})

test('where nothing can be watched, polling notices', async () => {
  await using directory = await createConfigDirectory()
  using watched = await watchDirectory(directory, '{}', { watchDirectory: () => undefined })
  await directory.write('breakwater.json', '{ metrics: { enabled: true } }')
  await watched.inbox.until(({ config }) => config?.metrics.enabled === true)
})

/** A watcher whose file, signs and clock are in the test's hands. */
async function standingStill(options: { pollMs: number }) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  let nowMs = 0
  let held = await loadText('{}')
  let version = 0
  let loadCount = 0
  let sign: ((name: string | undefined) => void) | undefined
  const inbox = new Inbox()
  const watcher = new ConfigWatcher(
    {
      load: async () => {
        loadCount += 1
        return held
      },
      onLoad: inbox.put,
      onError: fail,
      fileVersion: async () => String(version),
      now: () => nowMs,
      watchDirectory: (_, onChange) => {
        sign = onChange
        return { close: () => undefined }
      },
    },
    held,
    { debounceMs: 100, maxDelayMs: 1_000, ...options },
  )
  return {
    watcher,
    inbox,
    loadCount: () => loadCount,
    sign: (name: string | undefined = 'breakwater.json') => sign?.(name),
    write: async (next: string) => {
      held = await loadText(next)
      version += 1
    },
    pass: async (ms: number) => {
      nowMs += ms
      mock.timers.tick(ms)
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
    },
    [Symbol.dispose]: () => {
      watcher.stop()
      mock.timers.reset()
    },
  }
}

test('signs in quick succession cause one load after quiet, a steady stream one per second', async () => {
  using still = await standingStill({ pollMs: 0 })
  still.watcher.start()
  await still.pass(100)
  assert.equal(still.loadCount(), 1)
  for (let index = 0; index < 5; index += 1) {
    still.sign()
    await still.pass(90)
  }
  assert.equal(still.loadCount(), 1)
  await still.pass(10)
  assert.equal(still.loadCount(), 2)
  for (let index = 0; index < 45; index += 1) {
    still.sign()
    await still.pass(50)
  }
  assert.equal(still.loadCount(), 4)
})

test('a load that says nothing new is not handed over, and files of others cause none', async () => {
  using still = await standingStill({ pollMs: 0 })
  still.watcher.start()
  await still.pass(100)
  still.sign('neighbour.txt')
  await still.pass(100)
  assert.equal(still.loadCount(), 1)
  still.sign()
  await still.pass(100)
  assert.deepEqual([still.loadCount(), still.inbox.loads.length], [2, 0])
  await still.write('{ metrics: { enabled: true } }')
  still.sign(undefined)
  await still.pass(100)
  assert.equal(still.inbox.loads.length, 1)
})

test('polling loads only when a file looks different', async () => {
  using still = await standingStill({ pollMs: 5_000 })
  still.watcher.start()
  await still.pass(100)
  await still.pass(5_000)
  await still.pass(5_000)
  assert.equal(still.loadCount(), 1)
  await still.write('{ metrics: { enabled: true } }')
  await still.pass(5_000)
  await still.pass(100)
  assert.deepEqual([still.loadCount(), still.inbox.loads.length], [2, 1])
})

test('after stop nothing is loaded or handed over', async () => {
  using still = await standingStill({ pollMs: 5_000 })
  still.watcher.start()
  still.sign()
  still.watcher.stop()
  await still.pass(20_000)
  await still.watcher.check()
  assert.deepEqual([still.loadCount(), still.inbox.loads.length], [0, 0])
})

test('a fault of loading or of the receiver is reported and watching goes on', async () => {
  const faults: unknown[] = []
  let load: () => Promise<LoadResult> = () => Promise.reject(new Error('load'))
  const receive = (): void => {
    throw new Error('receive')
  }
  const onError = (error: unknown) => faults.push((error as Error).message)
  const watcher = new ConfigWatcher({ load: () => load(), onLoad: receive, onError }, await loadText('{}'), {
    pollMs: 0,
  })
  watcher.start()
  await watcher.check()
  load = () => loadText('{ metrics: { enabled: true } }')
  await watcher.check()
  assert.deepEqual(faults, ['load', 'receive'])
  watcher.stop()
})
