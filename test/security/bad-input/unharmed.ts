// What must hold after every attack: the gateway answers those who ask for its health, and takes in a good client.
// Also the form every refusal has, over HTTP and over the wire.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { connect as connectTls } from 'node:tls'
import type { WireErrorShape } from '@breakwater/protocol'
import { cliConnect, connectRaw, TEST_TOKEN } from '@breakwater/testkit'
import { type WireAnswer, WireAttempt } from '../wire-attempt.ts'

const ANSWER_MS = 5_000

interface Reachable {
  readonly port: number
  readonly url: string
}

export async function assertUnharmed({ port, url }: Reachable): Promise<void> {
  using attempt = url.startsWith('wss:') ? await dialTls(port) : await WireAttempt.dial(port)
  attempt.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const { http } = await attempt.until(() => attempt.isEnded, ANSWER_MS)
  assert.equal(http?.status, 200)
  assert.deepEqual(JSON.parse(http?.body ?? ''), { ok: true, status: 'live' })
  await using client = await connectRaw(url, cliConnect(TEST_TOKEN))
  const health = await client.request('health')
  assert.equal(health.ok, true)
}

/** A connection that has TLS behind it and HTTP before it. */
export async function dialTls(port: number): Promise<WireAttempt> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return WireAttempt.over(socket)
}

export interface ExpectedHttp {
  readonly status: number
  readonly type: string
  readonly message: RegExp
  /** Absent where nobody can do anything about it but send something else. */
  readonly nextStep?: RegExp
  readonly retryAfter?: string
}

/** The whole refusal: status, headers and a body with exactly the members it should have. */
export function assertHttpRefusal({ http }: WireAnswer, expected: ExpectedHttp): void {
  assert.equal(http?.status, expected.status)
  const headers = new Map(
    http.head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(/: ?/, 2) as [string, string])
      .map(([name, value]) => [name.toLowerCase(), value]),
  )
  assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.equal(headers.get('connection'), 'close')
  assert.equal(headers.get('content-length'), String(Buffer.byteLength(http.body)))
  assert.equal(headers.get('retry-after'), expected.retryAfter)
  const body = JSON.parse(http.body)
  assert.deepEqual(Object.keys(body), ['error'])
  const members = ['type', 'message', ...(expected.nextStep === undefined ? [] : ['nextStep'])]
  assert.deepEqual(Object.keys(body.error), members)
  assert.equal(body.error.type, expected.type)
  assert.match(body.error.message, expected.message)
  if (expected.nextStep !== undefined) assert.match(body.error.nextStep, expected.nextStep)
}

export interface ExpectedError {
  readonly code: string
  readonly detailCode?: string
  readonly message: RegExp
  readonly recovery: string
  readonly retryable: boolean
  readonly nextCommand?: RegExp
  readonly recommendedNextStep?: string
}

/** The whole error of a response: code, sentence, whether retrying helps, and what to do next. */
export function assertWireError(error: WireErrorShape | undefined, expected: ExpectedError): void {
  const details = error?.details as Record<string, unknown> | undefined
  assert.equal(error?.code, expected.code)
  assert.equal(details?.code, expected.detailCode)
  assert.match(error.message, expected.message)
  assert.equal(details?.recovery, expected.recovery)
  assert.equal(error.retryable, expected.retryable)
  assert.equal(details.recommendedNextStep, expected.recommendedNextStep)
  if (expected.nextCommand === undefined) assert.equal(details.nextCommand, undefined)
  else assert.match(String(details.nextCommand), expected.nextCommand)
}

/** Sends the bytes over a connection of its own and resolves with the answer once the server has ended it. */
export async function exchange(port: number, bytes: Buffer | string, waitMs = ANSWER_MS): Promise<WireAnswer> {
  using attempt = await WireAttempt.dial(port)
  attempt.send(bytes)
  const answer = await attempt.until(() => false, waitMs)
  assert.ok(attempt.isEnded, `the server kept the connection open for ${waitMs} ms`)
  return answer
}

/** Open descriptors of a process: what its sockets leave behind. Linux only. */
export const countDescriptors = async (pid: number): Promise<number> => (await readdir(`/proc/${pid}/fd`)).length
