// The help texts as people see them, frozen in test/golden/help.txt.
// After a deliberate change: BREAKWATER_UPDATE_GOLDEN=1, then read the difference.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { run } from './support/run.ts'

const GOLDEN = new URL('golden/help.txt', import.meta.url)
const COMMANDS = [
  '',
  'gateway',
  'gateway install',
  'gateway uninstall',
  'gateway start',
  'gateway stop',
  'gateway restart',
  'gateway status',
  'status',
  'health',
  'probe',
  'call',
  'logs',
  'doctor',
  'why',
  'devices',
  'devices list',
  'devices approve',
  'devices reject',
  'devices remove',
  'devices rename',
  'devices rotate',
  'devices revoke',
  'qr',
  'config',
  'config get',
  'config set',
  'config unset',
  'config validate',
  'config schema',
  'token',
  'token show',
  'token rotate',
  'backup',
  'restore',
  'completion',
]

test('every help text is the one that was agreed on', async () => {
  const texts: string[] = []
  for (const command of COMMANDS) {
    const { code, out } = await run([...command.split(' ').filter((word) => word !== ''), '--help'])
    assert.equal(code, 0)
    texts.push(`$ breakwater ${command === '' ? '' : `${command} `}--help\n${out}`)
  }
  const actual = texts.join('\n')
  if (process.env.BREAKWATER_UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, actual)
  assert.equal(actual, readFileSync(GOLDEN, 'utf8'))
})

test('no line of the help carries blanks at its end', () => {
  const trailing = readFileSync(GOLDEN, 'utf8')
    .split('\n')
    .filter((line) => /\s$/.test(line))
  assert.deepEqual(trailing, [])
})

test('every command teaches by example', async () => {
  for (const command of COMMANDS.filter((name) => name !== '' && name !== 'token rotate')) {
    const { out } = await run([...command.split(' '), '--help'])
    assert.match(out, /\nExamples:\n {2}breakwater /, command)
  }
})
