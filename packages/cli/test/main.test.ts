import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EXIT, EXIT_MEANINGS } from '../src/exit-codes.ts'
import { jsonOf, run } from './support/run.ts'

test('exit codes are what scripts rely on, each with a meaning', () => {
  assert.deepEqual(EXIT, {
    ok: 0,
    failed: 1,
    usage: 2,
    unreachable: 3,
    refused: 4,
    notReady: 5,
    configuration: 6,
    cannotStart: 7,
    internal: 70,
    interrupted: 130,
  })
  assert.deepEqual(Object.keys(EXIT_MEANINGS), Object.keys(EXIT))
})

test('without arguments the help is shown and nothing has failed', async () => {
  const { code, out, err } = await run([])
  assert.equal(code, EXIT.ok)
  assert.match(out, /First steps:/)
  assert.equal(err, '')
})

test('the version is one line', async () => {
  const { code, out } = await run(['--version'])
  assert.equal(code, EXIT.ok)
  assert.match(out, /^breakwater \d+\.\d+\.\d+\n$/)
})

test('an unknown command is a usage error that suggests the one that was meant', async () => {
  const { code, out, err } = await run(['statsu'])
  assert.equal(code, EXIT.usage)
  assert.equal(out, '')
  assert.equal(err, "error: unknown command 'statsu' (Did you mean status?)\nnext: breakwater --help\n")
})

test('an unknown option is a usage error', async () => {
  const { code, err } = await run(['status', '--jsn'])
  assert.equal(code, EXIT.usage)
  assert.match(err, /^error: unknown option '--jsn' \(Did you mean --json\?\)\n/)
})

test('a group without a command shows its help and is a usage error', async () => {
  const { code, err } = await run(['token'])
  assert.equal(code, EXIT.usage)
  assert.match(err, /Usage: breakwater token/)
  assert.match(err, /error: token: a command is missing\n/)
})

test('with --json a usage error is one JSON document on standard output', async () => {
  const ran = await run(['status', '--json', '--timeout', 'soon'])
  assert.equal(ran.code, EXIT.usage)
  assert.equal(ran.err, '')
  const { error } = jsonOf(ran)
  assert.equal(error.code, 'USAGE')
  assert.equal(error.nextCommand, 'breakwater --help')
  assert.match(error.message, /--timeout.*'soon'/)
})

test('options count before and after the name of the command, the later ones more', async () => {
  const before = await run(['--url', 'ftp://before', '--token', 't', 'health'])
  const after = await run(['--url', 'ftp://before', 'health', '--url', 'nonsense', '--token', 't'])
  assert.match(before.err, /expected ws:\/\//)
  assert.match(after.err, /expected ws:\/\/host:port/)
  assert.equal(before.code, EXIT.usage)
  assert.equal(after.code, EXIT.usage)
})

test('an address without a credential is refused before anything is sent', async () => {
  const { code, err } = await run(['status', '--url', 'ws://127.0.0.1:1'], {
    env: { BREAKWATER_GATEWAY_TOKEN: 'of-the-environment' },
  })
  assert.equal(code, EXIT.usage)
  assert.match(err, /--url needs --token or --password/)
})

test('plain ws to a public address is refused as a matter of security', async () => {
  const ran = await run(['health', '--url', 'ws://203.0.113.7:18789', '--token', 't', '--json'])
  assert.equal(ran.code, EXIT.usage)
  assert.equal(jsonOf(ran).error.code, 'INSECURE_URL')
})

test('parameters that are no JSON are a usage error that shows how to quote', async () => {
  const { code, err } = await run(['call', 'health', '--params', '{limit:5}'])
  assert.equal(code, EXIT.usage)
  assert.match(err, /--params: the text is not JSON/)
  assert.match(err, /next: Quote it for the shell/)
})

test('a parameter file that cannot be read is a usage error', async () => {
  const { code, err } = await run(['call', 'health', '--params', '@/nonexistent/params.json'])
  assert.equal(code, EXIT.usage)
  assert.match(err, /\/nonexistent\/params\.json cannot be read/)
})
