// The connect frames the load client sends: a constant one for a shared token, a signed one (v3, Ed25519) for a known
// device. Built here, not by the client package, so that the load costs little and measures any server alike.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { signaturePayload } from '@breakwater/protocol'

/** Turns the server's challenge frame into the connect frame that answers it. */
export type Login = (challenge: Buffer) => string

interface Device {
  readonly id: string
  readonly publicKey: string
  readonly privateKey: KeyObject
}

const SCOPES = ['operator.admin']
const CLIENT = { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' }
const PARAMS = { minProtocol: 4, maxProtocol: 4, client: CLIENT, role: 'operator', scopes: SCOPES, caps: [] }
const SIGNED_PARAMS = {
  clientId: CLIENT.id,
  clientMode: CLIENT.mode,
  role: PARAMS.role,
  scopes: SCOPES,
  platform: CLIENT.platform,
}
const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_ED25519_PREFIX_BYTES = 12

export function tokenLogin(token: string): Login {
  const frame = connectFrame({ ...PARAMS, auth: { token } })
  return () => frame
}

export function signedLogin(token: string, device: Device): Login {
  return (challenge) => {
    const { nonce, ts: signedAt } = JSON.parse(challenge.toString()).payload
    const { id, publicKey, privateKey } = device
    const signed = signaturePayload('v3', { ...SIGNED_PARAMS, deviceId: id, signedAtMs: signedAt, token, nonce })
    const signature = sign(null, Buffer.from(signed), privateKey).toString('base64url')
    return connectFrame({ ...PARAMS, auth: { token }, device: { id, publicKey, signature, signedAt, nonce } })
  }
}

/** The same devices for the same seed, so that two runs present the same identities. */
export function createDevices(seed: string, count: number): Device[] {
  return Array.from({ length: count }, (_, index) => {
    const secret = createHash('sha256').update(`${seed}/device/${index}`).digest()
    const pkcs8 = Buffer.concat([PKCS8_ED25519_PREFIX, secret])
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
    const raw = spki.subarray(SPKI_ED25519_PREFIX_BYTES)
    const id = createHash('sha256').update(raw).digest('hex')
    return { id, publicKey: raw.toString('base64url'), privateKey }
  })
}

function connectFrame(params: object): string {
  return JSON.stringify({ type: 'req', id: '1', method: 'connect', params })
}
