import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Caller, type MethodName, type ParamsOf, type ResultOf, toMethods } from '../src/api.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const typed = <T extends true>(value: T): T => value

test('parameters and results are those of the contract, and unknown where it gives none', () => {
  const good: ParamsOf<'sessions.list'> = { limit: 5 }
  // @ts-expect-error the contract says it is a number
  const bad: ParamsOf<'sessions.list'> = { limit: 'five' }
  typed<Equal<ParamsOf<'not.in.the.contract'>, unknown>>(true)
  typed<Equal<ResultOf<'health'>, unknown>>(true)
  typed<Equal<unknown extends ResultOf<'approval.get'> ? true : false, false>>(true)
  const other: MethodName = 'some.plugin.method'
  assert.ok(good && bad && other)
})

test('every name is a method that passes its arguments on; the object never looks like a promise', async () => {
  const calls: unknown[][] = []
  const call = (async (...args: unknown[]) => calls.push(args)) as unknown as Caller['call']
  const methods = toMethods(call)
  await methods['sessions.list']({ limit: 5 }, { timeoutMs: 7 })
  assert.deepEqual(calls, [['sessions.list', { limit: 5 }, { timeoutMs: 7 }]])
  assert.equal(await Promise.resolve(methods), methods)
})
