import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { tempDir } from '@breakwater/testkit'
import { generateCertificate } from '../src/listener/generate-certificate.ts'
import { loadTls, tlsDirectory } from '../src/listener/tls.ts'
import { loadLocalConfig, readLocalFingerprint } from '../src/local.ts'
import { systemClock } from '../src/observe/clock.ts'
import { silentLogger } from '../src/observe/logger.ts'

test('what a command imports first is small: no server, no configuration, no log', () => {
  const reached = new Set<string>()
  const walk = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    const source = readFileSync(file, 'utf8')
    for (const [, isType, specifier = ''] of source.matchAll(
      /^(?:import|export)\s+(type\s+)?[^;]*?from '(\.[^']+)'/gm,
    )) {
      if (isType === undefined) walk(resolve(dirname(file), specifier))
    }
  }
  const root = fileURLToPath(new URL('../src/', import.meta.url))
  walk(join(root, 'local.ts'))
  assert.deepEqual([...reached].map((file) => file.slice(root.length)).sort(), [
    'auth/secret-file.ts',
    'config/paths.ts',
    'local.ts',
    'state-files.ts',
    'store/fault.ts',
  ])
})

test('the fingerprint read from disk is the one the gateway shows', async () => {
  await using dir = await tempDir()
  assert.equal(await readLocalFingerprint(dir.path), undefined)
  const { fingerprintSha256 } = await loadTls(
    { autoGenerate: true, stateDir: dir.path },
    { clock: systemClock, log: silentLogger },
  )
  assert.equal(await readLocalFingerprint(dir.path), fingerprintSha256)
})

test('a named certificate counts instead of the generated one', async () => {
  await using dir = await tempDir()
  await using other = await tempDir()
  const { certPath } = await generateCertificate({ directory: tlsDirectory(other.path) }, { clock: systemClock })
  const named = await readLocalFingerprint(dir.path, certPath)
  assert.match(named ?? '', /^[0-9a-f]{64}$/)
  assert.equal(named, await readLocalFingerprint(other.path))
})

test('the given text is judged in the place of the file', async () => {
  await using dir = await tempDir()
  const configPath = join(dir.path, 'breakwater.json')
  await writeFile(configPath, '{ gateway: { port: 1 } }')
  const paths = { homeDir: dir.path, stateDir: dir.path, configPath }
  const [file, text] = [await loadLocalConfig(paths, {}), await loadLocalConfig(paths, {}, { rootText: '{}' })]
  assert.equal(file.config?.gateway.port, 1)
  assert.equal(text.config?.gateway.port, 18_789)
})
