// Connections over bare sockets that have come as far as a test needs them, and what they cost the gateway's process.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { cliConnect, type GatewayProcess, TEST_TOKEN } from '@breakwater/testkit'
import { upgradeRequest, type WireAnswer, WireAttempt, wireFrame } from '../wire-attempt.ts'

export const ANSWER_MS = 5_000
/** What the owner's command line sends first. */
export const CONNECT = JSON.stringify({ type: 'req', id: 'c', method: 'connect', params: cliConnect(TEST_TOKEN) })

/** A connection that has its challenge. */
export async function challenged(port: number): Promise<WireAttempt> {
  const attempt = await WireAttempt.dial(port)
  attempt.send(upgradeRequest(port))
  const { messages } = await attempt.until(({ messages }) => messages.length === 1, ANSWER_MS)
  assert.match(messages[0] ?? '', /connect\.challenge/)
  return attempt
}

/** A connection that has its hello-ok. */
export async function authenticated(port: number): Promise<WireAttempt> {
  const attempt = await challenged(port)
  attempt.send(wireFrame(CONNECT))
  assertGreeted(await attempt.until(({ messages }) => messages.length > 1, ANSWER_MS))
  return attempt
}

export const assertGreeted = ({ messages, close }: WireAnswer): void =>
  assert.match(messages[1] ?? JSON.stringify(close), /"hello-ok"/)

export const isClosed = ({ close }: WireAnswer): boolean => close !== undefined

/** Linux only. */
export async function residentBytes({ pid }: GatewayProcess): Promise<number> {
  const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1])
  return pages * 4_096
}
