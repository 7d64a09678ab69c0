// Reads why an HTTP server refused the WebSocket upgrade: status, retry hint and the start of its body, within bounds.

import type { IncomingMessage } from 'node:http'
import { isRecord } from '@breakwater/protocol'
import { ClientError, foreignText, type UpgradeRejection } from '../errors.ts'
import { type GatewayEndpoint, redactUrl } from '../url.ts'

/** What is read of a refusal's body at most. */
export const MAX_BODY_BYTES = 2_048
export const MAX_BODY_WAIT_MS = 1_000

/** Resolves with UPGRADE_REJECTED; never rejects. The response is destroyed. */
export async function readUpgradeRejection(response: IncomingMessage, endpoint: GatewayEndpoint): Promise<ClientError> {
  const body = await readStart(response)
  const { statusCode: httpStatus = 0, headers } = response
  const { type, message } = readBody(body)
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
  const upgrade: UpgradeRejection = {
    httpStatus,
    ...(type === undefined ? {} : { type }),
    ...(message === undefined ? {} : { message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(headers.location === undefined ? {} : { location: redactUrl(headers.location) }),
  }
  const text = [`${endpoint.label}: HTTP ${httpStatus} instead of a WebSocket`, type, message]
  return new ClientError('UPGRADE_REJECTED', text.filter((part) => part !== undefined).join(': '), { upgrade })
}

/** The first bytes of the body; whatever arrived when it ends, errs, is too long or takes too long. */
async function readStart(response: IncomingMessage): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const chunks: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(resolve, MAX_BODY_WAIT_MS)
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= MAX_BODY_BYTES) resolve()
  })
  for (const event of ['end', 'error', 'close']) response.once(event, () => resolve())
  await promise
  clearTimeout(timer)
  response.destroy()
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8')
}

/** `{"error":{"type","message"}}`, or plain text as the message. */
function readBody(body: string): { type?: string; message?: string } {
  try {
    const value: unknown = JSON.parse(body)
    const error = isRecord(value) && isRecord(value.error) ? value.error : undefined
    if (error === undefined) return {}
    return {
      ...(typeof error.type === 'string' ? { type: foreignText(error.type) } : {}),
      ...(typeof error.message === 'string' ? { message: foreignText(error.message) } : {}),
    }
  } catch {
    const text = foreignText(body)
    return text === '' || text.startsWith('<') ? {} : { message: text }
  }
}

/** `Retry-After` in milliseconds, from seconds or an HTTP date; undefined when it is neither. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header.trim()) * 1_000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}
