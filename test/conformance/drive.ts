// Plays one case against a gateway and notes what came back. Judges nothing: what should have come is `compare.ts`' affair.

import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectParams } from '@breakwater/protocol'
import { type Closed, type Frame, RawClient, TestDevice, UpgradeRefused } from '@breakwater/testkit'
import {
  type ConnectCase,
  DEVICE_TOKEN,
  type DeviceTemplate,
  type FollowUp,
  OWN_ORIGIN,
  type Preparation,
  SECRET,
} from './case.ts'

/** Where a case is played, and the secret that opens it. */
export interface Place {
  readonly url: string
  readonly secret: string
}

export interface Observation {
  readonly http?: HttpAnswer
  /** The response to connect. */
  readonly connect?: Frame
  /** Responses after it. */
  readonly answers: readonly Frame[]
  readonly close?: Closed
}

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Longest wait for one answer: gateways may slow guessers down by 5 s. */
const WAIT_MS = 15_000
const PING_EVERY_MS = 100

interface Prepared {
  device?: TestDevice
  deviceToken?: string
}

export async function drive(connectCase: ConnectCase, place: Place): Promise<Observation> {
  const prepared: Prepared = {}
  for (const preparation of connectCase.prepare ?? []) await prepare(preparation, place, prepared)
  const { send } = connectCase
  if (send.kind === 'bytes') return { answers: [], ...(await exchangeBytes(place.url, send.text)) }
  const crowd = send.kind === 'crowd' ? await gather(send.silent, connectCase, place) : []
  try {
    await using client = await RawClient.open(place.url, { headers: headersFor(connectCase, place) })
    return await converse(client, connectCase, place, prepared)
  } catch (error) {
    if (!(error instanceof UpgradeRefused)) throw error
    const { status, headers, body } = error
    return { answers: [], http: { status, contentType: String(headers['content-type']), body } }
  } finally {
    for (const client of crowd) await client[Symbol.asyncDispose]()
  }
}

async function converse(
  client: RawClient,
  connectCase: ConnectCase,
  place: Place,
  prepared: Prepared,
): Promise<Observation> {
  const { send } = connectCase
  const challenge = await client.challenge()
  if (send.kind === 'connect') {
    const params = connectParams(send.params, place, prepared, send.device, challenge)
    const text = padded(connectFrame(params), send.bytes)
    const behind = (send.behind ?? []).map((method, index) => JSON.stringify({ type: 'req', id: `b${index}`, method }))
    for (const message of [send.as === 'binary' ? Buffer.from(text) : text, ...behind]) client.send(message)
  } else if (send.kind === 'crowd') {
    client.send(connectFrame(connectParams(send.params, place, prepared, undefined, challenge)))
  } else if (send.kind === 'messages') {
    for (const message of send.messages) {
      if (send.isText) client.socket.send(message as Buffer, { binary: false })
      else client.send(fill(message, place, prepared))
    }
  } else if (send.kind === 'silence' && send.pings) {
    const timer = setInterval(() => client.socket.ping(), PING_EVERY_MS)
    void client.closed.then(() => clearInterval(timer))
  }
  const response = await settled(client, () => responses(client)[0])
  if (response?.ok !== true) return observation(client, response, await closeWithin(client))
  const behind = send.kind === 'connect' ? (send.behind?.length ?? 0) : 0
  if (behind > 0) await settled(client, () => (responses(client).length > behind ? true : undefined))
  for (const followUp of connectCase.followUps ?? []) await follow(client, followUp, place, prepared)
  return observation(client, response, await stillOpen(client))
}

const connectFrame = (params: unknown): string => JSON.stringify({ type: 'req', id: '1', method: 'connect', params })

const responses = (client: RawClient): Frame[] => client.frames.filter(({ type }) => type === 'res')

function observation(client: RawClient, response: Frame | undefined, close: Closed | undefined): Observation {
  return {
    answers: responses(client).slice(1),
    ...(response === undefined ? {} : { connect: response }),
    ...(close === undefined ? {} : { close }),
  }
}

/** What `find` finds first, or undefined once the connection has ended or nothing came in time. */
async function settled<Value>(client: RawClient, find: () => Value | undefined): Promise<Value | undefined> {
  let isOver = false
  void client.closed.then(() => {
    isOver = true
  })
  const deadline = performance.now() + WAIT_MS
  while (find() === undefined && !isOver && performance.now() < deadline) {
    await Promise.race([
      client.closed,
      once(client.socket, 'message'),
      delay(deadline - performance.now(), undefined, { ref: false }),
    ])
  }
  return find()
}

async function closeWithin(client: RawClient): Promise<Closed | undefined> {
  return await Promise.race([client.closed, delay(WAIT_MS, undefined, { ref: false })])
}

/** A ping goes around: whatever the gateway had sent before, a close included, has arrived by then. */
async function stillOpen(client: RawClient): Promise<Closed | undefined> {
  if (client.socket.readyState === client.socket.OPEN) client.socket.ping()
  const isHere = await Promise.race([
    client.closed,
    once(client.socket, 'pong'),
    delay(WAIT_MS, 'silent', { ref: false }),
  ])
  return isHere === 'silent' || Array.isArray(isHere) ? undefined : (isHere as Closed)
}

async function follow(
  client: RawClient,
  { method, params, message, times = 1, bytes }: FollowUp,
  place: Place,
  prepared: Prepared,
): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    const before = responses(client).length
    if (client.socket.readyState !== client.socket.OPEN) return
    if (bytes !== undefined) {
      client.send(
        padded(JSON.stringify({ type: 'req', id: 'big', method: 'health', params: { userAgent: '' } }), bytes),
      )
      await closeWithin(client)
    } else if (method === undefined) {
      client.send(fill(message, place, prepared))
      if (typeof message !== 'string') await settled(client, () => responses(client)[before])
    } else {
      const id = `f${before}`
      client.send(fill({ type: 'req', id, method, ...(params === undefined ? {} : { params }) }, place, prepared))
      await settled(client, () => responses(client).find((frame) => frame.id === id))
    }
  }
}

/** The text of a frame with its `userAgent` lengthened to `bytes` in all. */
function padded(text: string, bytes: number | undefined): string {
  if (bytes === undefined) return text
  const frame = JSON.parse(text) as { params: Record<string, unknown> }
  frame.params.userAgent = ''
  frame.params.userAgent = 'a'.repeat(bytes - JSON.stringify(frame).length)
  return JSON.stringify(frame)
}

function connectParams(
  template: unknown,
  place: Place,
  prepared: Prepared,
  device: DeviceTemplate | undefined,
  challenge: { nonce: string; ts: number },
): ConnectParams {
  const params = fill(template, place, prepared) as ConnectParams
  if (device === undefined) return params
  const signer = device.key === 'prepared' ? prepared.device : new TestDevice()
  if (signer === undefined) throw new Error('the case has no preparation with a device')
  return signer.sign(params, challenge, { ...device, signedAtMs: challenge.ts + (device.signedAtOffsetMs ?? 0) })
}

/** Puts the secret and the prepared token where the case names them. */
function fill(value: unknown, place: Place, prepared: Prepared): unknown {
  if (value === SECRET) return place.secret
  if (value === DEVICE_TOKEN) return prepared.deviceToken
  if (Array.isArray(value)) return value.map((item) => fill(item, place, prepared))
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, place, prepared)]))
}

async function prepare(
  { params, device, refused, times = 1, headers = {} }: Preparation,
  place: Place,
  prepared: Prepared,
): Promise<void> {
  if (device) prepared.device = new TestDevice()
  for (let turn = 0; turn < times; turn += 1) {
    await using client = await RawClient.open(place.url, { headers })
    const response = await client.connect((challenge) =>
      connectParams(params, place, prepared, device ? { key: 'prepared' } : undefined, challenge),
    )
    if (response.ok !== !refused) throw new Error(`preparation went wrong: ${JSON.stringify(response)}`)
    if (response.ok) prepared.deviceToken = response.payload.auth.deviceToken
    else await client.closed
  }
}

const headersFor = ({ headers = {} }: ConnectCase, { url }: Place): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value === OWN_ORIGIN ? url.replace(/^ws/, 'http') : value]),
  )

async function gather(count: number, connectCase: ConnectCase, place: Place): Promise<RawClient[]> {
  const crowd: RawClient[] = []
  for (let index = 0; index < count; index += 1) {
    const client = await RawClient.open(place.url, { headers: headersFor(connectCase, place) })
    await client.challenge()
    crowd.push(client)
  }
  return crowd
}

/** Writes bytes to a bare socket and reads what HTTP says to them. */
async function exchangeBytes(url: string, text: string): Promise<{ http?: HttpAnswer }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk
  })
  socket.write(text)
  await Promise.race([once(socket, 'close'), delay(WAIT_MS, undefined, { ref: false })])
  socket.destroy()
  const [head = '', body = ''] = received.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  const contentType = /^content-type: (.*)$/im.exec(head)?.[1] ?? ''
  return Number.isNaN(status) ? {} : { http: { status, contentType, body } }
}
