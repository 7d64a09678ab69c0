// The load: a child process that performs one job at a time and reports over IPC. It measures latency and counts what
// arrived; the CPU and memory it causes are read from outside, by the process that started it.
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { DialError, dial, hangUp } from './dial.ts'
import type { Answer, Endpoint, Given, JobMessage, JobName, JobOutcome, Latency, Trigger } from './load-jobs.ts'
import { createDevices, type Login, signedLogin, tokenLogin } from './login.ts'
import { percentile } from './statistics.ts'

const CROWD_LIMIT_MS = 60_000
const BACKOFF_BASE_MS = 1_000
const BACKOFF_CAP_MS = 30_000
const HINT_RANGE_MS = [100, 2_000] as const
/** Events may still be on their way when the last trigger is answered: wait until this long without any. */
const QUIET_MS = 500

const held: WebSocket[] = []

const jobs: { [N in JobName]: (endpoint: Endpoint, given: Given<N>) => Promise<Answer<N>> } = {
  'measure-frames': measureFrames,
  handshakes: handshake,
  crowd,
  rpc: callPresence,
  hold,
  'fan-out': fanOut,
  release,
}

async function handshake({ url, token }: Endpoint, { count, concurrency, devices }: Given<'handshakes'>) {
  const logins: Login[] = devices
    ? createDevices(devices.seed, devices.count).map((device) => signedLogin(token, device))
    : [tokenLogin(token)]
  const latenciesMs: number[] = []
  await inParallel(count, concurrency, async (index) => {
    const startedAt = performance.now()
    const socket = await dial(url, logins[index % logins.length] as Login)
    latenciesMs.push(performance.now() - startedAt)
    await hangUp(socket)
  })
  return toLatency(latenciesMs)
}

async function crowd({ url, token }: Endpoint, { count }: Given<'crowd'>) {
  const login = tokenLogin(token)
  const startedAt = performance.now()
  let failedAttempts = 0
  const enter = async (): Promise<WebSocket> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await dial(url, login)
      } catch (error) {
        if (!(error instanceof DialError)) throw error
        failedAttempts += 1
        if (performance.now() - startedAt > CROWD_LIMIT_MS) throw new Error(`not in after 60 s: ${error.message}`)
        await sleep(stockBackoffMs(attempt, error.retryAfterMs))
      }
    }
  }
  const sockets = await Promise.all(Array.from({ length: count }, enter))
  const totalMs = performance.now() - startedAt
  await Promise.all(sockets.map(hangUp))
  return { failedAttempts, totalMs }
}

/** What the published client does: 1, 2, 4 .. 30 s without jitter, unless the server says it is still starting. */
function stockBackoffMs(attempt: number, hintMs: number | undefined): number {
  if (hintMs !== undefined) return Math.min(Math.max(hintMs, HINT_RANGE_MS[0]), HINT_RANGE_MS[1])
  return Math.min(BACKOFF_BASE_MS * 2 ** attempt, BACKOFF_CAP_MS)
}

async function callPresence({ url, token }: Endpoint, { count, inFlight }: Given<'rpc'>) {
  const socket = await dial(url, tokenLogin(token))
  const call = caller(socket)
  const latenciesMs: number[] = []
  await inParallel(count, inFlight, async () => {
    const startedAt = performance.now()
    await call('system-presence', {})
    latenciesMs.push(performance.now() - startedAt)
  })
  await hangUp(socket)
  return toLatency(latenciesMs)
}

async function hold({ url, token }: Endpoint, { count, concurrency }: Given<'hold'>) {
  const login = tokenLogin(token)
  await inParallel(count, concurrency, async () => {
    held.push(await dial(url, login))
  })
  return { held: held.length }
}

async function fanOut({ url, token }: Endpoint, { triggers, trigger }: Given<'fan-out'>) {
  const mark = eventMark(trigger)
  let delivered = 0
  const count = (data: Buffer) => {
    if (data.includes(mark)) delivered += 1
  }
  for (const socket of held) socket.on('message', count)
  const source = await dial(url, tokenLogin(token))
  const call = caller(source)
  for (let sent = 0; sent < triggers; sent += 1) await call(trigger.method, trigger.params)
  for (let seen = -1; delivered < triggers * held.length && seen !== delivered; ) {
    seen = delivered
    await sleep(QUIET_MS)
  }
  for (const socket of held) socket.off('message', count)
  await hangUp(source)
  return { delivered }
}

async function measureFrames({ url, token }: Endpoint, { trigger }: Given<'measure-frames'>) {
  const socket = await dial(url, tokenLogin(token))
  const call = caller(socket)
  const rpcFrame = await call('system-presence', {})
  const event = Promise.withResolvers<Buffer>()
  socket.on('message', (data: Buffer) => {
    if (data.includes(eventMark(trigger))) event.resolve(data)
  })
  await call(trigger.method, trigger.params)
  const frame = await Promise.race([event.promise, sleep(QUIET_MS)])
  await hangUp(socket)
  if (frame === undefined) throw new Error(`${trigger.method} was answered but sent no ${trigger.event} event`)
  return { rpcBytes: rpcFrame.length, eventBytes: frame.length }
}

async function release() {
  const sockets = held.splice(0)
  const lost = sockets.filter((socket) => socket.readyState !== WebSocket.OPEN).length
  await Promise.all(sockets.map(hangUp))
  if (lost > 0) throw new Error(`the server closed ${lost} of ${sockets.length} idle connections`)
  return {}
}

/** Sends requests over one socket and resolves each with the frame that answered it; rejects on an error response. */
function caller(socket: WebSocket): (method: string, params: object) => Promise<Buffer> {
  const pending = new Map<string, PromiseWithResolvers<Buffer>>()
  let lastId = 0
  socket.on('message', (data: Buffer) => {
    const { type, id, ok, error } = JSON.parse(data.toString())
    if (type !== 'res') return
    const waiting = pending.get(id)
    pending.delete(id)
    if (ok) waiting?.resolve(data)
    else waiting?.reject(new Error(error?.message ?? 'refused without a message'))
  })
  socket.on('close', (code) => {
    for (const waiting of pending.values()) waiting.reject(new Error(`closed ${code} while a call was waiting`))
  })
  return (method, params) => {
    const id = String(++lastId)
    const waiting = Promise.withResolvers<Buffer>()
    pending.set(id, waiting)
    socket.send(JSON.stringify({ type: 'req', id, method, params }))
    return waiting.promise
  }
}

async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, lane))
}

function eventMark(trigger: Trigger): string {
  return `"event":"${trigger.event}"`
}

function toLatency(latenciesMs: number[]): Latency {
  return {
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    maxMs: percentile(latenciesMs, 100),
  }
}

async function perform<N extends JobName>({ name, endpoint, given }: JobMessage<N>): Promise<JobOutcome> {
  try {
    return { answer: await jobs[name](endpoint, given) }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) }
  }
}

process.on('message', async (message: JobMessage) => {
  const outcome = await perform(message)
  process.send?.(outcome)
})
// Without the process that asked there is nobody to report to.
process.on('disconnect', () => process.exit(0))
