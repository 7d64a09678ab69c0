import assert from 'node:assert/strict'
import { delimiter } from 'node:path'
import { test } from 'node:test'
import { includeRoots, resolveConfigPaths } from '../../src/config/paths.ts'

const place = { homeDir: '/home/me', cwd: '/work' }

test('state lives in the home directory and configuration in the state directory, unless the environment says otherwise', () => {
  assert.deepEqual(resolveConfigPaths({ env: {}, ...place }), {
    homeDir: '/home/me',
    stateDir: '/home/me/.breakwater',
    configPath: '/home/me/.breakwater/breakwater.json',
  })
  assert.deepEqual(resolveConfigPaths({ env: { BREAKWATER_STATE_DIR: '~/state' }, ...place }), {
    homeDir: '/home/me',
    stateDir: '/home/me/state',
    configPath: '/home/me/state/breakwater.json',
  })
  const both = { BREAKWATER_STATE_DIR: 'state', BREAKWATER_CONFIG_PATH: '/etc/b.json' }
  assert.deepEqual(resolveConfigPaths({ env: both, ...place }), {
    homeDir: '/home/me',
    stateDir: '/work/state',
    configPath: '/etc/b.json',
  })
})

test('an empty variable counts as unset', () => {
  const env = { BREAKWATER_STATE_DIR: ' ', BREAKWATER_CONFIG_PATH: '' }
  assert.equal(resolveConfigPaths({ env, ...place }).configPath, '/home/me/.breakwater/breakwater.json')
})

test('includes may come from beside the file and from listed directories', () => {
  const env = { BREAKWATER_INCLUDE_ROOTS: ['/run/secrets', '', '/etc/shared'].join(delimiter) }
  assert.deepEqual(includeRoots('/etc/b/breakwater.json', env), ['/etc/b', '/run/secrets', '/etc/shared'])
})
