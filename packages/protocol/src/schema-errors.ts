// Turns validator findings into the sentence the wire shows: `at <pointer>: <reason>`, in the wire's own wording.

export interface SchemaFinding {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
}

/** A generated validator: true when the value fits, otherwise `errors` says why not. */
export interface SchemaValidator {
  (value: unknown): boolean
  errors?: readonly SchemaFinding[] | null
}

const MAX_NAME_CHARS = 64

/** The first finding as one sentence; names from the peer are cut so that a refusal stays small. */
export function describeSchemaErrors(findings: readonly SchemaFinding[] | null | undefined): string {
  const finding = findings?.[0]
  if (finding === undefined) return 'at root: does not fit the schema'
  const place = finding.instancePath.slice(0, 4 * MAX_NAME_CHARS)
  if (place !== '') return `at ${place}: ${reasonOf(finding)}`
  // Of the object as a whole the wire names only what is too much.
  return finding.keyword === 'additionalProperties' ? `at root: ${reasonOf(finding)}` : reasonOf(finding)
}

function reasonOf({ keyword, params, message }: SchemaFinding): string {
  const cut = (value: unknown) => String(value).slice(0, MAX_NAME_CHARS)
  if (keyword === 'additionalProperties') return `unexpected property '${cut(params.additionalProperty)}'`
  if (keyword === 'required') return `must have required property '${cut(params.missingProperty)}'`
  return message?.replace('must NOT', 'must not') ?? `fails ${keyword}`
}
