import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { LIMITS, type WireErrorShape } from '@breakwater/protocol'
import {
  isRetryableGatewayStartupUnavailableError,
  resolveGatewayStartupRetryAfterMs,
} from '@openclaw/gateway-protocol/startup-unavailable'
import { Admission, type AdmissionComponents, type Handshake } from '../../src/admission/admission.ts'
import { type Authorised, next, refuse, type Verdict } from '../../src/admission/candidate.ts'
import { ChallengePacer, PACER_DEFAULTS, type PacerOptions } from '../../src/admission/challenge-pacer.ts'
import type { HandshakeFailure } from '../../src/admission/failure-record.ts'
import { HelloEncoder } from '../../src/admission/hello.ts'
import type { AdmissionPipeline } from '../../src/admission/pipeline.ts'
import type { Peer } from '../../src/connection/peer.ts'
import type { LinkHolder, WebSocketLink } from '../../src/connection/web-socket-link.ts'
import { type LogFields, silentLogger } from '../../src/observe/logger.ts'
import { StoreFault } from '../../src/store/fault.ts'
import { turns } from '../fake-loop.ts'
import { RecordingLink } from '../fake-peer.ts'

const CONNECT = JSON.stringify({ type: 'req', id: 'c1', method: 'connect', params: {} })
const request = (id: string): string => JSON.stringify({ type: 'req', id, method: 'health' })

/** A socket that a test speaks through. */
class FakeSocket extends RecordingLink {
  holder!: LinkHolder
  isOpen = true
  /** Everything that was done to it, in order. */
  readonly story: string[] = []

  override send(...args: Parameters<RecordingLink['send']>): void {
    super.send(...args)
    const { event, ok } = this.frames.at(-1) ?? {}
    this.story.push(event ?? (ok ? 'hello-ok' : 'refusal'))
  }

  override close(code: number, reason: string): void {
    super.close(code, reason)
    this.story.push(`close ${code}`)
  }

  handTo(holder: LinkHolder): void {
    this.holder = holder
    this.story.push('handed over')
  }

  payloadOf<Payload>(index: number): Payload {
    const frame = this.frames[index]
    assert.ok(frame, `no frame ${index}`)
    return frame.payload as Payload
  }

  get error(): (WireErrorShape & { details: Record<string, unknown> }) | undefined {
    return this.frames.find(({ ok }) => ok === false)?.error as never
  }
}

class FakeDeadline {
  readonly story: string[] = []
  leg = 'upgrade'

  enter(leg: string): void {
    this.leg = leg
    this.story.push(`enter ${leg}`)
  }

  hold(): void {
    this.story.push('hold')
  }

  finish(): void {
    this.story.push('finish')
  }
}

interface Connection {
  readonly socket: FakeSocket
  readonly deadline: FakeDeadline
  readonly handshake: Handshake
  readonly released: { count: number }
}

const authorised = (changes: Partial<Authorised> = {}): Authorised =>
  ({
    connId: 'conn-1',
    requestId: 'c1',
    role: 'operator',
    requestedScopes: [],
    grantedScopes: ['operator.read'],
    method: 'token',
    isOwnerProcess: false,
    locality: { kind: 'local', via: 'loopback', clientAddress: '127.0.0.1' },
    connect: { client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' }, caps: ['tool-events'] },
    device: undefined,
    record: undefined,
    deviceToken: undefined,
    ...changes,
  }) as unknown as Authorised

class Setting {
  readonly failures: HandshakeFailure[] = []
  readonly faults: LogFields[] = []
  readonly admitted: { peer: Peer; texts: string[] }[] = []
  readonly judged: string[] = []
  readonly pacer: ChallengePacer
  /** What the pipeline says; a promise for one that has to wait for the disk. */
  verdict: () => ReturnType<AdmissionPipeline> = () => next(authorised())
  isStopping = false
  nowMs = 5_000
  random = 0.5
  onAdmitted: () => void = () => {}
  readonly admission: Admission
  #lastId = 0

  constructor(options: Partial<PacerOptions> = {}, isOpen = true) {
    this.pacer = new ChallengePacer({ ...PACER_DEFAULTS, ...options })
    if (isOpen) this.pacer.open()
    const components: AdmissionComponents = {
      pipeline: (_, text) => {
        this.judged.push(text)
        return this.verdict()
      },
      pacer: this.pacer,
      failures: { record: (failure: HandshakeFailure) => this.failures.push(failure) } as never,
      hello: new HelloEncoder({
        version: '0.1.0',
        bootId: 'boot-1',
        featuresJson: () => '{"methods":[],"events":[]}',
        presenceJson: () => '[{"host":"gw","ts":1}]',
        healthJson: () => '{}',
        stateVersion: () => ({ presence: 1, health: 1 }),
        uptimeMs: () => 1,
        appliedConfigHash: () => null,
        adminInfo: () => ({ configPath: '/c', stateDir: '/s', authMode: 'token' }),
      }),
      log: { ...silentLogger, error: (_, fields = {}) => void this.faults.push(fields) },
      now: () => this.nowMs,
      nowMs: () => 1_900_000_000_000,
      random: () => this.random,
      closedFor: () => (this.isStopping ? 'stopping' : undefined),
      onAdmitted: (peer) => {
        this.onAdmitted()
        const texts: string[] = []
        this.admitted.push({ peer, texts })
        return { onText: (text) => texts.push(text), onPong() {}, onClose() {} }
      },
    }
    this.admission = new Admission(components)
  }

  connect(): Connection {
    this.#lastId += 1
    const [socket, deadline, released] = [new FakeSocket(), new FakeDeadline(), { count: 0 }]
    const handshake = this.admission.begin(
      {
        connId: `conn-${this.#lastId}`,
        locality: { kind: 'local', via: 'loopback', clientAddress: '127.0.0.1' },
        peerAddress: '127.0.0.1',
        headers: { host: '127.0.0.1:18789', 'user-agent': 'test', 'x-forwarded-for': '1.2.3.4' },
        acceptedAt: this.nowMs - 100,
        deadline: deadline as never,
        release: () => {
          released.count += 1
        },
      },
      (holder) => {
        socket.holder = holder
        return socket as unknown as WebSocketLink
      },
    )
    return { socket, deadline, handshake, released }
  }
}

describe('a connection', () => {
  test('is challenged with a nonce of its own and the time, and only then must answer', () => {
    const setting = new Setting()
    const [first, second] = [setting.connect(), setting.connect()]
    const nonces = [first, second].map(({ socket }) => socket.payloadOf<{ nonce: string }>(0).nonce)
    assert.match(nonces[0] ?? '', /^[0-9a-f-]{36}$/)
    assert.notEqual(nonces[0], nonces[1])
    assert.equal(first.socket.payloadOf<{ ts: number }>(0).ts, 1_900_000_000_000)
    assert.deepEqual(first.deadline.story, ['hold', 'enter connect'])
    assert.equal(first.socket.frames[0]?.seq, undefined)
  })

  test('waits for its turn without losing time of its own', () => {
    const setting = new Setting({ maxOutstanding: 1 })
    const [first, second] = [setting.connect(), setting.connect()]
    assert.deepEqual(second.deadline.story, ['hold'])
    assert.deepEqual(second.socket.frames, [])
    first.socket.holder.onClose(1006, '')
    assert.equal(second.socket.frames.length, 1)
    assert.equal(setting.admission.pendingCount, 1)
  })

  test('that gave up while waiting gives its place to the next', () => {
    const setting = new Setting({ maxOutstanding: 1 })
    const [first, second, third] = [setting.connect(), setting.connect(), setting.connect()]
    second.socket.holder.onClose(1006, '')
    assert.equal(setting.pacer.waitingCount, 1, 'it is no waiting work any more')
    first.socket.holder.onClose(1006, '')
    assert.equal(second.socket.frames.length, 0)
    assert.equal(third.socket.frames.length, 1)
    assert.equal(setting.pacer.outstandingCount, 1)
  })

  test('that is closing when its turn comes is not challenged, and takes no turn', () => {
    const setting = new Setting({ maxOutstanding: 1 })
    const [first, second] = [setting.connect(), setting.connect()]
    second.socket.isOpen = false
    first.socket.holder.onClose(1006, '')
    assert.deepEqual(second.socket.frames, [])
    assert.equal(setting.pacer.outstandingCount, 0)
  })
})

describe('a good connect', () => {
  test('is answered with hello before anybody hears of the peer, and the link is handed over', async () => {
    const setting = new Setting()
    const { socket, deadline, released } = setting.connect()
    setting.onAdmitted = () => socket.story.push('announced')
    socket.holder.onText(CONNECT)
    await turns(1)
    assert.deepEqual(socket.story, ['connect.challenge', 'hello-ok', 'announced', 'handed over'])
    assert.equal(socket.frames[1]?.id, 'c1')
    assert.equal(deadline.story.at(-1), 'finish')
    assert.equal(released.count, 1)
    assert.deepEqual([setting.admission.pendingCount, setting.pacer.outstandingCount], [0, 0])
    assert.deepEqual(setting.failures, [])
    const peer = setting.admitted[0]?.peer
    assert.deepEqual(
      [peer?.identity.role, peer?.identity.scopes, peer?.identity.authMethod],
      ['operator', ['operator.read'], 'token'],
    )
    assert.ok(peer?.identity.caps.has('tool-events'))
  })

  test('of a node shows it nobody else, whatever it asked for', async () => {
    const setting = new Setting()
    setting.verdict = () => next(authorised({ role: 'node', grantedScopes: ['operator.read'] }))
    const { socket } = setting.connect()
    socket.holder.onText(CONNECT)
    await turns(1)
    const { snapshot } = socket.payloadOf<{ snapshot: { presence: unknown[] } }>(1)
    assert.deepEqual(snapshot.presence, [])
  })

  test('of a device token names the device as the caller; of a shared secret only as the device', async () => {
    for (const [method, callerDeviceId] of [
      ['device-token', 'd1'],
      ['token', undefined],
    ] as const) {
      const setting = new Setting()
      setting.verdict = () => next(authorised({ method, device: { deviceId: 'd1', publicKey: 'k' } }))
      const { socket } = setting.connect()
      socket.holder.onText(CONNECT)
      await turns(1)
      const identity = setting.admitted[0]?.peer.identity
      assert.deepEqual([identity?.deviceId, identity?.callerDeviceId], ['d1', callerDeviceId])
    }
  })

  test('is judged after the reads of its turn: whoever hung up meanwhile costs no judgement', async () => {
    const setting = new Setting()
    const [gone, closing, here] = [setting.connect(), setting.connect(), setting.connect()]
    for (const { socket } of [gone, closing, here]) socket.holder.onText(CONNECT)
    gone.socket.holder.onClose(1001, '')
    closing.socket.isOpen = false
    await turns(1)
    assert.equal(setting.judged.length, 1)
    assert.equal(setting.admitted.length, 1)
    closing.socket.holder.onClose(1006, '')
    assert.deepEqual([setting.admission.pendingCount, setting.pacer.outstandingCount], [0, 0])
  })
})

describe('frames that come early', () => {
  test('behind connect are kept and run after hello, in order', async () => {
    const setting = new Setting()
    const { socket } = setting.connect()
    socket.holder.onText(CONNECT)
    for (let frame = 1; frame <= LIMITS.pipelinedFrames; frame += 1) socket.holder.onText(request(`p${frame}`))
    await turns(1)
    assert.deepEqual(
      setting.admitted[0]?.texts,
      Array.from({ length: LIMITS.pipelinedFrames }, (_, index) => request(`p${index + 1}`)),
    )
    assert.equal(setting.judged.length, 1)
  })

  test('beyond the fifteenth close the connection', async () => {
    const setting = new Setting()
    const { socket } = setting.connect()
    socket.holder.onText(CONNECT)
    for (let frame = 0; frame <= LIMITS.pipelinedFrames; frame += 1) socket.holder.onText(request(`p${frame}`))
    await turns(1)
    assert.deepEqual(socket.closes, [{ code: 1008, reason: 'too many pending handshake frames' }])
    assert.deepEqual([setting.admitted, setting.judged], [[], []])
    assert.deepEqual([setting.failures[0]?.cause, setting.admission.pendingCount], ['pipeline-overflow', 0])
  })

  test('before the challenge wait for it: nobody jumps the queue', async () => {
    const setting = new Setting({ maxOutstanding: 1 })
    const [first, second] = [setting.connect(), setting.connect()]
    second.socket.holder.onText(CONNECT)
    second.socket.holder.onText(request('p1'))
    await turns(1)
    assert.deepEqual([setting.judged.length, second.socket.frames.length], [0, 0])
    first.socket.holder.onClose(1006, '')
    await turns(1)
    assert.deepEqual(second.socket.story, ['connect.challenge', 'hello-ok', 'handed over'])
    assert.deepEqual(setting.admitted[0]?.texts, [request('p1')])
  })

  test('behind a connect that is refused are dropped', async () => {
    const setting = new Setting()
    setting.verdict = () => refuse('AUTH_TOKEN_MISMATCH')
    const { socket } = setting.connect()
    socket.holder.onText(CONNECT)
    socket.holder.onText(request('p1'))
    await turns(1)
    socket.holder.onText(request('p2'))
    assert.deepEqual(socket.story, ['connect.challenge', 'refusal', 'close 1008'])
  })
})

describe('a refusal', () => {
  test('is complete: answered with its id, then closed with the same words, and recorded', async () => {
    const setting = new Setting()
    setting.verdict = () => refuse('PAIRING_REQUIRED', { nextCommand: 'breakwater devices approve r1' })
    const { socket, deadline, released } = setting.connect()
    setting.nowMs += 250
    socket.holder.onText(CONNECT)
    await turns(1)
    assert.equal(socket.frames[1]?.id, 'c1')
    const { error } = socket
    assert.deepEqual([error?.code, error?.message, error?.retryable], ['NOT_PAIRED', 'pairing required', false])
    assert.deepEqual(error?.details, {
      code: 'PAIRING_REQUIRED',
      nextCommand: 'breakwater devices approve r1',
      recovery: 'pair',
    })
    assert.deepEqual(socket.closes, [{ code: 1008, reason: 'pairing required' }])
    assert.equal(deadline.story.at(-1), 'finish')
    assert.equal(released.count, 0, 'the stranger’s bytes stay counted until the socket is gone')
    const { handshakeMs, durationMs, ...failure } = setting.failures[0] ?? assert.fail('not recorded')
    assert.deepEqual([handshakeMs, durationMs], [250, 350])
    assert.deepEqual(failure, {
      connId: 'conn-1',
      cause: 'PAIRING_REQUIRED',
      phase: 'connect',
      remote: '127.0.0.1',
      host: '127.0.0.1:18789',
      fwd: '1.2.3.4',
      origin: undefined,
      ua: 'test',
      code: 1008,
      reason: 'pairing required',
    })
  })

  test('may close with another code and other words, and of what is no request without an answer', async () => {
    const setting = new Setting()
    const verdicts = [
      refuse('PROTOCOL_MISMATCH'),
      refuse('INVALID_HANDSHAKE', {}, { closeReason: 'invalid request frame', isAnswered: false }),
    ]
    const closes = []
    for (const verdict of verdicts) {
      setting.verdict = () => verdict
      const { socket } = setting.connect()
      socket.holder.onText('no json')
      await turns(1)
      closes.push([socket.frames.length - 1, socket.closes[0]?.code, socket.closes[0]?.reason])
    }
    assert.deepEqual(closes, [
      [1, 1002, 'protocol mismatch'],
      [0, 1008, 'invalid request frame'],
    ])
  })

  test('answers a frame without a readable id all the same', async () => {
    const setting = new Setting()
    setting.verdict = () => refuse('INVALID_HANDSHAKE')
    const { socket } = setting.connect()
    socket.holder.onText('{"type":"req","method":"x"}')
    await turns(1)
    assert.equal(socket.frames[1]?.id, 'invalid')
  })
})

describe('a gateway that has too much to do', () => {
  const overloaded = () => {
    const setting = new Setting({ maxOutstanding: 1, maxWaitingWorkMs: 0 })
    setting.connect()
    setting.connect()
    return setting
  }

  test('sends newcomers away in the one way stock clients obey', async () => {
    const setting = overloaded()
    const { socket, deadline } = setting.connect()
    assert.equal(socket.frames[0]?.event, 'connect.challenge', 'they speak only when challenged')
    assert.equal(deadline.leg, 'connect')
    socket.holder.onText(CONNECT)
    const { error } = socket
    assert.ok(isRetryableGatewayStartupUnavailableError(error))
    assert.deepEqual([error?.code, error?.retryable, error?.details.reason], ['UNAVAILABLE', true, 'startup-sidecars'])
    assert.deepEqual([error?.details.cause, error?.details.recovery], ['overload', 'wait'])
    assert.equal(resolveGatewayStartupRetryAfterMs(error), error?.retryAfterMs)
    assert.deepEqual(socket.closes, [{ code: 1013, reason: 'gateway starting' }])
    assert.deepEqual(setting.judged, [], 'without looking at what they presented')
    assert.equal(setting.failures[0]?.cause, 'GATEWAY_STARTING')
  })

  test('spreads their return over two seconds and never names more', () => {
    const hints = [0, 0.25, 0.5, 0.75, 1].map((random) => {
      const setting = overloaded()
      setting.random = random
      const { socket } = setting.connect()
      socket.holder.onText(CONNECT)
      return socket.error?.retryAfterMs ?? Number.NaN
    })
    assert.deepEqual(hints, [200, 650, 1_100, 1_550, 2_000])
  })

  test('keeps those that wait already', () => {
    const setting = overloaded()
    assert.deepEqual([setting.pacer.waitingCount, setting.pacer.outstandingCount], [1, 1])
  })
})

describe('a gateway that stops', () => {
  test('says so, and that it will be back', () => {
    const setting = new Setting()
    const { socket } = setting.connect()
    setting.isStopping = true
    socket.holder.onText(CONNECT)
    const { error } = socket
    assert.deepEqual(
      [error?.code, error?.retryable, error?.details.reason],
      ['UNAVAILABLE', true, 'gateway-restarting'],
    )
    assert.deepEqual(socket.closes, [{ code: 1013, reason: 'gateway restart in progress' }])
    assert.deepEqual(setting.judged, [])
  })
})

describe('a deadline that passed', () => {
  test('closes with the leg and its time in the reason, and records it', () => {
    const setting = new Setting()
    const { socket, handshake } = setting.connect()
    handshake.expire('connect', 10_000)
    assert.deepEqual(socket.closes, [{ code: 1008, reason: 'handshake timeout (connect, 10000 ms)' }])
    assert.deepEqual([setting.failures[0]?.cause, setting.failures[0]?.phase], ['handshake-timeout', 'connect'])
    assert.equal(setting.pacer.outstandingCount, 0)
  })
})

describe('a stranger that sends too much', () => {
  test('is closed, and nothing more of it is read', () => {
    const setting = new Setting()
    const { socket, handshake } = setting.connect()
    handshake.overflow()
    assert.deepEqual(socket.closes, [{ code: 1009, reason: 'preauth payload too large (65536 bytes)' }])
    assert.deepEqual(socket.readings, [false])
    assert.equal(setting.failures[0]?.cause, 'preauth-overflow')
  })

  test('after its refusal is cut at once', async () => {
    const setting = new Setting()
    setting.verdict = () => refuse('AUTH_TOKEN_MISMATCH')
    const { socket, handshake } = setting.connect()
    socket.holder.onText(CONNECT)
    await turns(1)
    handshake.overflow()
    assert.equal(socket.terminatedCount, 1)
    assert.equal(setting.failures.length, 1)
  })
})

describe('a verdict that waits for the disk', () => {
  const pending = () => {
    const setting = new Setting()
    const verdict = Promise.withResolvers<Verdict<Authorised>>()
    setting.verdict = () => verdict.promise
    return { setting, verdict, connection: setting.connect() }
  }

  test('holds the peer’s time until it is there, and keeps what the peer sends meanwhile', async () => {
    const { setting, verdict, connection } = pending()
    const { socket, deadline } = connection
    socket.holder.onText(CONNECT)
    await turns(1)
    assert.equal(deadline.story.at(-1), 'hold')
    socket.holder.onText(request('p1'))
    verdict.resolve(next(authorised()))
    await turns(1)
    assert.deepEqual(socket.story, ['connect.challenge', 'hello-ok', 'handed over'])
    assert.deepEqual(setting.admitted[0]?.texts, [request('p1')])
    assert.equal(deadline.story.at(-1), 'finish')
  })

  test('that came in time is the last word', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { setting, verdict, connection } = pending()
    connection.socket.holder.onText(CONNECT)
    await turns(1)
    verdict.resolve(next(authorised()))
    await turns(1)
    t.mock.timers.tick(60_000)
    assert.deepEqual(connection.socket.story, ['connect.challenge', 'hello-ok', 'handed over'])
    assert.deepEqual(setting.failures, [])
  })

  for (const [name, settle] of [
    ['a hello', (verdict: PromiseWithResolvers<Verdict<Authorised>>) => verdict.resolve(next(authorised()))],
    ['a refusal', (verdict: PromiseWithResolvers<Verdict<Authorised>>) => verdict.resolve(refuse('INVALID_ROLE'))],
  ] as const) {
    test(`changes nothing when the peer has gone before it: ${name}`, async () => {
      const { setting, verdict, connection } = pending()
      connection.socket.holder.onText(CONNECT)
      await turns(1)
      connection.socket.holder.onClose(1001, 'tired')
      settle(verdict)
      await turns(1)
      assert.deepEqual(connection.socket.story, ['connect.challenge'])
      assert.deepEqual(setting.admitted, [])
      assert.deepEqual(
        setting.failures.map(({ cause, reason }) => [cause, reason]),
        [['peer-closed', 'tired']],
      )
      assert.deepEqual([setting.admission.pendingCount, setting.pacer.outstandingCount], [0, 0])
    })
  }

  test('that does not come is answered in time for stock clients to hear it; what comes later changes nothing', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { setting, verdict, connection } = pending()
    connection.socket.holder.onText(CONNECT)
    await turns(1)
    t.mock.timers.tick(9_999)
    assert.deepEqual(connection.socket.closes, [])
    t.mock.timers.tick(1)
    const { error } = connection.socket
    assert.ok(isRetryableGatewayStartupUnavailableError(error))
    assert.equal(error?.details.cause, 'storage-slow')
    verdict.resolve(next(authorised()))
    await turns(1)
    assert.deepEqual(setting.admitted, [])
    assert.equal(connection.socket.closes.length, 1)
  })

  test('that a full queue refused is overload, not a fault', async () => {
    const { setting, verdict, connection } = pending()
    connection.socket.holder.onText(CONNECT)
    await turns(1)
    verdict.reject(new StoreFault('STORE_BUSY'))
    await turns(1)
    assert.ok(isRetryableGatewayStartupUnavailableError(connection.socket.error))
    assert.equal(connection.socket.error?.details.cause, 'storage-busy')
    assert.deepEqual(setting.faults, [])
  })
})

describe('a fault of the gateway', () => {
  for (const [name, fail] of [
    [
      'that the pipeline throws',
      () => {
        throw new Error('hunter2')
      },
    ],
    ['that the disk reports', () => Promise.reject(new StoreFault('STORE_IO', 'hunter2'))],
  ] as const) {
    test(`${name} is answered without its words, closed 1011, logged, and never thrown`, async () => {
      const setting = new Setting()
      setting.verdict = fail
      const { socket } = setting.connect()
      socket.holder.onText(CONNECT)
      await turns(2)
      const { error } = socket
      assert.deepEqual([error?.code, error?.retryable, error?.details.recovery], ['UNAVAILABLE', false, 'none'])
      assert.ok(!JSON.stringify(socket.frames).includes('hunter2'))
      assert.equal(socket.closes[0]?.code, 1011)
      assert.equal(setting.faults[0]?.correlationId, error?.details.correlationId)
      assert.deepEqual([setting.admission.pendingCount, setting.pacer.outstandingCount], [0, 0])
    })
  }

  test('after hello closes the connection instead of leaving it half-way', async () => {
    const setting = new Setting()
    setting.onAdmitted = () => {
      throw new Error('bug')
    }
    const { socket } = setting.connect()
    socket.holder.onText(CONNECT)
    await turns(1)
    assert.deepEqual(socket.story, ['connect.challenge', 'hello-ok', 'close 1011'])
    assert.equal(setting.faults.length, 1)
  })
})

describe('once it is settled', () => {
  const settled = async () => {
    const setting = new Setting()
    setting.verdict = () => refuse('AUTH_TOKEN_MISMATCH')
    const connection = setting.connect()
    connection.socket.holder.onText(CONNECT)
    await turns(1)
    return { setting, ...connection }
  }

  test('no late frame, timer, pong or close changes anything', async () => {
    const { setting, socket, handshake } = await settled()
    const story = [...socket.story]
    socket.holder.onText(CONNECT)
    socket.holder.onPong()
    handshake.expire('connect', 3_000)
    socket.holder.onClose(1008, 'x')
    await turns(1)
    assert.deepEqual(socket.story, story)
    assert.equal(setting.failures.length, 1)
    assert.equal(setting.judged.length, 1)
    assert.deepEqual([setting.admission.pendingCount, setting.pacer.outstandingCount], [0, 0])
  })
})

test('what a handshake costs the loop is told to the pacer', async () => {
  const setting = new Setting()
  setting.verdict = () => {
    setting.nowMs += 21
    return next(authorised())
  }
  setting.connect().socket.holder.onText(CONNECT)
  await turns(1)
  assert.equal(setting.pacer.costMs, 2)
})
