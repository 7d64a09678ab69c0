import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListenFault, StartFault, StoreFault, type StoreFaultCode, TlsFault } from '@breakwater/gateway'
import { toStartFailure } from '../../../src/commands/gateway/start-failure.ts'
import { EXIT } from '../../../src/exit-codes.ts'
import { CommandError, type Failure } from '../../../src/failure.ts'

function failureOf(error: unknown): Failure {
  const failed = toStartFailure(error, '/state')
  assert.ok(failed instanceof CommandError, String(failed))
  return failed.failure
}

test('faults of the gateway keep their code, their sentence and their way out', () => {
  const start = failureOf(new StartFault('AUTH_NONE_EXPOSED', 'open to everyone', 'Bind loopback.'))
  assert.deepEqual(
    [start.code, start.message, start.nextStep, start.exitCode],
    ['AUTH_NONE_EXPOSED', 'open to everyone', 'Bind loopback.', EXIT.configuration],
  )
  const inUse = failureOf(ListenFault.of(Object.assign(new Error(), { code: 'EADDRINUSE' }), '127.0.0.1', 18_789))
  assert.equal(inUse.code, 'PORT_IN_USE')
  assert.equal(inUse.exitCode, EXIT.cannotStart)
  const tls = failureOf(new TlsFault('TLS_KEY_MISMATCH', 'not its key', 'Name the right key.'))
  assert.deepEqual([tls.code, tls.nextStep], ['TLS_KEY_MISMATCH', 'Name the right key.'])
})

test('a directory in use names the process and what to do about it', () => {
  const { nextStep = '', exitCode } = failureOf(
    new StoreFault('STORE_OWNED', 'in use', { details: { owner: { pid: 4242 } } }),
  )
  assert.equal(exitCode, EXIT.cannotStart)
  for (const part of ['breakwater status', 'kill 4242', 'BREAKWATER_STATE_DIR'])
    assert.ok(nextStep.includes(part), part)
})

test('every other fault of the store has a next step', () => {
  const codes: StoreFaultCode[] = [
    'STORE_OWNED',
    'STORE_FULL',
    'STORE_READONLY',
    'STORE_TOO_NEW',
    'STORE_RESTORING',
    'STORE_CORRUPT',
    'STORE_IO',
  ]
  for (const code of codes) assert.notEqual(failureOf(new StoreFault(code)).nextStep ?? '', '', code)
})

test('errors of the file system are about the state directory', () => {
  const denied = failureOf(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' }))
  assert.match(denied.nextStep ?? '', /\/state/)
})

test('what nobody foresaw stays what it is', () => {
  const unknown = new TypeError('undefined is not a function')
  assert.equal(toStartFailure(unknown, '/state'), unknown)
})
