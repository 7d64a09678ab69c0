import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test } from 'node:test'
import { JOIN_LIMITS, joinRoute } from '../../src/http/join-route.ts'
import type { Locality } from '../../src/listener/locality.ts'

const PAYLOAD = { url: 'wss://gw.example.com', bootstrapToken: 't', expiresAtMs: 5 }
const from = (clientAddress: string): Locality => ({ kind: 'remote', clientAddress })

function joinable() {
  const setting = { now: 1_000, left: new Set(['good']), claimed: 0 }
  const route = joinRoute({
    now: () => setting.now,
    joins: {
      claim: async (code) => {
        setting.claimed += 1
        return setting.left.delete(code) ? PAYLOAD : undefined
      },
    },
  })
  const ask = async (url: string, { method = 'GET', address = '192.0.2.1' } = {}) =>
    await route.answer({ method, url } as IncomingMessage, from(address))
  return { setting, ask }
}

describe('GET /j/<path>', () => {
  test('answers with the payload once, not to be kept, then as if it had never been', async () => {
    const { ask } = joinable()
    const answer = await ask('/j/good')
    assert.deepEqual(
      [answer.status, answer.headers.get('cache-control'), await answer.json()],
      [200, 'no-store', PAYLOAD],
    )
    const again = await ask('/j/good')
    assert.deepEqual([again.status, await again.json()], [404, { error: 'not_found' }])
  })

  test('is not used up by anything but a plain GET', async () => {
    const { ask, setting } = joinable()
    assert.equal((await ask('/j/good', { method: 'HEAD' })).status, 404)
    assert.equal((await ask('/j/good?utm=1')).status, 404)
    assert.equal(setting.claimed, 0)
    assert.equal((await ask('/j/good')).status, 200)
  })

  test('makes who keeps guessing wait, and nobody else', async () => {
    const { ask, setting } = joinable()
    for (let miss = 0; miss < JOIN_LIMITS.missesPerSource; miss += 1)
      assert.equal((await ask(`/j/x${miss}`)).status, 404)
    setting.now += 20_000
    const limited = await ask('/j/good')
    assert.deepEqual([limited.status, limited.headers.get('retry-after')], [429, '40'])
    assert.equal(setting.claimed, JOIN_LIMITS.missesPerSource, 'a limited request is not looked at')
    assert.equal((await ask('/j/nope', { address: '192.0.2.2' })).status, 404)
    setting.now += 40_000
    assert.equal((await ask('/j/good')).status, 200)
  })

  test('remembers a bounded number of sources', async () => {
    const { ask } = joinable()
    const exhaust = async (address: string) => {
      for (let miss = 0; miss < JOIN_LIMITS.missesPerSource; miss += 1) await ask('/j/x', { address })
    }
    await exhaust('192.0.2.1')
    assert.equal((await ask('/j/x')).status, 429)
    for (let source = 0; source < JOIN_LIMITS.sources; source += 1) {
      await ask('/j/x', { address: `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}` })
    }
    assert.equal((await ask('/j/x')).status, 404)
  })
})
