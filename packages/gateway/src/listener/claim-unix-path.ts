// Makes room for the owner's socket: a private directory, and no left-over of a process that is gone.

import { chmod, mkdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'

/** Resolves when the path can be listened on, or when somebody answers there: then listening fails, and should. */
export async function claimUnixPath(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await chmod(dirname(path), 0o700)
  if (!(await isAnswering(path))) await unlink(path).catch(ignoreMissing)
}

/** True when a process listens on the socket: its file must not be taken away. */
function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    const answer = (value: boolean): void => {
      probe.destroy()
      resolve(value)
    }
    probe.once('connect', () => answer(true))
    probe.once('error', () => answer(false))
  })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
