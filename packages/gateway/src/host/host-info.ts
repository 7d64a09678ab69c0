// What machine this is, in the wire's words. Read from the operating system at every call; nothing is cached or guessed.

import { statfs } from 'node:fs/promises'
import os from 'node:os'

export interface DiskSpace {
  readonly diskPath: string
  readonly diskTotalBytes: number
  /** What an ordinary user may still write. */
  readonly diskAvailableBytes: number
}

/** The machine as other parts see it; tests hand in one of their own. */
export interface HostInfo {
  readonly hostname: string
  /** `linux 6.8.0`: the platform's name and its release. */
  readonly platform: string
  readonly deviceFamily: string
  /** First IPv4 address of a network interface that is up and not loopback. */
  lanAddress(): string | undefined
  /** All of them, IPv4 only: what a person can type and a phone can scan. */
  lanAddresses(): readonly string[]
  /** Undefined when the file system does not say, or the path does not exist. */
  diskSpace(path: string): Promise<DiskSpace | undefined>
}

const FAMILIES: Readonly<Record<string, string>> = { darwin: 'Mac', linux: 'Linux', win32: 'Windows' }

export const systemHost: HostInfo = {
  hostname: os.hostname(),
  platform: `${os.platform()} ${os.release()}`,
  deviceFamily: FAMILIES[os.platform()] ?? os.platform(),
  lanAddress: () => lanAddresses()[0],
  lanAddresses,
  diskSpace,
}

function lanAddresses(): readonly string[] {
  return Object.values(os.networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}

async function diskSpace(path: string): Promise<DiskSpace | undefined> {
  try {
    const { blocks, bavail, bsize } = await statfs(path)
    return { diskPath: path, diskTotalBytes: blocks * bsize, diskAvailableBytes: bavail * bsize }
  } catch {
    return undefined
  }
}
