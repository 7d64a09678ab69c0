// `breakwater devices` on a state directory that no gateway holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, type Ran, type RunOptions, run } from '../../support/run.ts'
import { pairedDevice, pendingRequest, type Seeds, seedStore } from '../../support/seed-store.ts'

interface Place extends AsyncDisposable {
  devices(args: readonly string[], options?: RunOptions): Promise<Ran>
}

async function place(seeds?: Seeds): Promise<Place> {
  const dir = await tempDir()
  if (seeds !== undefined) await seedStore(dir.path, seeds)
  return {
    devices: (args, options) => run(['devices', ...args], { ...options, env: { BREAKWATER_STATE_DIR: dir.path } }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}

test('the list says who waits, who is paired, and what to do next', async () => {
  await using here = await place({ pending: [pendingRequest('phone')], paired: [pairedDevice('desk')] })
  const { code, out } = await here.devices(['list'])
  assert.equal(code, EXIT.ok)
  assert.match(
    out,
    /^1 device waits for approval; 1 paired, 0 connected\.\nnext: breakwater devices approve req-phone-0001\n/,
  )
  assert.match(out, /req-phone-0001 +phone +dev-phone-00 +operator: read, write +ios 26\.1 +this machine/)
  assert.match(out, /dev-desk-000 +desk +operator: read; node/)
})

test('an approval without an id is refused in a script, with the ids', async () => {
  await using here = await place({ pending: [pendingRequest('phone'), pendingRequest('tablet')] })
  const ran = await here.devices(['approve'])
  assert.equal(ran.code, EXIT.usage)
  assert.match(ran.err, /req-phone-0001 \(phone, operator: read, write\)/)
  assert.match(ran.err, /req-tablet-0001/)
  assert.match(ran.err, /next: breakwater devices approve req-/)
  assert.equal(jsonOf(await here.devices(['list', '--json'])).pending.length, 2)
})

test('a person at a terminal picks by number; an empty answer changes nothing', async () => {
  await using here = await place({
    pending: [pendingRequest('phone'), pendingRequest('tablet', { createdAtMs: Date.now() - 5_000 })],
  })
  const nothing = await here.devices(['approve'], { ask: async () => '' })
  assert.equal(nothing.code, EXIT.usage)
  const asked: string[] = []
  const ran = await here.devices(['approve'], {
    ask: async (question) => {
      asked.push(question)
      return '2'
    },
  })
  assert.equal(ran.code, EXIT.ok, ran.err)
  assert.match(ran.err, /NUMBER +NAME[\s\S]*\n {2}1 +phone[\s\S]*\n {2}2 +tablet/)
  assert.deepEqual(asked, ['Which one to approve? [1-2, empty: none] '])
  assert.match(ran.out, /^tablet is paired \(operator: read, write\)\.\nNo gateway runs here/)
})

test('a request is found by how its id begins or by the name of its device', async () => {
  await using here = await place({ pending: [pendingRequest('phone'), pendingRequest('tablet')] })
  assert.equal(jsonOf(await here.devices(['approve', 'req-ph', '--json'])).requestId, 'req-phone-0001')
  assert.equal(jsonOf(await here.devices(['reject', 'tablet', '--json'])).requestId, 'req-tablet-0001')
  const gone = await here.devices(['approve', 'req-ph', '--json'])
  assert.deepEqual([gone.code, jsonOf(gone).error.code], [EXIT.failed, 'NOT_FOUND'])
})

test('what fits several is refused with all of them', async () => {
  await using here = await place({ pending: [pendingRequest('phone'), pendingRequest('phablet')] })
  const ran = await here.devices(['approve', 'req-ph', '--json'])
  assert.equal(jsonOf(ran).error.code, 'AMBIGUOUS')
  assert.match(jsonOf(ran).error.message, /req-phone-0001/)
  assert.match(jsonOf(ran).error.message, /req-phablet-0001/)
})

test('nothing waiting and nothing paired are said with the next step', async () => {
  await using here = await place({})
  const ran = await here.devices(['approve', '--json'])
  assert.equal(jsonOf(ran).error.code, 'NOTHING_PENDING')
  assert.match(jsonOf(ran).error.nextStep, /breakwater why <device>/)
})

test('a state directory nobody used lists nothing and decides nothing', async () => {
  await using here = await place()
  assert.deepEqual(jsonOf(await here.devices(['list', '--json'])), { from: 'store', pending: [], paired: [] })
  assert.equal((await here.devices(['remove', 'phone'])).code, EXIT.failed)
})

test('rename, rotate, revoke and remove name the device by id or name', async () => {
  await using here = await place({ paired: [pairedDevice('desk')] })
  assert.equal((await here.devices(['rename', 'dev-desk', 'kitchen tablet'])).code, EXIT.ok)
  assert.equal((await here.devices(['rename', 'desk', ' '])).code, EXIT.usage)
  const both = await here.devices(['rotate', 'kitchen tablet'])
  assert.equal(both.code, EXIT.usage)
  assert.match(both.err, /--role operator or --role node/)
  const rotated = await here.devices(['rotate', 'kitchen tablet', '--role', 'operator'])
  assert.match(rotated.out, /the old one works until then/)
  const wider = await here.devices([
    'rotate',
    'kitchen tablet',
    '--role',
    'operator',
    '--scopes',
    'operator.admin',
    '--json',
  ])
  assert.equal(wider.code, EXIT.failed)
  assert.equal(jsonOf(wider).error.details.reason, 'denied')
  const revoked = jsonOf(await here.devices(['revoke', 'dev-desk', '--role', 'node', '--json']))
  assert.equal(typeof revoked.revokedAtMs, 'number')
  assert.match((await here.devices(['list'])).out, /node revoked/)
  assert.equal((await here.devices(['remove', 'kitchen tablet'])).code, EXIT.ok)
  assert.equal(jsonOf(await here.devices(['list', '--json'])).paired.length, 0)
})

test('what a device calls itself cannot steer the terminal', async () => {
  await using here = await place({ pending: [pendingRequest('phone', { displayName: 'x\u001b[2Jy\nz' })] })
  const { out } = await here.devices(['list'])
  assert.ok(!out.includes('\u001b'))
  assert.match(out, /x \[2Jy z/)
})
