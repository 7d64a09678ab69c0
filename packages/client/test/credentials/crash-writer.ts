// Changes credentials without end and prints the number of each change that was acknowledged, until it kills itself at a
// chosen call to the file system, before it, in the middle of it or after it.
// Usage: node --conditions=source crash-writer.ts <directory> <first number> <calls until death> <0 .. 1 within the call>

import { writeSync } from 'node:fs'
import { FileCredentialStore } from '../../src/credentials/file-credential-store.ts'
import { type FileSystem, nodeFileSystem, type OpenFile } from '../../src/durable-file.ts'
import { keyOf } from '../support/kept-tokens.ts'
import { changesOf } from '../support/numbered-changes.ts'

const [directory = '', first = '', calls = '', within = ''] = process.argv.slice(2)
const progress = Number(within)
let callsLeft = Number(calls)

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // The signal is delivered on the way back from the call.
  throw new Error('still alive')
}

async function counted<T>(act: () => Promise<T>): Promise<T> {
  callsLeft -= 1
  if (callsLeft > 0) return act()
  if (progress < 0.5) die()
  await act()
  die()
}

const wrap = (file: OpenFile): OpenFile => ({
  writeFile: async (text) => {
    callsLeft -= 1
    if (callsLeft > 0) return file.writeFile(text)
    await file.writeFile(text.slice(0, Math.floor(progress * text.length)))
    die()
  },
  sync: () => counted(() => file.sync()),
  close: () => counted(() => file.close()),
})

const files: FileSystem = {
  readFile: (path, encoding) => counted(() => nodeFileSystem.readFile(path, encoding)),
  open: async (path, flags, mode) => wrap(await counted(() => nodeFileSystem.open(path, flags, mode))),
  rename: (from, to) => counted(() => nodeFileSystem.rename(from, to)),
  unlink: (path) => counted(() => nodeFileSystem.unlink(path)),
  readdir: (path) => counted(() => nodeFileSystem.readdir(path)),
  mkdir: (path, options) => counted(() => nodeFileSystem.mkdir(path, options)),
  stat: (path) => counted(() => nodeFileSystem.stat(path)),
}

const store = new FileCredentialStore({ files }, { directory })
for (let number = Number(first); ; number += 1) {
  await store.apply(keyOf(), changesOf(number))
  // A pipe keeps what was written to it even when the writer is killed in the next moment.
  writeSync(1, `${number}\n`)
}
