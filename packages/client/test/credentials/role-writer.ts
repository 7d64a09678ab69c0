// Rotates the token of one device without end and prints the number of each rotation that was acknowledged; somebody kills
// it. Usage: node --conditions=source role-writer.ts <directory> <device> <first number>

import { writeSync } from 'node:fs'
import { FileCredentialStore } from '../../src/credentials/file-credential-store.ts'
import { keyOf } from '../support/kept-tokens.ts'

const [directory = '', deviceId = '', first = ''] = process.argv.slice(2)
const store = new FileCredentialStore({}, { directory })
for (let number = Number(first); ; number += 1) {
  const issued = { deviceId, role: 'node', token: String(number), scopes: [] } as const
  await store.apply(keyOf(), [{ type: 'keep-token', issued, known: number === 0 ? undefined : String(number - 1) }])
  writeSync(1, `${number}\n`)
}
