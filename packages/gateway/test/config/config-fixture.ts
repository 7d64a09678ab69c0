// A directory with configuration files and loaders over it. Removed when the test ends.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createConfigHasher } from '../../src/config/config-hash.ts'
import { formatIssue } from '../../src/config/config-issue.ts'
import { type LoadOptions, type LoadResult, loadConfig, type ValidLoad } from '../../src/config/load-config.ts'
import type { Environment } from '../../src/config/paths.ts'

export const testHasher = createConfigHasher(Buffer.alloc(32, 7))

export class ConfigDirectory implements AsyncDisposable {
  readonly path: string
  readonly configPath: string

  constructor(path: string) {
    this.path = path
    this.configPath = join(path, 'breakwater.json')
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.path, name)), { recursive: true })
    await writeFile(join(this.path, name), text)
  }

  /** Loads `breakwater.json`; with `text`, writes it first. */
  async load(text?: string, env: Environment = {}, options: Partial<LoadOptions> = {}): Promise<LoadResult> {
    if (text !== undefined) await this.write('breakwater.json', text)
    return loadConfig(
      { env, homeDir: '/home/somebody', hasher: testHasher },
      { configPath: this.configPath, ...options },
    )
  }

  read(): Promise<string> {
    return readFile(this.configPath, 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

export const createConfigDirectory = async (): Promise<ConfigDirectory> =>
  new ConfigDirectory(await mkdtemp(join(tmpdir(), 'breakwater-config-')))

/** Judges a text without any file. */
export const loadText = (rootText: string, env: Environment = {}, options: Partial<LoadOptions> = {}) =>
  loadConfig(
    { env, homeDir: '/home/somebody', hasher: testHasher },
    { configPath: '/etc/breakwater/breakwater.json', rootText, ...options },
  )

export const issuesOf = (load: LoadResult): string[] => load.issues.map(formatIssue)

export const warningsOf = (load: LoadResult): string[] => load.warnings.map(formatIssue)

export function assertValid(load: LoadResult): asserts load is ValidLoad {
  if (!load.valid) throw new Error(`expected a valid configuration: ${issuesOf(load).join('; ')}`)
}
