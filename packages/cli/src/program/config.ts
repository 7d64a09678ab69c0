// Declares `breakwater config`.

import type { Command } from 'commander'
import type { ConfigGetFlags } from '../commands/config/get.ts'
import { section } from '../help.ts'
import { declare, declareGroup, type OnAction } from './declare.ts'

const GROUP = section('Examples', [
  ['breakwater config get', 'everything in effect, defaults included'],
  ['breakwater config get gateway.port', 'one value, for scripts'],
  ['breakwater config set gateway.bind lan', 'the running gateway takes it over, or says that it needs a restart'],
  ['breakwater config schema gateway.auth', 'what there is to set, and what it means'],
])

const GET = section('Examples', [
  ['breakwater config get gateway.auth.mode', ''],
  ['breakwater config get --json', 'with where each part comes from'],
  ['breakwater config get gateway.auth.token --show-secrets', 'reads the file itself; only its owner can'],
])

const SET = section('Examples', [
  ['breakwater config set gateway.port 18790', ''],
  ['breakwater config set gateway.trustedProxies \'["10.0.0.1"]\'', 'lists and objects are JSON5'],
  ['breakwater config set gateway.trustedProxies[0] 10.0.0.2', 'one entry of a list'],
  ['breakwater config set gateway.auth.token - < token.txt', 'a secret, unseen by other users'],
])

const UNSET = section('Examples', [['breakwater config unset gateway.bind', 'back to the default']])

const VALIDATE = section('Examples', [
  ['breakwater config validate && breakwater gateway', 'exit code 6 when it cannot be used'],
  ['breakwater config validate new.json', 'before it is put in place'],
])

const SCHEMA = section('Examples', [
  ['breakwater config schema', 'every key with type, default and meaning'],
  ['breakwater config schema gateway.tls', 'one section'],
  ['breakwater config schema --json > breakwater.schema.json', 'JSON Schema, for editors'],
])

export function addConfig(program: Command, onAction: OnAction): void {
  const config = declareGroup(program, 'config', 'read and change the configuration', GROUP)
  declare<ConfigGetFlags>(config, onAction, {
    name: 'get [path]',
    args: ['a.b[0].c; left out: everything'],
    summary: 'show what is in effect; secrets are hidden',
    help: GET,
    options: (command) => command.option('--show-secrets', 'show secrets too, as the file of this machine has them'),
    run: async (context, flags, path) => (await import('../commands/config/get.ts')).configGet(context, path, flags),
  })
  declare(config, onAction, {
    name: 'set <path> <value>',
    args: ['a.b[0].c', 'text, JSON5 where the key takes anything else, or - for standard input'],
    summary: 'change one value; nothing is written unless the result is valid',
    help: SET,
    run: async (context, _, path = '', value = '') =>
      (await import('../commands/config/set.ts')).configSet(context, path, value),
  })
  declare(config, onAction, {
    name: 'unset <path>',
    args: ['a.b[0].c'],
    summary: 'remove one value, so that its default counts again',
    help: UNSET,
    run: async (context, _, path = '') => (await import('../commands/config/set.ts')).configUnset(context, path),
  })
  declare(config, onAction, {
    name: 'validate [file]',
    args: ['another file than the one in use'],
    summary: 'check the configuration file and name everything wrong with it',
    help: VALIDATE,
    isLocal: true,
    run: async (context, _, file) => (await import('../commands/config/validate.ts')).configValidate(context, file),
  })
  declare(config, onAction, {
    name: 'schema [path]',
    args: ['a section or a key; left out: everything'],
    summary: 'show what can be set, what it means and what a change needs',
    help: SCHEMA,
    isLocal: true,
    run: async (context, _, path) => (await import('../commands/config/schema.ts')).configSchema(context, path),
  })
}
