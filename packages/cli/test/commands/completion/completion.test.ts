// Completion scripts, run by the shells they are for where those are installed.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { run } from '../../support/run.ts'

const has = (shell: string): boolean => spawnSync(shell, ['--version'], { stdio: 'ignore' }).status === 0
const skipWithout = (shell: string) => ({ skip: has(shell) ? false : `no ${shell} on this machine` })

async function scriptFor(shell: string): Promise<string> {
  const { code, out } = await run(['completion', shell])
  assert.equal(code, EXIT.ok)
  return out
}

/** What bash offers at the end of a line. */
async function bashOffers(line: string): Promise<string[]> {
  await using dir = await tempDir()
  const file = join(dir.path, 'completion.bash')
  await writeFile(file, await scriptFor('bash'))
  const words = line.split(' ')
  const probe = `source ${file}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _breakwater; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-c', probe], { encoding: 'utf8', cwd: dir.path })
  return out.split('\n').filter((word) => word !== '')
}

test('bash offers commands, options, choices and configuration keys', skipWithout('bash'), async () => {
  assert.deepEqual(await bashOffers('breakwater dev'), ['devices'])
  assert.deepEqual(await bashOffers('breakwater devices a'), ['approve'])
  assert.deepEqual(await bashOffers('breakwater devices rotate --sc'), ['--scopes'])
  assert.deepEqual(await bashOffers('breakwater gateway --ws-log c'), ['compact'])
  assert.deepEqual(await bashOffers('breakwater config set gateway.tls.en'), ['gateway.tls.enabled'])
  assert.deepEqual(await bashOffers('breakwater --url ws://x config sc'), ['schema'])
  assert.deepEqual(await bashOffers('breakwater backup compl'), ['completion.bash'])
  assert.deepEqual(await bashOffers('breakwater qr --png compl'), ['completion.bash'])
})

test('fish offers the same', skipWithout('fish'), async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'completion.fish')
  await writeFile(file, await scriptFor('fish'))
  const offers = (line: string): string[] => {
    const env = { ...process.env, HOME: dir.path, XDG_CONFIG_HOME: dir.path }
    const out = execFileSync('fish', ['--no-config', '-c', `source ${file}; complete -C '${line}'`], {
      encoding: 'utf8',
      env,
    })
    return out
      .split('\n')
      .map((row) => row.split('\t')[0] ?? '')
      .filter((word) => word !== '')
  }
  assert.deepEqual(offers('breakwater dev'), ['devices'])
  assert.deepEqual(offers('breakwater devices ap'), ['approve'])
  assert.deepEqual(offers('breakwater gateway --ws-log c'), ['compact'])
  assert.deepEqual(offers('breakwater --url ws://x config sc'), ['schema'])
  assert.deepEqual(offers('breakwater config set gateway.tls.en'), ['gateway.tls.enabled'])
})

test('zsh offers the same', skipWithout('zsh'), async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'completion.zsh')
  await writeFile(file, await scriptFor('zsh'))
  const offers = (line: string): string[] => {
    const words = line.split(' ')
    // Stand-ins for the parts of its completion system that the script calls.
    const probe = [
      'compdef() { : }',
      `_describe() { print -rl -- "\${(@P)2}" }`,
      'compadd() { shift; print -rl -- "$@" }',
      `source ${file}`,
      `words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _breakwater`,
    ]
    const out = execFileSync('zsh', ['-f', '-c', probe.join('\n')], { encoding: 'utf8' })
    return out
      .split('\n')
      .map((row) => row.split(':')[0] ?? '')
      .filter((word) => word !== '' && word.startsWith(words.at(-1) ?? ''))
  }
  assert.deepEqual(offers('breakwater dev'), ['devices'])
  assert.deepEqual(offers('breakwater devices ap'), ['approve'])
  assert.deepEqual(offers('breakwater gateway --ws-log c'), ['compact'])
  assert.deepEqual(offers('breakwater --url ws://x config sc'), ['schema'])
  assert.deepEqual(offers('breakwater config set gateway.tls.en'), ['gateway.tls.enabled'])
})

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`${shell} accepts its script`, skipWithout(shell), async () => {
    await using dir = await tempDir()
    const file = join(dir.path, `completion.${shell}`)
    await writeFile(file, await scriptFor(shell))
    execFileSync(shell, ['-n', file], { stdio: 'pipe' })
  })
}

test('every command and every option is in every script', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const script = await scriptFor(shell)
    for (const word of ['approve', 'setup-code', 'completion', 'gateway.bind', 'show-secrets', 'tls-fingerprint']) {
      assert.ok(script.includes(word), `${shell}: ${word}`)
    }
  }
})

test('a shell nobody knows is a usage error', async () => {
  const { code, err } = await run(['completion', 'powershell'])
  assert.equal(code, EXIT.usage)
  assert.match(err, /bash, zsh, fish/)
})
