// Law 2, read from the source: the gateway knows no client, and every way it has of opening a connection is on a list with
// its reason. Whoever needs another one adds it here, and says where it leads.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const gateway = join(root, 'packages/gateway')

/** Files of the gateway that may open a connection, and why it never leads to the gateway itself. */
const DIALLERS: Readonly<Record<string, string>> = {
  'src/listener/claim-unix-path.ts':
    "asks whether another process answers on the owner's socket, before listening there",
}

/** What opens connections in each module: names that may not be imported as values. `*` is the whole module. */
const DIALLING: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['*', 'connect', 'createConnection', 'Socket', 'Stream'],
  'node:tls': ['*', 'connect'],
  'node:http': ['*', 'request', 'get', 'Agent', 'ClientRequest', 'globalAgent'],
  'node:https': ['*', 'request', 'get', 'Agent', 'globalAgent'],
  'node:http2': ['*', 'connect'],
  'node:dgram': ['*', 'createSocket', 'Socket'],
  'node:inspector': ['*', 'open'],
  ws: ['*', 'WebSocket', 'default', 'createWebSocketStream'],
  undici: ['*'],
}
const DIALLING_GLOBALS = /(?<![.\w#])(?:fetch|new\s+(?:WebSocket|EventSource|WebSocketStream))\s*\(/

interface Source {
  readonly file: string
  readonly text: string
}

const sources: readonly Source[] = globSync('src/**/*.ts', { cwd: gateway }).map((file) => ({
  file: relative('.', file),
  text: withoutComments(readFileSync(join(gateway, file), 'utf8')),
}))

test('the gateway knows no client: neither its package nor the official one', () => {
  const manifest = JSON.parse(readFileSync(join(gateway, 'package.json'), 'utf8'))
  const known = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies })
  assert.deepEqual(known.filter(isClient), [])
  const importing = sources.flatMap(({ file, text }) =>
    specifiersOf(text)
      .filter(isClient)
      .map((name) => `${file}: ${name}`),
  )
  assert.deepEqual(importing, [])
})

test('whatever opens a connection in the gateway is on the list, with its reason', () => {
  const dialling = sources.flatMap(({ file, text }) => waysToDial(text).map((way) => ({ file, way })))
  const unlisted = dialling.filter(({ file }) => DIALLERS[file] === undefined)
  assert.deepEqual(unlisted, [])
  const listed = Object.keys(DIALLERS)
  assert.deepEqual(
    listed.filter((file) => !dialling.some((found) => found.file === file)),
    [],
    'listed, but opens nothing any more',
  )
})

test('this check finds every way of opening a connection it names', () => {
  for (const text of [
    "import { connect } from 'node:net'",
    "import { createServer, connect as dial, type Socket } from 'node:net'",
    "import * as net from 'node:net'",
    "import net from 'node:net'",
    "const { connect } = await import('node:net')",
    "import { WebSocket } from 'ws'",
    "import WebSocket from 'ws'",
    'await fetch(url)',
    'return new WebSocket(url)',
    "import { request } from 'node:http'",
  ]) {
    assert.notDeepEqual(waysToDial(text), [], text)
  }
  for (const text of [
    "import { createServer, type Socket } from 'node:net'",
    "import type { Socket } from 'node:net'",
    "import { WebSocketServer } from 'ws'",
    "import type { WebSocket } from 'ws'",
    'app.fetch(request)',
    'new WebSocketLink(ws)',
  ]) {
    assert.deepEqual(waysToDial(text), [], text)
  }
})

function waysToDial(text: string): string[] {
  const ways: string[] = []
  for (const [, typeOnly, clause = '', specifier = ''] of text.matchAll(
    /\bimport\s+(type\s)?([^'"();]*?)\s*from\s*['"]([^'"]+)['"]/g,
  )) {
    const names = DIALLING[specifier]
    if (names === undefined || typeOnly !== undefined) continue
    for (const name of valueNames(clause)) if (names.includes(name) || name === '*') ways.push(`${specifier} ${name}`)
  }
  for (const [, specifier = ''] of text.matchAll(/\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g)) {
    if (DIALLING[specifier] !== undefined) ways.push(`${specifier} as a whole`)
  }
  const global = DIALLING_GLOBALS.exec(text)
  return global === null ? ways : [...ways, global[0]]
}

/** Names a clause imports as values: `*` for a namespace or a default import, which hold everything. */
function valueNames(clause: string): string[] {
  const [, before = '', braces = ''] = /^([^{]*)(?:\{([\s\S]*)\})?/.exec(clause) ?? []
  const named = braces
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && !entry.startsWith('type '))
    .map((entry) => entry.split(/\s+as\s+/)[0] ?? '')
  return before.replace(',', '').trim() === '' ? named : ['*', ...named]
}

const specifiersOf = (text: string): string[] =>
  [...text.matchAll(/(?:from\s*|import\s*\(?\s*|require\s*\(\s*)['"]([^'"]+)['"]/g)].map(
    ([, specifier = '']) => specifier,
  )

const isClient = (specifier: string): boolean =>
  /^(?:@breakwater\/client|@openclaw\/gateway-client|openclaw)(?:\/|$)/.test(specifier)

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(?<!:)\/\/.*$/gm, '')
}
