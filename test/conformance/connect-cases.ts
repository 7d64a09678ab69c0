// Every conformance case, by topic. Data only; what drives them is `drive.ts`, what judges them `compare.ts`.

import type { ErrorName } from '@breakwater/protocol'
import type { ConnectCase } from './case.ts'
import { connectParamsCases } from './cases/connect-params.ts'
import { deviceCredentialCases } from './cases/device-credentials.ts'
import { deviceProofCases } from './cases/device-proofs.ts'
import { firstFrameCases } from './cases/first-frames.ts'
import { limitCases } from './cases/limits.ts'
import { originCases } from './cases/origins.ts'
import { pairingCases } from './cases/pairing.ts'
import { proxyIdentityCases } from './cases/proxy-identity.ts'
import { requestCases } from './cases/requests.ts'
import { secretCases } from './cases/secrets.ts'

/** The release of the published gateway whose answers stand under `official`. */
export const OFFICIAL_VERSION = '2026.9.6'

export const CONNECT_CASES: readonly ConnectCase[] = [
  ...firstFrameCases,
  ...connectParamsCases,
  ...secretCases,
  ...deviceCredentialCases,
  ...proxyIdentityCases,
  ...deviceProofCases,
  ...pairingCases,
  ...originCases,
  ...limitCases,
  ...requestCases,
]

/** What holds for every refusal of a dialect and is not repeated in each case; `compare.ts` asserts our side. */
export const EVERYWHERE: readonly { what: string; ours: string; official: string; why: string }[] = [
  {
    what: 'Recovery',
    ours: '`details.recovery` says what a client does about the error; `details.nextCommand` what a person runs',
    official: 'neither',
    why: 'Nobody has to parse a sentence to know what to do.',
  },
  {
    what: 'Retrying',
    ours: '`retryable` is always there, `retryAfterMs` wherever waiting helps',
    official: 'only when true',
    why: 'A client need not guess what an absent field means.',
  },
  {
    what: 'Sentences',
    ours: 'name the fault; the remedy is a field',
    official: 'end with a remedy in parentheses that depends on the client',
    why: 'Clients of both read the fields. Cases compare sentences up to the parenthesis.',
  },
]

/** Cases this gateway does not pass yet, and what they wait for. One that passes must leave this list. */
export const KNOWN_FAILURES: Readonly<Record<string, string>> = {
  'crowd-proxied': 'the budget of silent sockets per source',
  'guesses-token': 'the penalties for guesses',
  'guesses-device-token': 'the penalties for guesses',
}

/** Connection errors of the error table that no case can provoke yet, and why. */
export const NOT_YET_PRODUCIBLE: Readonly<Partial<Record<ErrorName, string>>> = {
  AUTH_TOKEN_NOT_CONFIGURED: 'a gateway without a token makes one at its start',
  AUTH_PASSWORD_NOT_CONFIGURED: 'a gateway without a password refuses to start',
  AUTH_RATE_LIMITED: 'penalties for guesses (design 5) are not built yet; cases wait among the known failures',
  GATEWAY_STARTING: 'needs more than 5 s of waiting handshakes: an overloaded gateway, not one connection',
  GATEWAY_STOPPING: 'needs a gateway that is stopping while a handshake is under way',
}
