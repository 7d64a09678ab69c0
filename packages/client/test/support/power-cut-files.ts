// A disk whose power fails: what was synced is there afterwards, everything else is there or not, or in part, as chance has
// it. Stands in for `node:fs/promises` below one directory.

import { basename, dirname } from 'node:path'
import type { Random } from '@breakwater/supervisor'
import type { FileSystem, OpenFile } from '../../src/durable-file.ts'

interface Inode {
  text: string
  synced: string | undefined
}

/** Names in one directory: as everybody sees them, and as they are on the platter. */
interface Directory {
  readonly names: Map<string, Inode>
  synced: Map<string, Inode>
  /** Its own name in its parent is on the platter. */
  isSynced: boolean
}

export class PowerCut extends Error {}

const noEntry = (path: string): Error => Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' })

export class PowerCutFiles implements FileSystem {
  /** Calls until the power fails; undefined = never. */
  callsLeft: number | undefined
  readonly #directories = new Map<string, Directory>()

  constructor(root: string) {
    this.#directories.set(root, { names: new Map(), synced: new Map(), isSynced: true })
  }

  /** The disk after the power came back. */
  restart(random: Random): void {
    this.callsLeft = undefined
    for (const [path, directory] of [...this.#directories]) {
      const isLost = ![...this.#directories.values()].includes(directory) || (!directory.isSynced && random() < 0.5)
      if (isLost) {
        for (const below of [...this.#directories.keys()]) {
          if (below === path || below.startsWith(`${path}/`)) this.#directories.delete(below)
        }
        continue
      }
      directory.isSynced = true
      this.#settleNames(directory, random)
    }
    const inodes = new Set([...this.#directories.values()].flatMap(({ names }) => [...names.values()]))
    for (const inode of inodes) {
      if (inode.synced === inode.text) continue
      inode.text = inode.text.slice(0, Math.floor(random() * (inode.text.length + 1)))
      inode.synced = inode.text
    }
  }

  /** Each name that is not on the platter as it is seen made it there, or did not. */
  #settleNames(directory: Directory, random: Random): void {
    const names = new Map(directory.synced)
    for (const name of new Set([...directory.names.keys(), ...directory.synced.keys()])) {
      const seen = directory.names.get(name)
      if (seen === directory.synced.get(name) || random() < 0.5) continue
      if (seen === undefined) names.delete(name)
      else names.set(name, seen)
    }
    directory.names.clear()
    for (const [name, inode] of names) directory.names.set(name, inode)
    directory.synced = new Map(names)
  }

  async readFile(path: string): Promise<string> {
    this.#call()
    return this.#inode(path).text
  }

  async open(path: string, flags: 'wx' | 'r'): Promise<OpenFile> {
    this.#call()
    if (flags === 'r') return this.#openDirectory(path)
    const { names } = this.#directory(dirname(path))
    if (names.has(basename(path))) throw Object.assign(new Error('EEXIST'), { code: 'EEXIST' })
    const inode: Inode = { text: '', synced: undefined }
    names.set(basename(path), inode)
    return {
      writeFile: async (text) => {
        this.#call()
        inode.text += text
      },
      sync: async () => {
        this.#call()
        inode.synced = inode.text
      },
      close: async () => this.#call(),
    }
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call()
    const inode = this.#inode(from)
    const { names } = this.#directory(dirname(from))
    names.delete(basename(from))
    names.set(basename(to), inode)
  }

  async unlink(path: string): Promise<void> {
    this.#call()
    this.#inode(path)
    this.#directory(dirname(path)).names.delete(basename(path))
  }

  async readdir(path: string): Promise<string[]> {
    this.#call()
    return [...this.#directory(path).names.keys()]
  }

  async mkdir(path: string): Promise<string | undefined> {
    this.#call()
    if (this.#directories.has(path)) return undefined
    const parent = dirname(path)
    const first = this.#directories.has(parent) ? path : await this.mkdir(parent)
    this.#directories.set(path, { names: new Map(), synced: new Map(), isSynced: false })
    return first
  }

  async stat(path: string): Promise<{ readonly mode: number }> {
    this.#call()
    this.#directory(path)
    return { mode: 0o700 }
  }

  #openDirectory(path: string): OpenFile {
    const directory = this.#directory(path)
    return {
      writeFile: () => Promise.reject(new Error('EISDIR')),
      sync: async () => {
        this.#call()
        directory.synced = new Map(directory.names)
        for (const [below, { isSynced }] of this.#directories) {
          const child = this.#directories.get(below)
          if (!isSynced && dirname(below) === path && child !== undefined) child.isSynced = true
        }
      },
      close: async () => this.#call(),
    }
  }

  #call(): void {
    if (this.callsLeft === undefined) return
    if (this.callsLeft === 0) throw new PowerCut('the power has failed')
    this.callsLeft -= 1
  }

  #directory(path: string): Directory {
    const directory = this.#directories.get(path)
    if (directory === undefined) throw noEntry(path)
    return directory
  }

  #inode(path: string): Inode {
    const inode = this.#directory(dirname(path)).names.get(basename(path))
    if (inode === undefined) throw noEntry(path)
    return inode
  }
}
