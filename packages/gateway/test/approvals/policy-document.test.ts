import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { POLICY_DEFAULTS, POLICY_DENIES, PolicyDocument } from '../../src/approvals/policy-document.ts'
import { silentLogger } from '../../src/observe/logger.ts'

async function policy(raw?: string) {
  const stateDir = await mkdtemp(join(tmpdir(), 'breakwater-policy-'))
  const path = join(stateDir, 'exec-approvals.json')
  if (raw !== undefined) await writeFile(path, raw)
  const complaints: string[] = []
  const log = { ...silentLogger, error: (message: string) => complaints.push(message) }
  return {
    path,
    complaints,
    document: new PolicyDocument({ stateDir, log }),
    [Symbol.asyncDispose]: () => rm(stateDir, { recursive: true, force: true }),
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('the policy document', () => {
  test('of a fresh installation asks before a command that is not allowed yet', async () => {
    await using at = await policy()
    assert.deepEqual(await at.document.read(), {
      path: at.path,
      exists: false,
      hash: sha256(''),
      file: { version: 1, defaults: POLICY_DEFAULTS, agents: {} },
      resolvedDefaults: { security: 'allowlist', ask: 'on-miss', askFallback: 'deny', autoAllowSkills: false },
    })
  })

  test('is shown with its defaults filled in, its hash and what follows from it', async () => {
    const raw = '{"version":1,"defaults":{"ask":"always"},"agents":{"main":{"security":"full"}}}'
    await using at = await policy(raw)
    const snapshot = await at.document.read()
    assert.equal(snapshot.exists, true)
    assert.equal(snapshot.hash, sha256(raw))
    assert.deepEqual(snapshot.file, {
      version: 1,
      defaults: { ...POLICY_DEFAULTS, ask: 'always' },
      agents: { main: { security: 'full' } },
    })
    assert.deepEqual(snapshot.resolvedDefaults, { ...POLICY_DEFAULTS, ask: 'always' })
  })

  test('never shows the token of the control socket', async () => {
    await using at = await policy('{"version":1,"socket":{"path":"/run/x.sock","token":"hush"}}')
    const { file } = await at.document.read()
    assert.deepEqual(file.socket, { path: '/run/x.sock' })
  })

  for (const raw of ['', '{', '[]', '{"version":2}', '{"version":1,"defaults":[]}', '{"version":1,"agents":{"a":1}}']) {
    test(`that cannot be understood denies: ${raw || 'an empty file'}`, async () => {
      await using at = await policy(raw)
      const snapshot = await at.document.read()
      await at.document.read()
      assert.equal(snapshot.exists, true)
      assert.equal(snapshot.hash, sha256(raw))
      assert.deepEqual(snapshot.resolvedDefaults, POLICY_DENIES)
      assert.equal(at.complaints.length, 1)
    })
  }

  test('with a word nobody knows denies instead of falling back', async () => {
    for (const defaults of [{ security: 'ful' }, { ask: 'never' }, { askFallback: 'yes' }]) {
      await using at = await policy(JSON.stringify({ version: 1, defaults }))
      assert.deepEqual((await at.document.read()).resolvedDefaults, POLICY_DENIES, JSON.stringify(defaults))
    }
  })
})
