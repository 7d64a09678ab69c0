import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import {
  type Attempt,
  type OwnerContext,
  type Session,
  Supervisor,
  SupervisorError,
  type Verdict,
  type Warning,
} from '../src/index.ts'
import { SyncOwnerContext, sharedOwnerContext } from '../src/owner-context.ts'
import { FakeClock } from '../src/testing/index.ts'
import { DialScript, refused, ScriptedSession } from './dial-script.ts'

type Dial = (attempt: Attempt) => Promise<Session | Verdict>

/** Runs one dial of an outer connection and says how it ended; nesting must end it for good, and loudly. */
async function dialOuter(dial: Dial, context?: OwnerContext): Promise<string | undefined> {
  const clock = new FakeClock()
  const faults: unknown[] = []
  const outer = new Supervisor({ clock, random: () => 0.5, context, onFault: (error) => faults.push(error) })
  const connection = outer.supervise({ name: 'outer', kind: 'client', dial })
  connection.start()
  await clock.advance(0)
  const { lastError, state } = connection.status()
  const isNested = lastError?.code === 'NESTED_DIAL'
  assert.equal(
    faults.some((error) => SupervisorError.is(error) && error.code === 'NESTED_DIAL'),
    isNested,
  )
  assert.equal(state === 'parked', isNested)
  outer.stop()
  return lastError?.code ?? undefined
}

function innerConnection(context?: OwnerContext, options = {}, onWarning?: (warning: Warning) => void) {
  const supervisor = new Supervisor({ clock: new FakeClock(), random: () => 0.5, context, onWarning }, options)
  return supervisor.supervise({ name: 'inner', kind: 'client', dial: new DialScript().dial })
}

test('Node follows dials across awaits by itself', () => {
  assert.ok(sharedOwnerContext instanceof AsyncLocalStorage)
})

test('a runtime without built-in modules falls back to following synchronous calls', async () => {
  const { getBuiltinModule } = process
  const freshCopy: string = '../src/owner-context.ts?without-builtins'
  try {
    Object.assign(process, { getBuiltinModule: undefined })
    const copy = (await import(freshCopy)) as typeof import('../src/owner-context.ts')
    assert.ok(copy.sharedOwnerContext instanceof copy.SyncOwnerContext)
  } finally {
    Object.assign(process, { getBuiltinModule })
  }
})

test('starting a connection inside the dial of another throws, even of another supervisor', async () => {
  const inner = innerConnection()
  const code = await dialOuter(async () => {
    inner.start()
    return refused
  })
  assert.equal(code, 'NESTED_DIAL')
  assert.equal(inner.status().state, 'stopped')
})

test('nesting is caught after awaits and in timers of the dial', async () => {
  const afterAwait = await dialOuter(async () => {
    await null
    await null
    innerConnection().start()
    return refused
  })
  assert.equal(afterAwait, 'NESTED_DIAL')
  const inTimer = await dialOuter(
    () =>
      new Promise((resolve, reject) => {
        setImmediate(() => {
          try {
            innerConnection().start()
            resolve(refused)
          } catch (error) {
            reject(error as Error)
          }
        })
      }),
  )
  assert.equal(inTimer, 'NESTED_DIAL')
})

test('where calls cannot be followed, the synchronous part is caught, and the attempt signal gives the rest away', async () => {
  const context = new SyncOwnerContext()
  const inSyncPart = await dialOuter(async () => {
    innerConnection(context).start()
    return refused
  }, context)
  assert.equal(inSyncPart, 'NESTED_DIAL')
  const bySignal = await dialOuter(async ({ signal }) => {
    await null
    innerConnection(context).start(signal)
    return refused
  }, context)
  assert.equal(bySignal, 'NESTED_DIAL')
})

test('what a live session starts is not nested', async () => {
  const inner = innerConnection()
  const session = new ScriptedSession()
  const message = Promise.withResolvers<void>()
  const handled = Promise.withResolvers<void>()
  const clock = new FakeClock()
  const outer = new Supervisor({ clock })
  const dial: Dial = async () => {
    // A handler registered during the dial keeps running in its context long after it has settled.
    void message.promise.then(() => {
      inner.start()
      handled.resolve()
    })
    return session
  }
  outer.supervise({ name: 'outer', kind: 'client', dial }).start()
  await clock.advance(0)
  message.resolve()
  await handled.promise
  assert.equal(inner.status().state, 'dialing')
  inner.stop()
  outer.stop()
})

test('a connection may be started from onChange, when the dial it depends on has settled', async () => {
  const inner = innerConnection()
  const clock = new FakeClock()
  const outer = new Supervisor({ clock })
  const connection = outer.supervise({
    name: 'outer',
    kind: 'client',
    dial: async () => new ScriptedSession(),
    onChange: ({ state }) => {
      if (state === 'live') inner.start()
    },
  })
  connection.start()
  await clock.advance(0)
  assert.equal(inner.status().state, 'dialing')
  inner.stop()
  outer.stop()
})

test('a dial set off from inside another dial belongs to its own connection only', async () => {
  const clock = new FakeClock()
  const supervisor = new Supervisor({ clock }, { maxConcurrentStarts: 2 })
  const holder = supervisor.supervise({ name: 'holder', kind: 'client', dial: new DialScript().dial })
  const dependent = innerConnection()
  const first = supervisor.supervise({
    name: 'first',
    kind: 'client',
    dial: async () => {
      await null
      holder.stop()
      return new Promise<never>(() => {})
    },
  })
  const second = supervisor.supervise({
    name: 'second',
    kind: 'client',
    dial: async () => new ScriptedSession(),
    onChange: ({ state }) => {
      if (state === 'live') dependent.start()
    },
  })
  for (const connection of [holder, first, second]) connection.start()
  await clock.advance(0)
  assert.equal(first.status().state, 'dialing')
  assert.equal(second.status().state, 'live')
  assert.equal(dependent.status().state, 'dialing')
  supervisor.stop()
  dependent.stop()
})

test('an abandoned dial owns nothing any more: what it still starts is not nested', async () => {
  const clock = new FakeClock()
  const outer = new Supervisor({ clock })
  const inner = innerConnection()
  const connection = outer.supervise({
    name: 'outer',
    kind: 'client',
    dial: async () => {
      await null
      connection.stop()
      inner.start()
      return refused
    },
  })
  connection.start()
  await clock.advance(0)
  assert.equal(inner.status().state, 'dialing')
  inner.stop()
})

test('where nesting only warns, the start goes on and the warning names both', async () => {
  const warnings: Warning[] = []
  const inner = innerConnection(undefined, { nesting: 'warn' }, (warning) => warnings.push(warning))
  await dialOuter(async () => {
    inner.start()
    return refused
  })
  assert.equal(inner.status().state, 'dialing')
  assert.deepEqual(
    warnings.map(({ kind, message }) => [kind, message]),
    [['nested', 'client inner: started inside the dial of outer; two owners may now retry one connection']],
  )
  inner.stop()
})
