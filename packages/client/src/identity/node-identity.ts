// A device key held by node:crypto, and the file it is kept in. A file that exists is used or reported, never replaced:
// a new key would be a new device, and the old one's approvals would be lost behind somebody's back.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { link, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isRecord } from '@breakwater/protocol'
import { makePrivateDirectory, nodeFileSystem, syncDirectory, writeDurably } from '../durable-file.ts'
import { ClientError } from '../errors.ts'
import type { DeviceIdentity } from './device-identity.ts'

/** Format of the ecosystem's `identity/device.json`, so that an existing device can be carried over. */
interface IdentityFile {
  readonly version: 1
  readonly deviceId: string
  readonly publicKeyPem: string
  readonly privateKeyPem: string
  readonly createdAtMs: number
}

const RAW_KEY_BYTES = 32

/** Throws IDENTITY_UNAVAILABLE unless it is an Ed25519 private key. */
export function nodeIdentity(privateKey: KeyObject): DeviceIdentity {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
    throw new ClientError('IDENTITY_UNAVAILABLE', 'the device key is not an Ed25519 private key')
  }
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(-RAW_KEY_BYTES)
  return {
    deviceId: createHash('sha256').update(raw).digest('hex'),
    publicKey: raw.toString('base64url'),
    sign: async (payload) => sign(null, Buffer.from(payload, 'utf8'), privateKey).toString('base64url'),
  }
}

/**
 * Reads the device key, creating it when the file does not exist. Processes that create at the same time all end up
 * with the same key. Rejects with IDENTITY_UNAVAILABLE for a file that cannot be read or makes no sense.
 */
export async function loadOrCreateIdentity(path: string): Promise<DeviceIdentity> {
  const existing = await loadIdentity(path)
  if (existing !== undefined) return existing
  await writeNewIdentity(path)
  const created = await loadIdentity(path)
  if (created === undefined) throw unavailable(path, 'it vanished right after it was written')
  return created
}

/** Reads the device key; undefined when there is no file. Rejects with IDENTITY_UNAVAILABLE. */
export async function loadIdentity(path: string): Promise<DeviceIdentity | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined
    throw unavailable(path, 'it cannot be read', cause)
  }
  return parseIdentity(path, text)
}

function parseIdentity(path: string, text: string): DeviceIdentity {
  let identity: DeviceIdentity
  let deviceId: unknown
  try {
    const file: unknown = JSON.parse(text)
    if (!isRecord(file) || file.version !== 1 || typeof file.privateKeyPem !== 'string')
      throw new Error('unknown format')
    identity = nodeIdentity(createPrivateKey(file.privateKeyPem))
    deviceId = file.deviceId
  } catch (cause) {
    throw unavailable(path, 'it holds no usable key', cause)
  }
  if (deviceId !== identity.deviceId) throw unavailable(path, 'its device id does not belong to its key')
  return identity
}

/** Complete on disk under a name of its own first; linked to the real name only if nobody was faster. */
async function writeNewIdentity(path: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const file: IdentityFile = {
    version: 1,
    deviceId: nodeIdentity(privateKey).deviceId,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    createdAtMs: Date.now(),
  }
  const temporary = `${path}.${process.pid}.${file.deviceId.slice(0, 8)}.tmp`
  try {
    await makePrivateDirectory(nodeFileSystem, dirname(path))
    await writeDurably(nodeFileSystem, temporary, `${JSON.stringify(file, null, 2)}\n`)
    try {
      await link(temporary, path)
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
    } finally {
      await unlink(temporary)
    }
    await syncDirectory(nodeFileSystem, dirname(path))
  } catch (cause) {
    throw unavailable(path, 'it cannot be created', cause)
  }
}

const unavailable = (path: string, why: string, cause?: unknown): ClientError =>
  new ClientError(
    'IDENTITY_UNAVAILABLE',
    `device key ${path}: ${why}. It is never replaced automatically: restore it, or move it away to pair as a new device.`,
    cause === undefined ? {} : { cause },
  )

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
