// A life of credentials in numbered steps: pairing by setup code, rotations, refusals, over and over. Every step leaves its
// number, so that a record tells how far it came and what it must hold.

import type { GatewayRecord, IssuedToken, RecordChange } from '../../src/credentials/credential-store.ts'
import { applyChanges, EMPTY_RECORD, findToken } from '../../src/credentials/gateway-record.ts'

const COUNTER = { deviceId: 'counter', role: 'operator' } as const
const STEPS_PER_LIFE = 6

const issue = (role: 'operator' | 'node', number: number): IssuedToken => ({
  deviceId: 'd1',
  role,
  // Long enough for a write to be cut in the middle of it.
  token: `${role}-${number}-${'x'.repeat(200)}`,
  scopes: role === 'node' ? [] : ['operator.read', 'operator.write'],
  issuedAtMs: number,
})
const keep = (issued: IssuedToken, known?: number): RecordChange => ({
  type: 'keep-token',
  issued,
  known: known === undefined ? undefined : issue(issued.role, known).token,
})

/** The changes of one step, to be applied as one. */
export function changesOf(number: number): readonly RecordChange[] {
  const counted: RecordChange = {
    type: 'keep-token',
    issued: { ...COUNTER, token: String(number), scopes: [] },
    known: number === 0 ? undefined : String(number - 1),
  }
  return [counted, ...stepsOfLife(number)]
}

function stepsOfLife(number: number): readonly RecordChange[] {
  switch (number % STEPS_PER_LIFE) {
    case 0:
      return [{ type: 'keep-bootstrap', bootstrap: { token: `code-${number}`, role: 'node', isPreferred: true } }]
    case 1:
      return [keep(issue('node', number)), keep(issue('operator', number), number - 3)]
    case 2: {
      const bought = [issue('node', number - 1), issue('operator', number - 1)]
      return [{ type: 'clear-bootstrap', token: `code-${number - 2}`, bought }]
    }
    case 3:
      return [keep(issue('operator', number), number - 2)]
    case 4:
      return [keep(issue('operator', number), number - 1)]
    default:
      return [{ type: 'forget-token', ...issue('node', number - 4) }]
  }
}

/** What is kept after step `number`; -1: before the first. */
export const recordAfter = (number: number): GatewayRecord =>
  Array.from({ length: number + 1 }, (_, step) => changesOf(step)).reduce(applyChanges, EMPTY_RECORD)

/** The last step that left its mark; -1 for none. */
export const numberOf = (record: GatewayRecord): number => Number(findToken(record, COUNTER)?.token ?? -1)

/** Order of the tokens means nothing. */
export const comparable = ({ tokens, bootstrap }: GatewayRecord) => ({
  bootstrap,
  tokens: Object.fromEntries(tokens.map((token) => [`${token.deviceId} ${token.role}`, token])),
})
