// Reads spellings of the ecosystem's files that this gateway spells otherwise, so that an existing file can be carried
// over. Pure; works on a copy, and says what it did. Whatever is not listed here is handled as any other key.

import type { ConfigWarning } from './config-issue.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { getAt, setAt, unsetAt } from './key-path.ts'
import { CONFIG_LEAVES } from './schema.ts'
import { isReference } from './substitute-env.ts'

export interface CarriedOver {
  readonly source: JsonObject
  readonly warnings: readonly ConfigWarning[]
}

interface Reading {
  readonly path: string
  readonly value: unknown
  /** Empty: the same meaning in another notation, not worth a word. */
  readonly message: string
  /** The key that was read and would otherwise be reported as unknown. */
  readonly consumed?: string
}

export function carryOver(source: JsonObject): CarriedOver {
  const readings = [...readBind(source), ...readMdnsMode(source), ...readSecretReferences(source)]
  let current: unknown = source
  for (const { path, value, consumed } of readings) {
    const edited = setAt(current, path.split('.'), value)
    if (edited.ok) current = edited.value
    if (consumed !== undefined) current = unsetAt(current, consumed.split('.'))
  }
  return {
    source: current as JsonObject,
    warnings: readings.filter(({ message }) => message !== '').map(({ path, message }) => ({ path, message })),
  }
}

/** `custom` names its address in another key; `auto` prefers loopback, and more than that nobody should get unasked. */
function* readBind(source: JsonObject): Generator<Reading> {
  const bind = getAt(source, ['gateway', 'bind'])
  const address = getAt(source, ['gateway', 'customBindHost'])
  if (bind === 'auto') yield { path: 'gateway.bind', value: 'loopback', message: '"auto" is read as "loopback"' }
  if (bind === 'custom' && typeof address === 'string') {
    yield {
      path: 'gateway.bind',
      value: address,
      message: '"custom" is read as the address in gateway.customBindHost',
      consumed: 'gateway.customBindHost',
    }
  }
}

function* readMdnsMode(source: JsonObject): Generator<Reading> {
  const mode = getAt(source, ['discovery', 'mdns', 'mode'])
  if (typeof mode !== 'string' || getAt(source, ['discovery', 'mdns', 'enabled']) !== undefined) return
  const value = mode !== 'off'
  yield {
    path: 'discovery.mdns.enabled',
    value,
    message: `discovery.mdns.mode ${JSON.stringify(mode)} is read as ${value}`,
    consumed: 'discovery.mdns.mode',
  }
}

/** `{ source: "env", id: "NAME" }` is a longer way to write `"${NAME}"`. Other sources stay, and are refused by type. */
function* readSecretReferences(source: JsonObject): Generator<Reading> {
  for (const { path, leaf } of CONFIG_LEAVES) {
    const value = leaf.secret ? getAt(source, path.split('.')) : undefined
    if (!isJsonObject(value) || value.source !== 'env' || typeof value.id !== 'string') continue
    const reference = `\${${value.id}}`
    if (isReference(reference)) yield { path, value: reference, message: '' }
  }
}
