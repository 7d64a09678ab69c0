// The picture of docs/architecture.md, held against every import: which package may know which, no cycles between files,
// a browser-clean protocol and client, and Node built-ins named with their prefix.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Who may import whom. Tests, benches and scripts see everything. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  supervisor: [],
  client: ['protocol', 'supervisor'],
  gateway: ['protocol', 'supervisor'],
  cli: ['protocol', 'supervisor', 'client', 'gateway'],
  testkit: ['protocol', 'supervisor', 'client', 'gateway', 'cli'],
}

interface Import {
  readonly file: string
  readonly specifier: string
  readonly isTypeOnly: boolean
}

const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((file) => !file.includes('generated'))

const imports: readonly Import[] = sources.flatMap((file) =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /^\s*(?:import|export)\s+(type\s+)?[^'"\n]*?(?:\{[^}]*\}\s*)?(?:from\s*)?['"]([^'"]+)['"]/gm,
    ),
  ].map(([, typeOnly, specifier = '']) => ({ file, specifier, isTypeOnly: typeOnly !== undefined })),
)

const packageOf = (file: string): string => file.split('/')[1] ?? ''

test('every package imports only the packages below it', () => {
  const strays = imports.filter(({ file, specifier }) => {
    const target = /^@breakwater\/([^/]+)/.exec(specifier)?.[1]
    return target !== undefined && target !== packageOf(file) && !ALLOWED[packageOf(file)]?.includes(target)
  })
  assert.deepEqual(strays, [])
})

test('no file reaches into another package by path', () => {
  const strays = imports.filter(
    ({ file, specifier }) => specifier.startsWith('.') && packageOf(resolve(file, specifier)) !== packageOf(file),
  )
  assert.deepEqual(strays, [])
})

test('values are never imported in a circle', () => {
  const edges = new Map<string, string[]>()
  for (const { file, specifier, isTypeOnly } of imports) {
    if (isTypeOnly || !specifier.startsWith('.')) continue
    edges.set(file, [...(edges.get(file) ?? []), resolve(file, specifier)])
  }
  assert.deepEqual(findCycle(edges), [])
})

test('the protocol and the browser entry of the client touch no platform module', () => {
  const reached = new Set<string>()
  const walk = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const found of imports)
      if (found.file === file && !found.isTypeOnly && found.specifier.startsWith('.'))
        walk(resolve(file, found.specifier))
  }
  for (const entry of [
    'packages/protocol/src/index.ts',
    'packages/client/src/index.ts',
    'packages/supervisor/src/index.ts',
  ])
    walk(entry)
  const platform = imports.filter(
    ({ file, specifier, isTypeOnly }) =>
      reached.has(file) && !isTypeOnly && (specifier.startsWith('node:') || specifier === 'ws'),
  )
  assert.deepEqual(platform, [])
})

test('no module decides by matching the text of an error message', () => {
  const matching = sources.filter((file) =>
    /(?<!typeof [\w.]*)\.message\s*(?:\.includes\(|\.startsWith\(|\.match\(|===)/.test(
      readFileSync(join(root, file), 'utf8'),
    ),
  )
  assert.deepEqual(matching, [])
})

function resolve(file: string, specifier: string): string {
  return relative(root, join(root, dirname(file), specifier))
}

/** The first circle of files found, or an empty list. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    path.push(file)
    for (const target of edges.get(file) ?? []) {
      const cycle = visit(target)
      if (cycle.length > 0) return cycle
    }
    path.pop()
    done.add(file)
    return []
  }
  for (const file of edges.keys()) {
    const cycle = visit(file)
    if (cycle.length > 0) return cycle
  }
  return []
}
