// Refusals that several methods share, in the wire's words. One function per reason, so that the same mistake always
// gets the same answer. What a code means to a client stands in the protocol's error table.

import { WireError } from '@breakwater/protocol'

/** Identifiers in messages are cut: a message must stay readable whatever a caller sent. */
const SHOWN_CHARS = 128

const shown = (text: string): string => text.slice(0, SHOWN_CHARS)

export const unknownNode = (): WireError => new WireError('UNKNOWN_NODE_ID', { nextCommand: 'breakwater nodes list' })

export const unknownAgent = (agentId: string): WireError =>
  new WireError('UNKNOWN_AGENT_ID', {
    message: `unknown agent id "${shown(agentId)}"`,
    details: { agentId: shown(agentId) },
    nextCommand: 'breakwater agents list',
  })

export const cronJobNotFound = (jobId: string): WireError =>
  new WireError('CRON_JOB_NOT_FOUND', {
    message: `cron job not found: ${shown(jobId)}. List the jobs and retry with a current id.`,
    details: { jobId: shown(jobId) },
    nextCommand: 'breakwater cron list --all',
  })

export const sessionNotFound = (reference: string): WireError =>
  new WireError('SESSION_NOT_FOUND', {
    message: `No session found: ${shown(reference)}`,
    nextCommand: 'breakwater sessions list',
  })

/** Methods about "me" need a person behind the connection; a shared secret names none. */
export const userRequired = (method: string): WireError =>
  new WireError('USER_REQUIRED', {
    message: `${method} requires an authenticated user`,
    details: { reason: 'no-user-profile' },
  })

export const missingScope = (scope: string): WireError =>
  new WireError('MISSING_SCOPE', {
    message: `missing scope: ${scope}`,
    details: { missingScope: scope, requiredScopes: [scope] },
    nextCommand: 'breakwater devices list',
  })

export const tooManySubscriptions = (limit: number): WireError =>
  new WireError('TOO_MANY_SUBSCRIPTIONS', {
    message: `this connection follows ${limit} sessions already; unsubscribe from one first`,
    details: { limit },
  })
