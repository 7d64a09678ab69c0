// The power fails at every point of a write, and the disk keeps only what it was told to: what was acknowledged is there.

import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@breakwater/supervisor/testing'
import { FileCredentialStore } from '../../src/credentials/file-credential-store.ts'
import { keyOf } from '../support/kept-tokens.ts'
import { changesOf, comparable, numberOf, recordAfter } from '../support/numbered-changes.ts'
import { PowerCut, PowerCutFiles } from '../support/power-cut-files.ts'

const CUTS = process.env.BREAKWATER_FULL === '1' ? 5_000 : 400
const SEED = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)
const MAX_CALLS = 60

test(`nothing acknowledged is lost, nothing is half there, in ${CUTS} power cuts (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  const gateway = keyOf()
  // The lock is a real one; the directory it lies in only exists for it.
  await using root = await mkdtempDisposable(join(tmpdir(), 'breakwater-power-'))
  const directory = join(root.path, 'state', 'credentials')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const outcomes = { before: 0, after: 0 }
  let files = new PowerCutFiles(root.path)
  let number = -1
  for (let cut = 0; cut < CUTS; cut += 1) {
    // A fresh disk now and then, so that the making of the directories is cut as well.
    if (cut % 10 === 0) {
      files = new PowerCutFiles(root.path)
      number = -1
    }
    files.callsLeft = Math.floor(random() * MAX_CALLS)
    const store = new FileCredentialStore({ files }, { directory })
    try {
      for (;;) {
        await store.apply(gateway, changesOf(number + 1))
        number += 1
      }
    } catch (error) {
      assert.ok((error as Error).cause instanceof PowerCut, String(error))
    }
    files.restart(random)
    const record = await new FileCredentialStore({ files }, { directory }).load(gateway)
    const found = numberOf(record)
    const where = `seed ${SEED}, cut ${cut}: acknowledged ${number}, found ${found}`
    assert.ok(found === number || found === number + 1, where)
    assert.deepEqual(comparable(record), comparable(recordAfter(found)), where)
    outcomes[found === number ? 'before' : 'after'] += 1
    number = found
  }
  assert.ok(outcomes.before > 0 && outcomes.after > 0, JSON.stringify(outcomes))
})
