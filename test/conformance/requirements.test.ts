// Requirements, cases and the error table hold each other: nothing is asked for that no case shows, no case shows what
// nobody asked for, and every way to refuse a connection is provoked or excused by name.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERRORS, ERRORS_WITHOUT_DETAIL_CODE, type ErrorName } from '@breakwater/protocol'
import { expectationOf, isDivergence } from './case.ts'
import { CONNECT_CASES, KNOWN_FAILURES, NOT_YET_PRODUCIBLE } from './connect-cases.ts'
import { renderCompatibility } from './report.ts'
import { REQUIREMENTS } from './requirements.ts'

const requirementIds = REQUIREMENTS.map(({ id }) => id)
const caseIds = CONNECT_CASES.map(({ id }) => id)

const repeated = (values: readonly string[]): string[] =>
  values.filter((value, index) => values.indexOf(value) !== index)

test('requirements and cases have ids of their own', () => {
  assert.deepEqual(repeated(requirementIds), [])
  assert.deepEqual(repeated(caseIds), [])
})

test('every requirement is shown by a case', () => {
  const cited = new Set<string>(CONNECT_CASES.flatMap(({ cites }) => cites))
  assert.deepEqual(
    requirementIds.filter((id) => !cited.has(id)),
    [],
  )
})

test('every case cites requirements that exist', () => {
  const known = new Set<string>(requirementIds)
  const strays = CONNECT_CASES.filter(({ cites }) => cites.length === 0 || cites.some((id) => !known.has(id)))
  assert.deepEqual(
    strays.map(({ id }) => id),
    [],
  )
})

test('every requirement names its clause', () => {
  const vague = REQUIREMENTS.filter(
    ({ source, behaviour }) => !/^(protocol|pairing|methods|design|RFC \d+) /.test(source) || !behaviour.endsWith('.'),
  )
  assert.deepEqual(vague, [])
})

test('every difference between the dialects has a reason', () => {
  const silent = CONNECT_CASES.filter(({ expect }) => isDivergence(expect) && expect.why.trim() === '')
  assert.deepEqual(
    silent.map(({ id }) => id),
    [],
  )
})

test('known failures are cases', () => {
  assert.deepEqual(
    Object.keys(KNOWN_FAILURES).filter((id) => !caseIds.includes(id)),
    [],
  )
})

test('every connection error is provoked by a case that passes, or excused by name', () => {
  const provoked = new Set<string>(
    CONNECT_CASES.filter(({ id }) => !Object.hasOwn(KNOWN_FAILURES, id)).flatMap((connectCase) => {
      const expected = expectationOf(connectCase, 'ours')
      const detail = expected.kind === 'refused' && expected.detail !== undefined ? [expected.detail] : []
      return [...detail, ...(connectCase.provokes ?? [])]
    }),
  )
  const connectionErrors = (Object.keys(ERRORS) as ErrorName[]).filter((name) => ERRORS[name].scope === 'connection')
  assert.deepEqual(
    connectionErrors.filter((name) => !provoked.has(name) && NOT_YET_PRODUCIBLE[name] === undefined),
    [],
    'not provoked and not excused',
  )
  assert.deepEqual(
    Object.keys(NOT_YET_PRODUCIBLE).filter(
      (name) => provoked.has(name) || !connectionErrors.includes(name as ErrorName),
    ),
    [],
    'excused although provoked, or no connection error',
  )
})

test('only errors without a detail code are provoked by name', () => {
  const named = CONNECT_CASES.flatMap(({ provokes = [] }) => provokes)
  assert.deepEqual(
    named.filter((name) => !ERRORS_WITHOUT_DETAIL_CODE.has(name)),
    [],
  )
})

test('docs/compatibility.md says what the cases say (npm run test:conformance -- --report writes it)', () => {
  const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8')
  assert.equal(page, renderCompatibility())
})
