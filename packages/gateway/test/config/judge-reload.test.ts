import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeReload } from '../../src/config/judge-reload.ts'
import { assertValid, issuesOf, loadText } from './config-fixture.ts'

const judge = async (started: string, changed: string) => {
  const initial = await loadText(started)
  assertValid(initial)
  return judgeReload(initial.config, await loadText(changed))
}

test('a file that would open a gateway that is bound to the network is refused, though it is fine after a restart', async () => {
  const load = await judge('{ gateway: { bind: "lan" } }', '{ gateway: { bind: "loopback", auth: { mode: "none" } } }')
  assert.equal(load.valid, false)
  assert.match(issuesOf(load)[0] ?? '', /^gateway\.auth\.mode: "none" would let anybody .* after a restart only/)
})

test('a file that is fine now and later passes, and one that is invalid stays as it is', async () => {
  assert.equal((await judge('{}', '{ gateway: { auth: { mode: "none" } } }')).valid, true)
  const broken = await judge('{}', '{ gateway: { port: "x" } }')
  assert.match(issuesOf(broken)[0] ?? '', /^gateway\.port: expected/)
})
