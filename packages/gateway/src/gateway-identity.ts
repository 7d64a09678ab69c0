// The gateway's own Ed25519 key pair: made once, kept in the state directory, the same for the life of the installation.
// Clients recognise the gateway by its public key. What is signed with it is decided elsewhere.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export interface GatewayIdentity {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string
  /** Raw 32-byte public key, base64url without padding. */
  readonly publicKey: string
  readonly privateKey: KeyObject
}

const OWNER_ONLY = 0o600
const OTHERS = 0o077

/**
 * Reads the identity, or makes one when there is none. Of several processes that start at once, all end up with the
 * same key. Rejects when the file exists but holds no Ed25519 key: a new identity is never put over an old one.
 */
export async function loadGatewayIdentity({ stateDir }: { readonly stateDir: string }): Promise<GatewayIdentity> {
  const path = join(stateDir, 'identity', 'gateway-key.pem')
  const existing = await readKey(path)
  if (existing !== undefined) return identityOf(existing, path)
  await createKeyFile(path)
  const created = await readKey(path)
  if (created === undefined) throw new Error(`the gateway key ${path} vanished while it was made`)
  return identityOf(created, path)
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const pem = await readFile(path, 'utf8')
    if (((await stat(path)).mode & OTHERS) !== 0 && process.platform !== 'win32') await chmod(path, OWNER_ONLY)
    return pem
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Written whole and flushed under another name first; `link` then refuses when somebody else was faster. */
async function createKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const { privateKey } = generateKeyPairSync('ed25519')
  const draft = `${path}.${randomUUID()}`
  try {
    await using file = await open(draft, 'wx', OWNER_ONLY)
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await file.sync()
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
}

function identityOf(pem: string, path: string): GatewayIdentity {
  const privateKey = parseKey(pem, path)
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  const raw = Buffer.from(x ?? '', 'base64url')
  const deviceId = createHash('sha256').update(raw).digest('hex')
  return { deviceId, publicKey: raw.toString('base64url'), privateKey }
}

function parseKey(pem: string, path: string): KeyObject {
  const problem = `${path} holds no Ed25519 key; restore it from a backup, or remove it to get a new identity`
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (cause) {
    throw new Error(problem, { cause })
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(problem)
  return key
}
