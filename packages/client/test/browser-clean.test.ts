// The browser entry must not reach a platform module: the import graph of its source is walked, types left out.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ENTRY = new URL('../src/index.ts', import.meta.url)
const PACKAGES: Readonly<Record<string, URL>> = {
  '@breakwater/protocol': new URL('../../protocol/src/index.ts', import.meta.url),
  '@breakwater/supervisor': new URL('../../supervisor/src/index.ts', import.meta.url),
}
const ALLOWED_EXTERNAL = ['ipaddr.js']

/** Specifiers of imports and re-exports that exist at run time; whole-statement `type` ones are erased. */
const specifiersOf = (source: string): string[] =>
  [
    ...source.matchAll(
      /^(?:import|export)\s+(?!type\b)[^'"]*?\bfrom\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '')

function walk(entry: URL): { files: Set<string>; external: Set<string> } {
  const files = new Set<string>()
  const external = new Set<string>()
  const visit = (url: URL): void => {
    if (files.has(url.href)) return
    files.add(url.href)
    assert.ok(existsSync(url), fileURLToPath(url))
    for (const specifier of specifiersOf(readFileSync(url, 'utf8'))) {
      if (specifier.startsWith('.')) visit(new URL(specifier, url))
      else if (PACKAGES[specifier] !== undefined) visit(PACKAGES[specifier])
      else external.add(specifier)
    }
  }
  visit(entry)
  return { files, external }
}

test('the browser entry reaches no platform module and no package but the allowed ones', () => {
  const { files, external } = walk(ENTRY)
  assert.ok(files.size > 30, `only ${files.size} files were reached`)
  assert.deepEqual([...external].sort(), ALLOWED_EXTERNAL)
})

test('the walk would notice: the Node entry does reach platform modules', () => {
  const { external } = walk(new URL('../src/node.ts', import.meta.url))
  assert.ok(external.has('ws'))
  assert.ok([...external].some((specifier) => builtinModules.includes(specifier.replace('node:', ''))))
})

test('no file behind the browser entry touches a Node global', () => {
  for (const file of walk(ENTRY).files) {
    if (!file.includes('/client/src/')) continue
    const code = readFileSync(new URL(file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    assert.doesNotMatch(code, /(?<!\.)\b(process|Buffer|require|__dirname)\b\s*[.(]/, file)
  }
})
