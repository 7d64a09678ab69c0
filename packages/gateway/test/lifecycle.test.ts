import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Lifecycle, type Part } from '../src/lifecycle.ts'
import { type LogFields, silentLogger } from '../src/observe/logger.ts'
import { turns } from './fake-loop.ts'

class Setting {
  readonly story: string[] = []
  readonly errors: LogFields[] = []
  readonly log = { ...silentLogger, error: (_: string, fields: LogFields = {}) => void this.errors.push(fields) }

  part(name: string, changes: Partial<Part> = {}): Part {
    return {
      name,
      start: () => void this.story.push(`+${name}`),
      stop: () => void this.story.push(`-${name}`),
      ...changes,
    }
  }

  of(...parts: Part[]): Lifecycle {
    return new Lifecycle(parts, this.log)
  }
}

describe('a lifecycle', () => {
  test('starts parts in order, each after the one before it, and stops them in reverse', async () => {
    const setting = new Setting()
    const slow = setting.part('b', {
      start: async () => {
        await turns(1)
        setting.story.push('+b')
      },
    })
    const lifecycle = setting.of(setting.part('a'), slow, setting.part('c'))
    await lifecycle.start()
    await lifecycle.stop()
    assert.deepEqual(setting.story, ['+a', '+b', '+c', '-c', '-b', '-a'])
  })

  test('takes parts that only start or only stop', async () => {
    const setting = new Setting()
    const lifecycle = setting.of({ name: 'a', stop: () => void setting.story.push('-a') }, { name: 'b' })
    await lifecycle.start()
    await lifecycle.stop()
    assert.deepEqual(setting.story, ['-a'])
  })

  test('that fails to start stops what had started, and tells why', async () => {
    const setting = new Setting()
    const lifecycle = setting.of(
      setting.part('a'),
      setting.part('b', { start: () => Promise.reject(new Error('port in use')) }),
      setting.part('c'),
    )
    await assert.rejects(lifecycle.start(), /port in use/)
    assert.deepEqual(setting.story, ['+a', '-a'])
  })
})

describe('stopping', () => {
  test('twice stops every part once', async () => {
    const setting = new Setting()
    const lifecycle = setting.of(setting.part('a'), setting.part('b'))
    await lifecycle.start()
    await Promise.all([lifecycle.stop(), lifecycle.stop()])
    await lifecycle.stop()
    assert.deepEqual(setting.story, ['+a', '+b', '-b', '-a'])
  })

  test('before anything has started does nothing', async () => {
    await new Setting().of().stop()
  })

  test('while starting leaves nothing running, not even the part that was about to', async () => {
    const setting = new Setting()
    const gate = Promise.withResolvers<void>()
    const lifecycle = setting.of(
      setting.part('a'),
      setting.part('b', {
        start: async () => {
          await gate.promise
          setting.story.push('+b')
        },
      }),
      setting.part('c'),
    )
    const started = assert.rejects(lifecycle.start(), /stopped while starting/)
    await turns(1)
    const stopped = lifecycle.stop()
    await turns(1)
    gate.resolve()
    await Promise.all([started, stopped])
    assert.deepEqual(setting.story, ['+a', '-a', '+b', '-b'])
  })

  for (const [how, stop] of [
    [
      'throws',
      () => {
        throw new Error('disk')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk'))],
  ] as const) {
    test(`goes on past a part whose stop ${how}, and names it`, async () => {
      const setting = new Setting()
      const lifecycle = setting.of(setting.part('a'), setting.part('b', { stop }))
      await lifecycle.start()
      await lifecycle.stop()
      assert.equal(setting.story.at(-1), '-a')
      assert.deepEqual([setting.errors[0]?.part, setting.errors[0]?.error], ['b', 'Error: disk'])
    })
  }

  test('leaves a part behind that does not stop in time', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const setting = new Setting()
    const lifecycle = setting.of(setting.part('a'), setting.part('b', { stop: () => new Promise(() => {}) }))
    await lifecycle.start()
    const stopped = lifecycle.stop()
    await turns(1)
    t.mock.timers.tick(9_999)
    await turns(1)
    assert.deepEqual(setting.story, ['+a', '+b'])
    t.mock.timers.tick(1)
    await stopped
    assert.equal(setting.story.at(-1), '-a')
    assert.match(String(setting.errors[0]?.error), /did not stop within 10000 ms of all/)
  })
})
