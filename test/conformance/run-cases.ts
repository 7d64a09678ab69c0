// Registers the cases as tests of one target: a suite for each configuration, skipped with the reason where the target
// does not have it. A known failure that passes fails the run, so that the list stays true.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type ConnectCase, expectationOf } from './case.ts'
import { compare } from './compare.ts'
import { CONFIGURATION_NAMES, type ConfigurationName } from './configurations.ts'
import { drive, type Place } from './drive.ts'
import type { Target } from './targets.ts'

type KnownFailures = Readonly<Record<string, string>>

export function runCases(cases: readonly ConnectCase[], target: Target, knownFailures: KnownFailures): void {
  for (const configuration of CONFIGURATION_NAMES) {
    const own = cases.filter((connectCase) => (connectCase.configuration ?? 'token') === configuration)
    const skip = target.missing(configuration)
    describe(`${target.name}, ${configuration}`, { ...(skip === undefined ? {} : { skip }) }, () => {
      if (skip === undefined) register(own, configuration, target, knownFailures)
    })
  }
}

function register(
  cases: readonly ConnectCase[],
  configuration: ConfigurationName,
  target: Target,
  knownFailures: KnownFailures,
): void {
  let place: (Place & AsyncDisposable) | undefined
  before(async () => {
    place = await target.open(configuration)
  })
  after(async () => {
    await place?.[Symbol.asyncDispose]()
  })
  const loudLast = [...cases.filter(({ isLoud }) => !isLoud), ...cases.filter(({ isLoud }) => isLoud)]
  for (const connectCase of loudLast) {
    const expected = expectationOf(connectCase, target.dialect)
    const known = target.dialect === 'ours' ? knownFailures[connectCase.id] : undefined
    if (expected.kind === 'unobserved') {
      it(`${connectCase.id}: ${connectCase.title}`, { skip: expected.why }, () => {})
      continue
    }
    it(`${connectCase.id}: ${connectCase.title}`, { timeout: 120_000 }, async (context) => {
      assert.ok(place)
      await using isolated = connectCase.isLoud && target.isCheap ? await target.open(configuration) : undefined
      const problems = compare(expected, await drive(connectCase, isolated ?? place), target.dialect)
      if (known === undefined) return assert.deepEqual(problems, [])
      assert.notDeepEqual(problems, [], 'a known failure passes: take it off the list')
      context.todo(known)
    })
  }
}
