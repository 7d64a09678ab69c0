// What the wire says about each method: which role may call it and which scope it needs.
// The published contract is the source; rules it leaves to the server ("dynamic", "any role") are added here.

import type { Role } from './client-info.ts'
import { CONTRACT_METHODS } from './generated/contract-methods.ts'
import { isScope, type Scope } from './scopes.ts'

export type ContractMethod = keyof typeof CONTRACT_METHODS

export interface MethodAccess {
  /** Which roles may call it. */
  readonly roles: readonly Role[]
  /** Scope an operator needs at least; undefined: any authenticated connection. */
  readonly scope: Scope | undefined
}

const OPERATOR: readonly Role[] = ['operator']
const NODE: readonly Role[] = ['node']
const BOTH: readonly Role[] = ['operator', 'node']

/** The least scope of methods whose scope depends on their parameters; handlers check the rest. */
const DYNAMIC_LEAST: Readonly<Record<string, Scope>> = {
  'talk.config': 'operator.read',
  'plugins.sessionAction': 'operator.write',
}

/** Methods that answer any authenticated connection (protocol notes section 5). */
const ANY_ROLE = new Set(['health'])

/** Methods with which a session asks for scopes it lacks: whatever it has is enough (pairing notes section 7). */
const ANY_SCOPE = new Set(['device.scopes.requestUpgrade', 'device.scopes.waitUpgrade'])

/** Methods that are served but not listed in `hello-ok.features` (pairing notes section 6). */
export const HIDDEN_METHODS: ReadonlySet<string> = new Set(['device.pair.setupCode', 'device.pair.setupStatus'])

/** Access of a contract method, or undefined for names outside the contract. */
export function methodAccess(method: string): MethodAccess | undefined {
  if (!Object.hasOwn(CONTRACT_METHODS, method)) return undefined
  const scope: string = CONTRACT_METHODS[method as ContractMethod]
  if (ANY_ROLE.has(method)) return { roles: BOTH, scope: undefined }
  if (ANY_SCOPE.has(method)) return { roles: OPERATOR, scope: undefined }
  if (scope === 'node') return { roles: NODE, scope: undefined }
  if (isScope(scope)) return { roles: OPERATOR, scope }
  return { roles: OPERATOR, scope: DYNAMIC_LEAST[method] ?? 'operator.write' }
}

/** Methods with effects that must carry an idempotency key; a repeated key replays the stored outcome. */
export const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set([
  'agent',
  'chat.send',
  'send',
  'message.action',
  'node.invoke',
])

/** Prefixes of configuration-type writes: limited per method and caller (protocol notes section 5). */
export const isControlPlaneWrite = (method: string): boolean =>
  /^(config\.(set|apply|patch)|update\.(run|hold)|gateway\.restart\.request|secrets\.reload)$/.test(method)

export { CONTRACT_METHODS }
