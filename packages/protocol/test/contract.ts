// The published contract as data, for tests that compare ours with it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'

interface Contract {
  readonly methods: Readonly<Record<string, { readonly scope: string }>>
  readonly definitions: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const entry = createRequire(import.meta.url).resolve('@openclaw/gateway-protocol')

export const contract = JSON.parse(readFileSync(join(dirname(entry), '..', 'protocol.schema.json'), 'utf8')) as Contract

const ajv = new Ajv({ strict: false, logger: false, validateFormats: false })
ajv.addSchema({ $id: 'contract', definitions: contract.definitions })

/** A validator of one of the contract's definitions, by its name. */
export function contractValidator(name: string): ValidateFunction {
  return ajv.compile({ $ref: `contract#/definitions/${name}` })
}
