// Codes, messages and details as the official gateway answers them; what we add is ours.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { WireError } from '@breakwater/protocol'
import {
  cronJobNotFound,
  missingScope,
  sessionNotFound,
  tooManySubscriptions,
  unknownAgent,
  unknownNode,
  userRequired,
} from '../../src/rpc/refusals.ts'

interface Expected {
  readonly code: string
  readonly message: string | RegExp
  readonly details: Readonly<Record<string, unknown>>
  readonly nextCommand: RegExp | undefined
}

const CASES: readonly (readonly [name: string, error: WireError, expected: Expected])[] = [
  [
    'a node that does not exist',
    unknownNode(),
    { code: 'INVALID_REQUEST', message: 'unknown nodeId', details: {}, nextCommand: /nodes list$/ },
  ],
  [
    'a cron job that does not exist',
    cronJobNotFound('nope'),
    {
      code: 'INVALID_REQUEST',
      message: /^cron job not found: nope\. /,
      details: { code: 'CRON_JOB_NOT_FOUND', jobId: 'nope' },
      nextCommand: /cron list/,
    },
  ],
  [
    'an agent that does not exist',
    unknownAgent('ghost'),
    {
      code: 'INVALID_REQUEST',
      message: 'unknown agent id "ghost"',
      details: { code: 'UNKNOWN_AGENT_ID', agentId: 'ghost' },
      nextCommand: /agents list$/,
    },
  ],
  [
    'a session that does not exist',
    sessionNotFound('main'),
    { code: 'INVALID_REQUEST', message: 'No session found: main', details: {}, nextCommand: /sessions list$/ },
  ],
  [
    'a method about a person nobody named',
    userRequired('users.self'),
    {
      code: 'FORBIDDEN',
      message: 'users.self requires an authenticated user',
      details: { reason: 'no-user-profile' },
      nextCommand: undefined,
    },
  ],
  [
    'a missing scope',
    missingScope('operator.pairing'),
    {
      code: 'FORBIDDEN',
      message: 'missing scope: operator.pairing',
      details: {
        code: 'MISSING_SCOPE',
        missingScope: 'operator.pairing',
        requiredScopes: ['operator.pairing'],
      },
      nextCommand: /^breakwater /,
    },
  ],
  [
    'too many subscriptions',
    tooManySubscriptions(256),
    { code: 'UNAVAILABLE', message: /256/, details: { limit: 256 }, nextCommand: undefined },
  ],
]

describe('the refusal of', () => {
  for (const [name, { shape }, { code, message, details, nextCommand }] of CASES) {
    test(name, () => {
      const { nextCommand: command, recovery, ...rest } = shape.details as Record<string, unknown>
      assert.equal(shape.code, code)
      if (typeof message === 'string') assert.equal(shape.message, message)
      else assert.match(shape.message, message)
      assert.deepEqual(rest, details)
      assert.equal(shape.retryable, false)
      assert.equal(typeof recovery, 'string')
      if (nextCommand === undefined) assert.equal(command, undefined)
      else assert.match(String(command), nextCommand)
    })
  }

  test('something with an endless name stays short', () => {
    for (const { shape } of [cronJobNotFound, sessionNotFound, unknownAgent].map((make) => make('x'.repeat(100_000)))) {
      assert.ok(JSON.stringify(shape).length < 1_000)
    }
  })
})
