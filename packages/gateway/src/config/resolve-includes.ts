// Replaces `$include` by what it names: `{ $include: "a.json5" }` or a list of files, merged in order, keys beside it
// winning over them. Objects merge, lists append, anything else is replaced (as in the ecosystem's files).
// Reads only below the allowed directories; cycles, depth, count and size are bounded.

import { dirname, isAbsolute, relative, resolve } from 'node:path'
import type { ConfigIssue } from './config-issue.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { childPath } from './key-path.ts'
import { parseConfigText } from './parse-config-text.ts'
import type { ReadTextFile } from './read-text-file.ts'

export const INCLUDE_KEY = '$include'
/** Files including files including files. */
export const MAX_INCLUDE_DEPTH = 10
/** Files read for one configuration, repetitions included; bounds what a small file can blow up to. */
export const MAX_INCLUDED_FILES = 64
/** Characters of all included files together. */
export const MAX_INCLUDED_CHARS = 4_194_304

export interface IncludeOptions {
  /** Real path of the configuration file. */
  readonly rootPath: string
  /** Real paths of directories that included files must be in. */
  readonly roots: readonly string[]
}

export interface Included {
  /** Without any `$include`; incomplete when there are issues. */
  readonly value: unknown
  /** The files that were read, or looked for in vain, in order. */
  readonly includedPaths: readonly string[]
  readonly issues: readonly ConfigIssue[]
}

export async function resolveIncludes(
  root: unknown,
  readText: ReadTextFile,
  options: IncludeOptions,
): Promise<Included> {
  const expansion = new Expansion(readText, options.roots)
  const value = await expansion.expand(root, { path: '', chain: [options.rootPath] })
  return { value, includedPaths: [...expansion.paths], issues: expansion.issues }
}

interface Place {
  readonly path: string
  /** Real paths from the configuration file to the one being expanded. */
  readonly chain: readonly string[]
}

class Expansion {
  readonly paths = new Set<string>()
  readonly issues: ConfigIssue[] = []
  readonly #readText: ReadTextFile
  readonly #roots: readonly string[]
  #fileCount = 0
  #charCount = 0

  constructor(readText: ReadTextFile, roots: readonly string[]) {
    this.#readText = readText
    this.#roots = roots
  }

  async expand(value: unknown, place: Place): Promise<unknown> {
    if (Array.isArray(value)) {
      const items: unknown[] = []
      for (const [index, item] of value.entries()) items.push(await this.expand(item, below(place, index)))
      return items
    }
    if (!isJsonObject(value)) return value
    const { [INCLUDE_KEY]: include, ...own } = value
    const members: Record<string, unknown> = {}
    for (const [key, member] of Object.entries(own)) members[key] = await this.expand(member, below(place, key))
    return include === undefined ? members : this.#merge(await this.#includeAll(include, place), members, place)
  }

  #merge(included: unknown, members: JsonObject, place: Place): unknown {
    if (Object.keys(members).length === 0) return included
    if (isJsonObject(included)) return mergeIncluded(included, members)
    if (included !== undefined) this.#refuse(place, 'keys beside an $include need the included file to hold an object')
    return members
  }

  async #includeAll(include: unknown, place: Place): Promise<unknown> {
    const names = Array.isArray(include) ? include : [include]
    let merged: unknown
    for (const name of names) {
      if (typeof name !== 'string' || name === '') {
        this.#refuse(place, 'expected a file name or a list of file names')
        continue
      }
      const value = await this.#includeOne(name, place)
      merged = merged === undefined ? value : value === undefined ? merged : mergeIncluded(merged, value)
    }
    return merged
  }

  async #includeOne(name: string, place: Place): Promise<unknown> {
    this.#fileCount += 1
    if (this.#fileCount > MAX_INCLUDED_FILES)
      return this.#refuse(place, `more than ${MAX_INCLUDED_FILES} included files`)
    if (place.chain.length > MAX_INCLUDE_DEPTH)
      return this.#refuse(place, `nested deeper than ${MAX_INCLUDE_DEPTH} files`)
    const file = resolve(dirname(place.chain.at(-1) as string), name)
    this.paths.add(file)
    const read = await this.#readText(file, (realPath) => this.#roots.some((root) => isBelow(realPath, root)))
    if (!read.ok) return this.#refuse(place, `${file}: ${read.message}`)
    this.#charCount += read.text.length
    if (this.#charCount > MAX_INCLUDED_CHARS)
      return this.#refuse(place, `more than ${MAX_INCLUDED_CHARS} characters included`)
    if (place.chain.includes(read.realPath)) {
      return this.#refuse(place, `files include each other: ${[...place.chain, read.realPath].join(' -> ')}`)
    }
    const parsed = await parseConfigText(read.text)
    if (!parsed.ok) {
      this.issues.push({ ...parsed.issue, file })
      return undefined
    }
    return this.expand(parsed.value, { path: place.path, chain: [...place.chain, read.realPath] })
  }

  #refuse(place: Place, message: string): undefined {
    this.issues.push({ path: childPath(place.path, INCLUDE_KEY), message })
  }
}

const below = (place: Place, segment: string | number): Place => ({ ...place, path: childPath(place.path, segment) })

function isBelow(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way !== '' && way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way)
}

function mergeIncluded(base: unknown, over: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(over)) return [...base, ...over]
  if (!isJsonObject(base) || !isJsonObject(over)) return over
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    merged[key] = Object.hasOwn(base, key) ? mergeIncluded(base[key], value) : value
  }
  return merged
}
