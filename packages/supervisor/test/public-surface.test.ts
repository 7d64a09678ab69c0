import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as supervisor from '../src/index.ts'
import * as testing from '../src/testing/index.ts'

test('the package exports exactly these names', () => {
  assert.deepEqual(Object.keys(supervisor).sort(), [
    'CLOSED_BREAKER',
    'DEFAULTS',
    'KIND_POLICIES',
    'MAX_NAME_LENGTH',
    'MAX_VERDICT_TEXT',
    'START_JITTER_MS',
    'SUPERVISOR_ERROR_CODES',
    'Supervisor',
    'SupervisorError',
    'breakerAfterFailure',
    'breakerAfterWait',
    'drawBelow',
    'retryCeilingMs',
    'retryDelayMs',
    'systemClock',
  ])
  assert.deepEqual(Object.keys(testing).sort(), ['FakeClock', 'flushPromises', 'seededRandom'])
})

test('the error codes are these', () => {
  assert.deepEqual(Object.keys(supervisor.SUPERVISOR_ERROR_CODES).sort(), [
    'DIAL_DEADLINE',
    'INVALID_OPTION',
    'NAME_IN_USE',
    'NESTED_DIAL',
    'STOPPED',
    'TOO_MANY_COMMANDS',
    'TOO_MANY_CONNECTIONS',
  ])
})

test('the source imports nothing but its own files, and production code no test support', () => {
  const root = fileURLToPath(new URL('../src/', import.meta.url))
  const files = globSync('**/*.ts', { cwd: root })
  assert.ok(files.length > 20)
  for (const file of files) {
    const source = readFileSync(`${root}/${file}`, 'utf8')
    for (const [, specifier = ''] of source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      assert.match(specifier, /^\.\.?\//, `${file} imports ${specifier}`)
      if (!file.startsWith('testing/')) assert.doesNotMatch(specifier, /testing/, file)
    }
  }
})

test('errors are recognised across copies of the package', () => {
  const foreign = Object.defineProperty(new Error('x'), Symbol.for('breakwater.SupervisorError'), { value: true })
  assert.ok(supervisor.SupervisorError.is(foreign))
  assert.equal(supervisor.SupervisorError.is(new Error('x')), false)
  assert.equal(supervisor.SupervisorError.is(null), false)
})
