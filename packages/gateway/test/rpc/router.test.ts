import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { WireError, type WireErrorShape } from '@breakwater/protocol'
import type { ParamsValidators } from '@breakwater/protocol/params-validators'
import { inProcessPeer } from '../../src/connection/in-process-peer.ts'
import type { Peer, PeerIdentity } from '../../src/connection/peer.ts'
import { type LogFields, silentLogger } from '../../src/observe/logger.ts'
import { type CallContext, defineMethod, type MethodDefinition } from '../../src/rpc/define-method.ts'
import { FAIR_QUEUE_DEFAULTS } from '../../src/rpc/fair-queue.ts'
import { Router } from '../../src/rpc/router.ts'
import { turns } from '../fake-loop.ts'
import { fakeNode, fakePeer, RecordingLink } from '../fake-peer.ts'

interface Answer {
  readonly id: string
  readonly ok: boolean
  readonly payload?: unknown
  readonly error?: WireErrorShape & { readonly details: Record<string, unknown> }
}

/** Judges parameters by one rule: they must not hold `bad`. Families load when told. */
class FakeValidators {
  loaded: 'yes' | 'no' | 'broken' = 'yes'
  loading = Promise.withResolvers<void>()

  isLoaded(): boolean {
    return this.loaded === 'yes'
  }

  async load(): Promise<void> {
    if (this.loaded === 'yes') return
    await this.loading.promise
    if (this.loaded === 'broken') throw new Error('no such module')
    this.loaded = 'yes'
  }

  check(_method: string, params: unknown): string | undefined {
    if (this.loaded !== 'yes') throw new Error('not loaded')
    return Object.hasOwn((params ?? {}) as object, 'bad') ? "at root: unexpected property 'bad'" : undefined
  }
}

class Setting {
  readonly link = new RecordingLink()
  readonly validators = new FakeValidators()
  readonly faults: LogFields[] = []
  readonly readings: [owner: string, reading: boolean][] = []
  readonly calls: { method: string; params: unknown }[] = []
  nowMs = 1_000_000
  readonly router: Router
  #lastId = 0

  constructor(methods: readonly MethodDefinition[] = []) {
    this.router = new Router({
      methods: [...methods, ...ECHOES.map((name) => this.#echo(name))],
      validators: this.validators as unknown as ParamsValidators,
      log: { ...silentLogger, error: (_, fields = {}) => void this.faults.push(fields) },
      nowMs: () => this.nowMs,
      setReading: (owner, reading) => this.readings.push([owner, reading]),
    })
  }

  #echo(name: string): MethodDefinition {
    return defineMethod(name, (params) => {
      this.calls.push({ method: name, params })
      return { echoed: params }
    })
  }

  operator(...scopes: string[]): Peer {
    return fakePeer({ scopes }, this.link)
  }

  /** Sends a request and returns its id. */
  request(peer: Peer, method: string, params?: unknown): string {
    this.#lastId += 1
    const id = `r${this.#lastId}`
    this.router.receive(peer, JSON.stringify({ type: 'req', id, method, params }))
    return id
  }

  answers(id?: string): Answer[] {
    const all = this.link.frames as unknown as Answer[]
    return id === undefined ? all : all.filter((answer) => answer.id === id)
  }

  /** The only answer to a request, once it is there. */
  async answerTo(peer: Peer, method: string, params?: unknown): Promise<Answer> {
    const id = this.request(peer, method, params)
    for (let turn = 0; turn < 10 && this.answers(id).length === 0; turn += 1) await turns(1)
    const [answer, ...more] = this.answers(id)
    assert.ok(answer, `no answer to ${method}`)
    assert.equal(more.length, 0)
    return answer
  }

  async refusal(peer: Peer, method: string, params?: unknown): Promise<NonNullable<Answer['error']>> {
    const { ok, error } = await this.answerTo(peer, method, params)
    assert.ok(!ok && error, `${method} was not refused`)
    return error
  }
}

/** Served methods of every kind of access: any role, three scopes, a limited write, node role, with effects. */
const ECHOES = ['health', 'node.list', 'device.pair.list', 'config.set', 'config.patch', 'skills.bins', 'node.invoke']

describe('a message', () => {
  test('that is not JSON is dropped; one that is no request is answered with its id', () => {
    const setting = new Setting()
    const peer = setting.operator('operator.admin')
    for (const text of ['hello', '', '{']) setting.router.receive(peer, text)
    assert.deepEqual(setting.answers(), [])
    setting.router.receive(peer, '{"type":"req","id":"x1","method":"health","foo":1}')
    const [answer] = setting.answers()
    assert.deepEqual(
      [answer?.id, answer?.error?.code, answer?.error?.message],
      ['x1', 'INVALID_REQUEST', "invalid request frame: at root: unexpected property 'foo'"],
    )
    assert.equal(peer.isClosed, false)
  })

  test('of a closed connection reaches no handler', () => {
    const setting = new Setting()
    const peer = setting.operator('operator.admin')
    peer.markClosed()
    setting.request(peer, 'health')
    assert.deepEqual([setting.calls, setting.answers()], [[], []])
  })
})

describe('a handler that answers at once', () => {
  test('does so within the same turn', () => {
    const setting = new Setting()
    const id = setting.request(setting.operator('operator.read'), 'node.list', { a: 1 })
    assert.deepEqual(setting.answers(id), [{ type: 'res', id, ok: true, payload: { echoed: { a: 1 } } }])
  })

  test('gets an empty object where parameters are absent or null', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.read')
    setting.request(peer, 'node.list')
    setting.request(peer, 'node.list', null)
    await setting.router.call(inProcessPeer({ name: 't', role: 'operator', scopes: ['operator.read'] }), 'node.list')
    assert.deepEqual(
      setting.calls.map(({ params }) => params),
      [{}, {}, {}],
    )
  })

  test('may answer null, or nothing', async () => {
    const setting = new Setting([defineMethod('last-heartbeat', () => null), defineMethod('wake', () => undefined)])
    const peer = setting.operator('operator.admin')
    assert.deepEqual((await setting.answerTo(peer, 'last-heartbeat')).payload, null)
    assert.ok(!('payload' in (await setting.answerTo(peer, 'wake'))))
  })
})

describe('roles', () => {
  const asNode = (setting: Setting): Peer => fakePeer({ ...fakeNode().identity, connId: 'n' }, setting.link)

  test('node methods are for nodes, the others for operators, health is for both', async () => {
    const setting = new Setting()
    const [node, operator] = [asNode(setting), setting.operator('operator.admin')]
    assert.ok((await setting.answerTo(node, 'skills.bins')).ok)
    assert.ok((await setting.answerTo(node, 'health')).ok)
    assert.ok((await setting.answerTo(operator, 'health')).ok)
    assert.equal((await setting.refusal(operator, 'skills.bins')).message, 'unauthorized role: operator')
    for (const method of ['node.list', 'config.set', 'nope.method', 'connect']) {
      const { code, message } = await setting.refusal(node, method)
      assert.deepEqual([code, message], ['INVALID_REQUEST', 'unauthorized role: node'], method)
    }
  })

  test('a node needs no scope for what is its role', async () => {
    const setting = new Setting()
    assert.ok((await setting.answerTo(asNode(setting), 'skills.bins')).ok)
  })

  test('eleven violations in a row are survived; the twelfth is answered, then the connection is closed', async () => {
    const setting = new Setting()
    const node = asNode(setting)
    for (let violation = 1; violation <= 11; violation += 1) await setting.refusal(node, 'node.list')
    assert.deepEqual(setting.link.closes, [])
    const id = setting.request(node, 'node.list')
    assert.equal(setting.answers(id).length, 1, 'the answer goes first')
    assert.deepEqual(setting.link.closes, [])
    await turns(1)
    assert.deepEqual(setting.link.closes, [{ code: 1008, reason: 'repeated unauthorized calls' }])
  })

  test('a call that is allowed starts the count anew', async () => {
    const setting = new Setting()
    const node = asNode(setting)
    for (let round = 0; round < 3; round += 1) {
      for (let violation = 1; violation <= 11; violation += 1) await setting.refusal(node, 'node.list')
      await setting.answerTo(node, 'health')
    }
    assert.deepEqual(setting.link.closes, [])
  })
})

describe('scopes', () => {
  test('are looked at before anything else: schema, existence, even whether it is served', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.read')
    for (const [method, scope] of [
      ['device.pair.list', 'operator.pairing'],
      ['config.set', 'operator.admin'],
      ['cron.add', 'operator.admin'],
      ['nope.method', 'operator.admin'],
    ] as const) {
      const error = await setting.refusal(peer, method, { bad: 1 })
      assert.deepEqual([error.code, error.message], ['FORBIDDEN', `missing scope: ${scope}`])
      assert.deepEqual(error.details, {
        code: 'MISSING_SCOPE',
        missingScope: scope,
        requiredScopes: [scope],
        nextCommand: error.details.nextCommand,
        recovery: 'pair',
      })
    }
    assert.deepEqual(setting.calls, [])
  })

  test('an administrator learns what does not exist', async () => {
    const setting = new Setting()
    const { code, message, retryable } = await setting.refusal(setting.operator('operator.admin'), 'nope.method')
    assert.deepEqual([code, message, retryable], ['INVALID_REQUEST', 'unknown method: nope.method', false])
  })

  test('a connection without any may still ask for health', async () => {
    const setting = new Setting()
    assert.ok((await setting.answerTo(setting.operator(), 'health')).ok)
    assert.equal((await setting.refusal(setting.operator(), 'node.list')).message, 'missing scope: operator.read')
  })

  test('a second connect is refused and the connection lives on', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.admin')
    assert.equal((await setting.refusal(peer, 'connect')).message, 'connect is only valid as the first request')
    assert.ok((await setting.answerTo(peer, 'health')).ok)
  })
})

describe('a method of the contract that is not served', () => {
  test('says so in a way no client retries', async () => {
    const setting = new Setting()
    const error = await setting.refusal(setting.operator('operator.admin'), 'terminal.list')
    assert.deepEqual([error.code, error.retryable], ['UNAVAILABLE', false])
    assert.deepEqual([error.details.reason, error.details.method], ['not-implemented', 'terminal.list'])
  })
})

describe('parameters that do not fit', () => {
  test('are refused in the words of the wire, before the handler', async () => {
    const setting = new Setting()
    const { code, message, details } = await setting.refusal(setting.operator('operator.read'), 'node.list', { bad: 1 })
    assert.deepEqual(
      [code, message],
      ['INVALID_REQUEST', "invalid node.list params: at root: unexpected property 'bad'"],
    )
    assert.equal(details.recovery, 'fix-request')
    assert.deepEqual(setting.calls, [])
  })

  test('count as write attempts all the same', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.admin')
    for (let call = 0; call < 30; call += 1) await setting.refusal(peer, 'config.set', { bad: 1 })
    const error = await setting.refusal(peer, 'config.set')
    assert.equal(error.message, 'rate limit exceeded for config.set; retry after 60s')
    assert.deepEqual([error.code, error.retryable, error.retryAfterMs], ['UNAVAILABLE', true, 60_000])
    assert.deepEqual([error.details.method, error.details.limit], ['config.set', '30 per 60s'])
    assert.ok((await setting.answerTo(peer, 'config.patch')).ok, 'another method has its own count')
  })

  test('are counted across the connections of one caller', async () => {
    const setting = new Setting()
    const connect = () => setting.operator('operator.admin')
    for (let call = 0; call < 30; call += 1) await setting.answerTo(connect(), 'config.set')
    assert.equal((await setting.refusal(connect(), 'config.set')).code, 'UNAVAILABLE')
  })
})

describe('validators that are not loaded yet', () => {
  test('hold the caller’s later requests back, and nobody else’s', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.read')
    setting.validators.loaded = 'no'
    const first = setting.request(peer, 'node.list', { n: 1 })
    const second = setting.request(peer, 'node.list', { n: 2 })
    await turns(3)
    assert.deepEqual(setting.answers(), [])
    setting.validators.loaded = 'yes'
    setting.validators.loading.resolve()
    await turns(4)
    assert.deepEqual(
      setting.answers().map(({ id }) => id),
      [first, second],
    )
  })

  test('that cannot be loaded are a fault of ours, answered and logged', async () => {
    const setting = new Setting()
    setting.validators.loaded = 'broken'
    setting.validators.loading.resolve()
    const { code, details } = await setting.refusal(setting.operator('operator.read'), 'node.list')
    assert.equal(code, 'UNAVAILABLE')
    assert.equal(setting.faults[0]?.correlationId, details.correlationId)
  })
})

describe('a handler that fails', () => {
  const failing = (name: string, fail: () => unknown) => new Setting([defineMethod(name, fail)])

  for (const [how, fail] of [
    [
      'by throwing',
      () => {
        throw new Error('the password is hunter2')
      },
    ],
    ['by rejecting', () => Promise.reject(new Error('the password is hunter2'))],
    ['with an answer that has no JSON', () => ({ count: 3n, hunter2: true })],
    ['later, with an answer that has no JSON', async () => ({ count: 3n, hunter2: true })],
  ] as const) {
    test(`${how} is answered without its words, and logged with them`, async () => {
      const setting = failing('status', fail)
      const error = await setting.refusal(setting.operator('operator.read'), 'status')
      assert.deepEqual([error.code, error.retryable, error.details.recovery], ['UNAVAILABLE', false, 'none'])
      assert.ok(!JSON.stringify(error).includes('hunter2'))
      assert.equal(setting.faults.length, 1)
      assert.equal(setting.faults[0]?.correlationId, error.details.correlationId)
      assert.ok((await setting.answerTo(setting.operator(), 'health')).ok, 'the gateway goes on')
    })
  }

  test('with a wire error is answered in its words, and not logged', async () => {
    const setting = failing('status', () => {
      throw new WireError('BUSY', { retryAfterMs: 3 })
    })
    assert.equal((await setting.refusal(setting.operator('operator.read'), 'status')).retryAfterMs, 3)
    assert.deepEqual(setting.faults, [])
  })
})

/** A method whose calls the test ends itself. */
function slowMethod(name: string, deadlineMs?: number) {
  const calls: { context: CallContext; end: PromiseWithResolvers<unknown> }[] = []
  const method = defineMethod(
    name,
    (_, context) => {
      const end = Promise.withResolvers<unknown>()
      calls.push({ context, end })
      return end.promise
    },
    deadlineMs === undefined ? {} : { deadlineMs },
  )
  return { method, calls }
}

describe('a handler that takes its time', () => {
  test('answers when it is done; later requests of the caller do not wait for it', async () => {
    const { method, calls } = slowMethod('status')
    const setting = new Setting([method])
    const peer = setting.operator('operator.read')
    const slow = setting.request(peer, 'status')
    const quick = setting.request(peer, 'health')
    calls[0]?.end.resolve({ done: true })
    await turns(1)
    assert.deepEqual(
      setting.answers().map(({ id }) => id),
      [quick, slow],
    )
  })

  test('longer than its deadline is answered without it, told to stop, and heard no more', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { method, calls } = slowMethod('status', 500)
    const setting = new Setting([method])
    const id = setting.request(setting.operator('operator.read'), 'status')
    const { signal } = calls[0]?.context ?? {}
    t.mock.timers.tick(499)
    await turns(1)
    assert.deepEqual(setting.answers(), [])
    t.mock.timers.tick(1)
    await turns(1)
    const [answer] = setting.answers(id)
    assert.deepEqual([answer?.error?.code, answer?.error?.retryable], ['UNAVAILABLE', true])
    assert.deepEqual([answer?.error?.details.method, answer?.error?.details.deadlineMs], ['status', 500])
    assert.ok(signal?.aborted)
    calls[0]?.end.resolve('late')
    await turns(1)
    assert.equal(setting.answers().length, 1)
  })

  test('has thirty seconds by default, and as long as it likes with a deadline of 0', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const [usual, endless] = [slowMethod('status'), slowMethod('wake', 0)]
    const setting = new Setting([usual.method, endless.method])
    const peer = setting.operator('operator.admin')
    const first = setting.request(peer, 'status')
    const second = setting.request(peer, 'wake')
    t.mock.timers.tick(30_000)
    await turns(1)
    assert.equal(setting.answers(first).length, 1)
    t.mock.timers.tick(3_600_000)
    await turns(1)
    assert.equal(setting.answers(second).length, 0)
    endless.calls[0]?.end.resolve('done')
    await turns(1)
    assert.equal(setting.answers(second)[0]?.payload, 'done')
  })

  test('is told when its caller has gone; what it says then reaches nobody', async () => {
    const { method, calls } = slowMethod('status')
    const setting = new Setting([method])
    const peer = setting.operator('operator.read')
    setting.request(peer, 'status')
    setting.request(peer, 'status')
    const signal = calls[0]?.context.signal
    peer.markClosed()
    setting.router.peerClosed(peer)
    assert.ok(signal?.aborted)
    calls[0]?.end.reject(signal?.reason)
    calls[1]?.end.resolve('done')
    await turns(1)
    assert.ok(calls[1]?.context.signal.aborted, 'also for a handler that asks later')
    assert.deepEqual([setting.answers(), setting.faults], [[], []])
  })
})

/** A handler that tells how often it ran. */
function counting() {
  const tally = { count: 0 }
  const handler = (): object => {
    tally.count += 1
    return { ...tally }
  }
  return { tally, handler }
}

describe('calls with effects', () => {
  const invoke = (run: () => unknown) => new Setting([defineMethod('chat.send', run)])
  const params = { idempotencyKey: 'k1' }

  test('must carry a key', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.write')
    for (const wrong of [undefined, {}, { idempotencyKey: '' }, { idempotencyKey: 7 }]) {
      const { code, message } = await setting.refusal(peer, 'node.invoke', wrong)
      assert.deepEqual([code, message], ['INVALID_REQUEST', 'idempotencyKey required'])
    }
    assert.deepEqual(setting.calls, [])
  })

  test('run once per key: a repetition replays the answer', async () => {
    const setting = invoke(counting().handler)
    const peer = setting.operator('operator.write')
    const answers = [
      await setting.answerTo(peer, 'chat.send', params),
      await setting.answerTo(peer, 'chat.send', params),
      await setting.answerTo(peer, 'chat.send', { idempotencyKey: 'k2' }),
    ]
    assert.deepEqual(
      answers.map(({ payload }) => payload),
      [{ count: 1 }, { count: 1 }, { count: 2 }],
    )
  })

  test('replay failures too: what failed may have had its effect', async () => {
    let count = 0
    const setting = invoke(() => {
      count += 1
      throw new WireError('BUSY', { retryAfterMs: count })
    })
    const peer = setting.operator('operator.write')
    const first = await setting.refusal(peer, 'chat.send', params)
    assert.deepEqual(await setting.refusal(peer, 'chat.send', params), first)
    assert.equal(count, 1)
    const faulty = invoke(() => {
      count += 1
      throw new Error('bug')
    })
    const fault = await faulty.refusal(peerOf(faulty), 'chat.send', params)
    assert.deepEqual(await faulty.refusal(peerOf(faulty), 'chat.send', params), fault, 'with the same correlation id')
    assert.equal(faulty.faults.length, 1)
  })

  test('join one that is still running', async () => {
    const { method, calls } = slowMethod('chat.send')
    const setting = new Setting([method])
    const peer = setting.operator('operator.write')
    const ids = [setting.request(peer, 'chat.send', params), setting.request(peer, 'chat.send', params)]
    assert.equal(calls.length, 1)
    calls[0]?.end.resolve({ runId: 'x' })
    await turns(1)
    assert.deepEqual(
      ids.map((id) => setting.answers(id)[0]?.payload),
      [{ runId: 'x' }, { runId: 'x' }],
    )
  })

  test('are recognised on the next connection of the caller: that is what the key is for', async () => {
    const { handler, tally } = counting()
    const setting = invoke(handler)
    for (const identity of [{}, { deviceId: 'd' }] satisfies Partial<PeerIdentity>[]) {
      const connect = () => fakePeer({ scopes: ['operator.write'], ...identity }, setting.link)
      const first = await setting.answerTo(connect(), 'chat.send', params)
      assert.deepEqual((await setting.answerTo(connect(), 'chat.send', params)).payload, first.payload)
    }
    assert.equal(tally.count, 2, 'each caller has keys of its own')
  })

  test('keep parameters that do not fit apart from the key', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.write')
    await setting.refusal(peer, 'node.invoke', { ...params, bad: 1 })
    assert.ok((await setting.answerTo(peer, 'node.invoke', params)).ok)
  })

  test('with a key of megabytes are told apart all the same', async () => {
    const { handler, tally } = counting()
    const setting = invoke(handler)
    const peer = setting.operator('operator.write')
    const long = 'x'.repeat(1_000_000)
    for (const idempotencyKey of [`${long}a`, `${long}a`, `${long}b`]) {
      await setting.answerTo(peer, 'chat.send', { idempotencyKey })
    }
    assert.equal(tally.count, 2)
  })

  const peerOf = (setting: Setting): Peer => setting.operator('operator.write')
})

describe('a flood from one connection', () => {
  test('is answered in order, within its share per turn, and refused beyond the limit', async () => {
    const setting = new Setting()
    const peer = setting.operator('operator.read')
    const { startsPerTurn, waitingPerOwner } = FAIR_QUEUE_DEFAULTS
    const flood = startsPerTurn + waitingPerOwner
    const ids = Array.from({ length: flood }, () => setting.request(peer, 'health'))
    const refused = setting.request(peer, 'health')
    const [answer] = setting.answers(refused)
    assert.deepEqual(
      [answer?.error?.message, answer?.error?.retryable, answer?.error?.retryAfterMs],
      ['The server is busy. Please try again in a moment.', true, 1_000],
    )
    assert.equal(setting.router.refusedCount, 1)
    assert.deepEqual(setting.readings, [[peer.ownerKey, false]])
    const other = setting.request(setting.operator(), 'health')
    assert.equal(setting.answers(other).length, 1, 'somebody else is served at once')
    await turns(flood / startsPerTurn + 2)
    const answered = setting.answers().filter(({ id, ok }) => ok && id !== other)
    assert.deepEqual(
      answered.map(({ id }) => id),
      ids,
    )
    assert.deepEqual(setting.readings.at(-1), [peer.ownerKey, true])
  })
})

describe('a caller inside the process', () => {
  const caller = (...scopes: string[]) => inProcessPeer({ name: 'cron', role: 'operator', scopes })
  const refused = async (call: Promise<unknown>): Promise<WireErrorShape> => {
    const error = await call.then(
      () => assert.fail('was not refused'),
      (thrown: unknown) => thrown,
    )
    assert.ok(WireError.is(error))
    return error.shape
  }

  test('gets what the handler returns', async () => {
    const setting = new Setting()
    assert.deepEqual(await setting.router.call(caller('operator.read'), 'node.list', { a: 1 }), { echoed: { a: 1 } })
  })

  test('meets the same checks: role, scope, existence, schema, limits, keys', async () => {
    const setting = new Setting()
    const { router } = setting
    const admin = caller('operator.admin')
    assert.equal((await refused(router.call(caller(), 'node.list'))).message, 'missing scope: operator.read')
    assert.equal((await refused(router.call(admin, 'skills.bins'))).message, 'unauthorized role: operator')
    assert.equal((await refused(router.call(admin, 'nope'))).message, 'unknown method: nope')
    assert.match(
      (await refused(router.call(admin, 'node.list', { bad: 1 }))).message,
      /^invalid node\.list params: at /,
    )
    assert.equal((await refused(router.call(admin, 'node.invoke', {}))).message, 'idempotencyKey required')
    for (let call = 0; call < 30; call += 1) await router.call(admin, 'config.set')
    assert.match((await refused(router.call(admin, 'config.set'))).message, /^rate limit exceeded/)
  })

  test('hears of a fault only its correlation id', async () => {
    const setting = new Setting([
      defineMethod('status', () => {
        throw new Error('hunter2')
      }),
    ])
    const shape = await refused(setting.router.call(caller('operator.read'), 'status'))
    assert.ok(!JSON.stringify(shape).includes('hunter2'))
    assert.equal(setting.faults.length, 1)
  })

  test('waits no longer than the deadline either', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { method, calls } = slowMethod('status')
    const setting = new Setting([method])
    const call = refused(setting.router.call(caller('operator.read'), 'status'))
    await turns(1)
    t.mock.timers.tick(30_000)
    assert.equal((await call).code, 'UNAVAILABLE')
    assert.ok(calls[0]?.context.signal.aborted)
  })

  test('shares outcomes with its own repetitions, as values of its own', async () => {
    const setting = new Setting([defineMethod('chat.send', counting().handler)])
    const send = () =>
      setting.router.call(caller('operator.write'), 'chat.send', { idempotencyKey: 'k' }) as Promise<{ count: number }>
    const first = await send()
    first.count = 99
    assert.deepEqual(await send(), { count: 1 })
  })
})

test('the methods served are named for hello', () => {
  assert.deepEqual(new Setting().router.methodNames, ECHOES)
})

describe('a connection that is about to be closed for a restart', () => {
  test('has its new requests refused, completely, while what runs is answered', async () => {
    const gate = Promise.withResolvers<string>()
    const setting = new Setting([defineMethod('system.info', () => gate.promise)])
    const peer = setting.operator('operator.admin')
    const other = setting.operator('operator.admin')
    const running = setting.request(peer, 'system.info')
    setting.router.drain(peer)
    assert.equal(setting.router.isIdle(peer), false)
    const error = await setting.refusal(peer, 'health')
    assert.deepEqual(
      [error.code, error.retryable, error.retryAfterMs, error.details],
      ['UNAVAILABLE', true, 500, { reason: 'gateway-restarting', method: 'health', recovery: 'wait' }],
    )
    assert.equal((await setting.answerTo(other, 'health')).ok, true)
    gate.resolve('done')
    await turns(2)
    assert.deepEqual(setting.answers(running)[0]?.payload, 'done')
    assert.equal(setting.router.isIdle(peer), true)
  })

  test('is not kept open by a wait that has no deadline, but by requests that wait for their turn', async () => {
    const never = defineMethod('system.info', () => new Promise(() => {}), { deadlineMs: 0 })
    const setting = new Setting([never])
    const peer = setting.operator('operator.admin')
    setting.request(peer, 'system.info')
    await turns(1)
    assert.equal(setting.router.isIdle(peer), true)
    for (let at = 0; at <= FAIR_QUEUE_DEFAULTS.startsPerTurn; at += 1) setting.request(peer, 'health')
    assert.equal(setting.router.isIdle(peer), false)
    await turns(2)
    assert.equal(setting.router.isIdle(peer), true)
  })
})

describe('whoever listens to answers', () => {
  test('is told the method, the outcome and the time, and never a name that a peer made up', async () => {
    const slow = defineMethod('system.info', async () => {
      await turns(1)
      throw new WireError('BUSY')
    })
    const setting = new Setting([slow])
    const peer = setting.operator('operator.admin')
    const heard: [string, string][] = []
    await setting.answerTo(peer, 'health')
    setting.router.onAnswered = (method, outcome, durationMs) => {
      assert.ok(durationMs >= 0 && durationMs < 5_000)
      heard.push([method, outcome])
    }
    await setting.answerTo(peer, 'health')
    await setting.answerTo(peer, 'system.info')
    await setting.answerTo(peer, 'made.up')
    await setting.answerTo(peer, 'node.list', { bad: 1 })
    assert.deepEqual(heard, [
      ['health', 'ok'],
      ['system.info', 'UNAVAILABLE'],
      ['unserved', 'INVALID_REQUEST'],
      ['node.list', 'INVALID_REQUEST'],
    ])
  })
})

describe('a stall', () => {
  test('is named after a method of ours, never after what a peer made up', async () => {
    const labels: string[] = []
    const spans = { run: (label: string, work: () => unknown) => [labels.push(label), work()][1] }
    const setting = new Setting()
    const router = new Router({
      methods: [defineMethod('health', () => 1)],
      validators: setting.validators as unknown as ParamsValidators,
      log: silentLogger,
      nowMs: () => 0,
      setReading: () => {},
      spans: spans as never,
    })
    const peer = setting.operator('operator.admin')
    router.receive(peer, '{"type":"req","id":"1","method":"health"}')
    router.receive(peer, '{"type":"req","id":"2","method":"x.y"}')
    assert.deepEqual(labels, ['health', 'unserved method'])
  })
})
