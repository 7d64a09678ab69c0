// The last file of a backup: what is in it, from when, and the digest of each file. Pure.

import { isRecord } from '@breakwater/protocol'
import { unusable } from './backup-fault.ts'

export const MANIFEST = 'manifest.json'
const FORMAT = 'breakwater-backup'
const FORMAT_VERSION = 1

export interface ManifestFile {
  readonly path: string
  readonly bytes: number
  /** Of the content, hexadecimal. */
  readonly sha256: string
  readonly mode: number
}

export interface Manifest {
  readonly format: typeof FORMAT
  readonly formatVersion: number
  readonly createdAtMs: number
  /** Version of the program that made it. */
  readonly release: string
  readonly hostname: string
  readonly stateDir: string
  readonly configPath: string
  /** Undefined where nothing was stored yet. */
  readonly store: { readonly schemaVersion: number; readonly counts: Readonly<Record<string, number>> } | undefined
  readonly files: readonly ManifestFile[]
}

export const encodeManifest = (manifest: Omit<Manifest, 'format' | 'formatVersion'>): Buffer =>
  Buffer.from(`${JSON.stringify({ format: FORMAT, formatVersion: FORMAT_VERSION, ...manifest }, null, 2)}\n`)

export function decodeManifest(text: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw unusable('the list of contents is damaged', cause)
  }
  if (!isRecord(value) || value.format !== FORMAT || !Array.isArray(value.files)) {
    throw unusable('this is no backup of a breakwater gateway')
  }
  if (value.formatVersion !== FORMAT_VERSION) {
    throw unusable(
      `the backup is of a later form (${String(value.formatVersion)}): restore it with the release that made it`,
    )
  }
  return value as unknown as Manifest
}
