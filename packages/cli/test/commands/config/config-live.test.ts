// The configuration commands through a gateway that runs.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { spawnGateway } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'

const SECRET = 'a-password-0123456789'
const TEXT = `{
  gateway: {
    auth: { password: '${SECRET}' }, // the old one was ${SECRET}, too
    trustedProxies: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  },
}
`

test('changes go through the running gateway: comments and secrets stay, each value takes effect as its key says', async () => {
  await using gateway = await spawnGateway({ config: TEXT })
  const config = (...args: string[]) => run(['config', ...args], { env: { BREAKWATER_STATE_DIR: gateway.stateDir } })
  const file = () => readFile(join(gateway.stateDir, 'breakwater.json'), 'utf8')

  const live = jsonOf(await config('set', 'gateway.handshake.remoteMs', '4000', '--json'))
  assert.deepEqual([live.from, live.effect], ['gateway', 'now'])
  const shown = jsonOf(await config('get', 'gateway.handshake.remoteMs', '--json'))
  assert.deepEqual([shown.value, shown.from, shown.isPending], [4_000, 'gateway', false])

  const waiting = await config('set', 'gateway.unixSocket', 'true')
  assert.equal(waiting.code, EXIT.ok)
  const restart = await config('set', 'gateway.bind', '127.0.0.2')
  assert.match(restart.out, /takes effect when the gateway is started again: breakwater gateway restart/)
  const pending = await config('get', 'gateway.bind')
  assert.equal(pending.out, 'loopback\n')
  assert.match(pending.err, /The file says "127\.0\.0\.2"/)

  assert.equal((await config('set', 'gateway.trustedProxies[1]', '10.9.9.9')).code, EXIT.ok)
  assert.equal((await config('unset', 'gateway.trustedProxies[0]')).code, EXIT.ok)
  assert.deepEqual(JSON.parse((await config('get', 'gateway.trustedProxies')).out), ['10.9.9.9', '10.0.0.3'])

  const text = await file()
  assert.match(text, new RegExp(`password: '${SECRET}' }, // the old one was ${SECRET}, too`))
  const all = await config('get')
  assert.ok(!all.out.includes(SECRET))
  assert.equal((await config('get', 'gateway.auth.password', '--show-secrets')).out, `${SECRET}\n`)

  const refused = await config('set', 'gateway.handshake.remoteMs', '1', '--json')
  assert.equal(refused.code, EXIT.failed)
  assert.equal(jsonOf(refused).error.code, 'CONFIG_INVALID')
  assert.match(jsonOf(refused).error.message, /expected an integer from 250 to 60000/)
  assert.equal(await file(), text)

  // All at once, each over the hash it read: none is lost.
  const keys = ['one', 'two', 'three', 'four', 'five']
  const together = await Promise.all(keys.map((key) => config('set', `agents.${key}`, '1')))
  assert.deepEqual(
    together.filter(({ code }) => code !== EXIT.ok),
    [],
  )
  assert.deepEqual(Object.keys(jsonOf(await config('get', 'agents', '--json')).value).sort(), keys.toSorted())

  await writeFile(join(gateway.stateDir, 'breakwater.json'), '{ gateway: ')
  const broken = await config('set', 'gateway.port', '1')
  assert.equal(broken.code, EXIT.failed)
  assert.match(broken.err, /repair it or replace it/)
})
