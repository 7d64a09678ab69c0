// Results on disk: one JSON file per run, named by when and what was measured. The directory is not committed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { RunResult } from './results.ts'

const DIRECTORY = join(import.meta.dirname, 'results')

/** Writes the result and returns its path as seen from the working directory. */
export function storeResult(result: RunResult): string {
  const when = result.startedAt.slice(0, 19).replace('T', '-').replaceAll(':', '')
  const file = join(DIRECTORY, `${when}-${result.commit}.json`)
  mkdirSync(DIRECTORY, { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  return relative(process.cwd(), file)
}

export function loadResult(file: string): RunResult {
  const result: RunResult = JSON.parse(readFileSync(file, 'utf8'))
  if (result.schema !== 1) throw new Error(`${file} is not a bench result this version can read`)
  return result
}
