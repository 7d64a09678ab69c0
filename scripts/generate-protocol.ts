// Generates the protocol package's data from the published contract (`@openclaw/gateway-protocol`):
//   src/generated/contract-methods.ts       every method with its scope (committed, compared by `npm run check`)
//   src/generated/validators/<family>.js    parameter validators (rebuilt by `npm run prepare`, not committed)
// Usage: node scripts/generate-protocol.ts [--check]

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { METHOD_FAMILIES, type ParamsSource } from '../packages/protocol/src/method-families.ts'
import { validatorName } from '../packages/protocol/src/params-validators.ts'

interface Contract {
  readonly methods: Readonly<Record<string, { since: string; scope: string }>>
  readonly definitions: Readonly<Record<string, Record<string, unknown>>>
}

const packageDir = new URL('../packages/protocol/', import.meta.url)
const require = createRequire(new URL('package.json', packageDir))
const contractFile = new URL('../protocol.schema.json', pathToFileURL(require.resolve('@openclaw/gateway-protocol')))

const HANDSHAKE: Readonly<Record<string, string>> = { validateConnect: 'ConnectParams' }

/** `sessions.list` is `SessionsListParams`. */
const definitionName = (method: string): string => `${validatorName(method).slice('validate'.length)}Params`

function schemaOf(contract: Contract, method: string, source: ParamsSource): Record<string, unknown> {
  if (typeof source === 'object') return source
  const name = source === true ? definitionName(method) : source
  const schema = contract.definitions[name]
  if (schema === undefined) throw new Error(`the contract has no definition ${name} (method ${method})`)
  return schema
}

/** Standalone ES module source with one exported validator per name. */
async function validatorModule(schemas: Readonly<Record<string, Record<string, unknown>>>, contract: Contract) {
  const { Ajv } = await import('ajv')
  const { default: standalone } = await import('ajv/dist/standalone/index.js')
  // `unicode: false` counts UTF-16 units and keeps the output free of runtime imports.
  const ajv = new Ajv({
    code: { source: true, esm: true, optimize: 2 },
    strict: false,
    unicode: false,
    validateFormats: false,
    logger: false,
  })
  ajv.addSchema({ $id: 'contract', definitions: contract.definitions })
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(rebaseRefs(schema), name)
  const names = Object.fromEntries(Object.keys(schemas).map((name) => [name, name]))
  const code = standalone.default(ajv, names)
  if (code.includes('require('))
    throw new Error(`generated validators need a runtime import: ${code.match(/require\([^)]*\)/)?.[0]}`)
  return `// Generated from the published contract by scripts/generate-protocol.ts. Do not edit.\n${code}\n`
}

const rebaseRefs = (schema: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/definitions/', '"$ref":"contract#/definitions/'))

function contractMethodsSource(contract: Contract): string {
  const rows = Object.entries(contract.methods).map(([name, { scope }]) => `  '${name}': '${scope}',`)
  return [
    '// Generated from the published contract by scripts/generate-protocol.ts. Do not edit.',
    '',
    '/** Every method of the published contract with the scope it needs; `node` marks node-role methods. */',
    'export const CONTRACT_METHODS = {',
    ...rows,
    '} as const',
    '',
  ].join('\n')
}

export async function generateProtocol({ check }: { check: boolean }): Promise<void> {
  const contract = JSON.parse(await readFile(contractFile, 'utf8')) as Contract
  const methodsFile = new URL('src/generated/contract-methods.ts', packageDir)
  const methodsSource = contractMethodsSource(contract)
  if (check) {
    if ((await readFile(methodsFile, 'utf8')) !== methodsSource) {
      throw new Error('packages/protocol/src/generated/contract-methods.ts is stale: run `npm run generate`')
    }
    return
  }
  const validatorsDir = new URL('src/generated/validators/', packageDir)
  await mkdir(validatorsDir, { recursive: true })
  await writeFile(methodsFile, methodsSource)
  const modules: Record<string, Record<string, Record<string, unknown>>> = {
    handshake: Object.fromEntries(
      Object.entries(HANDSHAKE).map(([name, definition]) => [name, contract.definitions[definition] ?? {}]),
    ),
  }
  for (const [family, methods] of Object.entries(METHOD_FAMILIES)) {
    modules[family] = Object.fromEntries(
      Object.entries(methods).map(([method, source]) => [
        validatorName(method),
        schemaOf(contract, method, source as ParamsSource),
      ]),
    )
  }
  for (const [family, schemas] of Object.entries(modules)) {
    await writeFile(new URL(`${family}.js`, validatorsDir), await validatorModule(schemas, contract))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await generateProtocol({ check: process.argv.includes('--check') })
