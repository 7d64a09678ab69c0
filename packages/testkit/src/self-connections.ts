// Counts the connections a process holds to a port of its own: the gateway never dials itself (law 2).

import { readdir, readFile, readlink } from 'node:fs/promises'

/** Established or half-open sockets of `pid` whose remote end is `port` on this machine. Linux only. */
export async function countSelfConnections(pid: number, port: number): Promise<number> {
  const inodes = await socketInodes(pid)
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  )
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote = '', , , , , , , inode = '']) => remotePort(remote) === port && inodes.has(inode)).length
}

const remotePort = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16)

async function socketInodes(pid: number): Promise<ReadonlySet<string>> {
  const descriptors = await readdir(`/proc/${pid}/fd`)
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
}
