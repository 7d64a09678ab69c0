// Refusals that several methods share, in the wire's words. One function per reason, so that the same mistake always
// gets the same answer. What a code means to a client stands in the protocol's error table.

import { WireError } from '@breakwater/protocol'

/** Identifiers in messages are cut: a message must stay readable whatever a caller sent. */
const SHOWN_CHARS = 128

const shown = (text: string): string => text.slice(0, SHOWN_CHARS)

export const unknownNode = (): WireError =>
  new WireError('INVALID_PARAMS', { message: 'unknown nodeId', nextCommand: 'breakwater nodes list' })

export const unknownAgent = (agentId: string): WireError =>
  new WireError('INVALID_PARAMS', {
    message: `unknown agent id "${shown(agentId)}"`,
    details: { code: 'UNKNOWN_AGENT_ID', agentId: shown(agentId) },
    nextCommand: 'breakwater agents list',
  })

export const cronJobNotFound = (jobId: string): WireError =>
  new WireError('INVALID_PARAMS', {
    message: `cron job not found: ${shown(jobId)}. List the jobs and retry with a current id.`,
    details: { code: 'CRON_JOB_NOT_FOUND', jobId: shown(jobId) },
    nextCommand: 'breakwater cron list --all',
  })

export const sessionNotFound = (reference: string): WireError =>
  new WireError('INVALID_PARAMS', {
    message: `No session found: ${shown(reference)}`,
    nextCommand: 'breakwater sessions list',
  })

/** Methods about "me" need a person behind the connection; a shared secret names none. */
export const userRequired = (method: string): WireError =>
  new WireError({
    code: 'FORBIDDEN',
    message: `${method} requires an authenticated user`,
    details: { reason: 'no-user-profile', recovery: 'none' },
    retryable: false,
  })

export const missingScope = (scope: string): WireError =>
  new WireError('MISSING_SCOPE', {
    message: `missing scope: ${scope}`,
    details: { missingScope: scope, requiredScopes: [scope] },
    nextCommand: 'breakwater devices list',
  })

export const tooManySubscriptions = (limit: number): WireError =>
  new WireError('RATE_LIMITED', {
    message: `this connection follows ${limit} sessions already; unsubscribe from one first`,
    details: { limit },
    retryAfterMs: 1_000,
  })
