// From a path to a verdict on the configuration in it: includes, environment, types, rules. Never throws for anything a
// person wrote or forgot; what is wrong comes back as issues with exact paths. Keeps nothing: the caller owns the result.

import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { carryOver } from './carry-over.ts'
import { checkRules } from './check-rules.ts'
import type { ConfigHasher } from './config-hash.ts'
import type { ConfigIssue, ConfigWarning } from './config-issue.ts'
import { deepFreeze, isJsonObject, type JsonObject } from './json-value.ts'
import { parseConfigText } from './parse-config-text.ts'
import { type Environment, includeRoots } from './paths.ts'
import { type ReadTextFile, readTextFile } from './read-text-file.ts'
import { type ConfigOverride, resolveConfig } from './resolve-config.ts'
import { resolveIncludes } from './resolve-includes.ts'
import { CONFIG_LEAVES, type ResolvedConfig } from './schema.ts'
import { substituteEnv } from './substitute-env.ts'

export interface LoadComponents {
  readonly env: Environment
  readonly homeDir: string
  readonly hasher: ConfigHasher
  readonly readText?: ReadTextFile
}

export interface LoadOptions {
  readonly configPath: string
  /** Take precedence over the file, the environment's included; the last one of a path wins. */
  readonly overrides?: readonly ConfigOverride[]
  /** A missing file is an issue instead of the defaults: for a file that was there before. */
  readonly isRequired?: boolean
  /** Judges this text as if the file held it. */
  readonly rootText?: string
}

interface LoadBase {
  readonly configPath: string
  readonly exists: boolean
  /** The file's text; null when there is no file or it could not be read. */
  readonly raw: string | null
  /** The file as written: `$include` and `${NAME}` untouched. Empty when there is no file or it is not readable. */
  readonly parsed: JsonObject
  /** Whether `parsed` is what the file says. True for a missing file, which says nothing. */
  readonly isReadable: boolean
  /** Includes and environment applied, without defaults. */
  readonly source: JsonObject
  /** The configuration file and every included one, whether or not they could be read. */
  readonly sourcePaths: readonly string[]
  readonly warnings: readonly ConfigWarning[]
  /** Of the file's text: what a client's `baseHash` is compared with. */
  readonly hash: string
}

export interface ValidLoad extends LoadBase {
  readonly valid: true
  readonly config: ResolvedConfig
  readonly issues: readonly []
}

export interface InvalidLoad extends LoadBase {
  readonly valid: false
  readonly config: undefined
  readonly issues: readonly ConfigIssue[]
}

export type LoadResult = ValidLoad | InvalidLoad

export async function loadConfig(components: LoadComponents, options: LoadOptions): Promise<LoadResult> {
  const root = await readRoot(components, options)
  const base = {
    configPath: options.configPath,
    exists: root.exists,
    raw: root.raw,
    parsed: {} as JsonObject,
    isReadable: false,
    source: {} as JsonObject,
    sourcePaths: [options.configPath],
    warnings: [],
    hash: components.hasher('raw', root.raw ?? ''),
  }
  if (root.issue !== undefined) return invalid(base, [root.issue])
  const parsed = root.raw === null ? { ok: true as const, value: {} } : await parseConfigText(root.raw)
  if (!parsed.ok) return invalid(base, [parsed.issue])
  if (!isJsonObject(parsed.value)) return invalid(base, [{ path: '', message: 'expected an object in the file' }])
  return loadParsed(components, options, { ...base, parsed: parsed.value, isReadable: true })
}

async function loadParsed(components: LoadComponents, options: LoadOptions, base: LoadBase): Promise<LoadResult> {
  const included = await includeFiles(components, options, base.parsed)
  const { source: carried, warnings: carryWarnings } = carryOver(asObject(included.value))
  const substitution = substituteEnv(carried, components.env)
  const resolution = resolveConfig(substitution.value, {
    baseDir: dirname(options.configPath),
    homeDir: components.homeDir,
    overrides: [...environmentOverrides(components.env), ...(options.overrides ?? [])],
    fromEnvironment: substitution.fromEnvironment,
  })
  const { read, unread } = judgeMissing(substitution.missing)
  const isExplained = ({ path }: ConfigIssue) => read.some((issue) => issue.path === path)
  const issues = [...included.issues, ...read, ...resolution.issues.filter((issue) => !isExplained(issue))]
  if (substitution.isTooLong) issues.push({ path: '', message: 'environment variables add too much text' })
  // Rules compare settled values; with a wrong one replaced by its default they would accuse the innocent.
  if (issues.length === 0) issues.push(...checkRules(resolution.config))
  const loaded: LoadBase = {
    ...base,
    source: deepFreeze(asObject(substitution.value)),
    sourcePaths: [options.configPath, ...included.includedPaths],
    warnings: [...carryWarnings, ...resolution.warnings, ...unread],
  }
  return issues.length > 0 ? invalid(loaded, issues) : { ...loaded, valid: true, config: resolution.config, issues: [] }
}

interface RootText {
  readonly exists: boolean
  readonly raw: string | null
  readonly issue?: ConfigIssue
}

async function readRoot(components: LoadComponents, options: LoadOptions): Promise<RootText> {
  if (options.rootText !== undefined) return { exists: true, raw: options.rootText }
  const { configPath } = options
  const file = await (components.readText ?? readTextFile)(configPath)
  if (file.ok) return { exists: true, raw: file.text }
  if (file.problem !== 'missing')
    return { exists: true, raw: null, issue: { path: '', file: configPath, message: file.message } }
  if (options.isRequired !== true) return { exists: false, raw: null }
  const issue = { path: '', file: configPath, message: 'the configuration file was removed' }
  return { exists: false, raw: null, issue }
}

async function includeFiles({ env, readText }: LoadComponents, { configPath }: LoadOptions, parsed: JsonObject) {
  const real = async (path: string): Promise<string> => realpath(path).catch(() => path)
  const roots = await Promise.all(includeRoots(configPath, env).map(real))
  return resolveIncludes(parsed, readText ?? readTextFile, { rootPath: await real(configPath), roots })
}

/** Leaves that name an environment variable take its text when it is set. */
function environmentOverrides(env: Environment): ConfigOverride[] {
  return CONFIG_LEAVES.flatMap(({ path, leaf }) => {
    const value = leaf.env === undefined ? undefined : env[leaf.env]
    return leaf.env === undefined || value === undefined || value === '' ? [] : [{ path, value, origin: leaf.env }]
  })
}

const LEAF_PATHS = CONFIG_LEAVES.map(({ path }) => path)

/** A variable missing where this gateway reads is an issue; elsewhere it is somebody else's and only a warning. */
function judgeMissing(missing: readonly { path: string; name: string }[]) {
  const isRead = (at: string) => LEAF_PATHS.some((leaf) => at === leaf || at.startsWith(`${leaf}[`))
  const issues = missing.map(({ path, name }) => ({
    path,
    message: `environment variable ${name} is not set`,
    nextStep: `set ${name}, or write $\${${name}} if that very text is meant`,
  }))
  return { read: issues.filter(({ path }) => isRead(path)), unread: issues.filter(({ path }) => !isRead(path)) }
}

const asObject = (value: unknown): JsonObject => (isJsonObject(value) ? value : {})

const invalid = (base: LoadBase, issues: readonly ConfigIssue[]): InvalidLoad => ({
  ...base,
  valid: false,
  config: undefined,
  issues,
})
