import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT } from '../../src/exit-codes.ts'
import type { Failure } from '../../src/failure.ts'
import { Output, renderFailure } from '../../src/output/output.ts'
import { createStyle, isColoured } from '../../src/output/style.ts'
import { fakeIo } from '../support/run.ts'

const PLAIN = createStyle(false)
const FAILURE: Failure = {
  code: 'PAIRING_REQUIRED',
  message: 'pairing required',
  exitCode: EXIT.refused,
  nextCommand: 'breakwater devices approve r1',
}

test('a result is the rendered text for people and the data for programs', () => {
  const [forPeople, forPrograms] = [fakeIo(), fakeIo()]
  new Output(forPeople, { isJson: false, env: {} }).result({ a: 1 }, ({ a }) => `a is ${a}\n`)
  new Output(forPrograms, { isJson: true, env: {} }).result({ a: 1 }, () => 'unused')
  assert.equal(forPeople.written.out, 'a is 1\n')
  assert.deepEqual(JSON.parse(forPrograms.written.out), { a: 1 })
})

test('a failure is text on standard error, or the only JSON document on standard output', () => {
  const [forPeople, forPrograms] = [fakeIo(), fakeIo()]
  new Output(forPeople, { isJson: false, env: {} }).failure(FAILURE)
  new Output(forPrograms, { isJson: true, env: {} }).failure(FAILURE)
  assert.deepEqual(forPeople.written, {
    out: '',
    err: 'error: pairing required\nnext: breakwater devices approve r1\n',
  })
  assert.equal(forPrograms.written.err, '')
  assert.deepEqual(JSON.parse(forPrograms.written.out), {
    error: {
      code: 'PAIRING_REQUIRED',
      message: 'pairing required',
      nextCommand: 'breakwater devices approve r1',
    },
  })
})

test('a remark is for people only', () => {
  const [forPeople, forPrograms] = [fakeIo(), fakeIo()]
  new Output(forPeople, { isJson: false, env: {} }).note('by the way')
  new Output(forPrograms, { isJson: true, env: {} }).note('by the way')
  assert.equal(forPeople.written.err, 'by the way\n')
  assert.deepEqual(forPrograms.written, { out: '', err: '' })
})

test('trying again is suggested only where it is all that is needed', () => {
  const busy = { code: 'BUSY', message: 'busy', exitCode: EXIT.notReady, retryable: true }
  assert.match(renderFailure({ ...busy, retryAfterMs: 1_500 }, PLAIN), /\nretry: the same command may work in 1\.5 s\n/)
  assert.match(renderFailure(busy, PLAIN), /\nretry: the same command may work in a moment\n/)
  assert.doesNotMatch(renderFailure({ ...busy, exitCode: EXIT.unreachable }, PLAIN), /retry:/)
  assert.doesNotMatch(renderFailure({ ...busy, retryable: false }, PLAIN), /retry:/)
})

test('colour needs a terminal, and the environment has the last word', () => {
  assert.equal(isColoured(true, {}), true)
  assert.equal(isColoured(false, {}), false)
  assert.equal(isColoured(true, { TERM: 'dumb' }), false)
  assert.equal(isColoured(true, { NO_COLOR: '1' }), false)
  assert.equal(isColoured(true, { NO_COLOR: '' }), true)
  assert.equal(isColoured(true, { NO_COLOR: '1', FORCE_COLOR: '1' }), false)
  assert.equal(isColoured(false, { FORCE_COLOR: '1' }), true)
  assert.equal(isColoured(true, { FORCE_COLOR: '0' }), false)
})

test('a style without colour leaves text as it is', () => {
  for (const paint of Object.values(PLAIN)) assert.equal(paint('text'), 'text')
  assert.notEqual(createStyle(true).bad('text'), 'text')
})
