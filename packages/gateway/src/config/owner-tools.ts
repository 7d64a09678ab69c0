// What the owner's commands use of the configuration besides loading it, as one door that opens when it is needed:
// paths, values as they are typed, edits of the file, redaction, the schema in words.

export { type ConfigIssue, formatIssue } from './config-issue.ts'
export { configHints, configJsonSchema, describeConfig, lookupConfigSchema } from './describe-config.ts'
export { diffPatch } from './diff-patch.ts'
export type { ConfigEdit } from './edit-config.ts'
export { isJsonObject, isSameJson, type JsonObject } from './json-value.ts'
export { formatKeyPath, getAt, parseKeyPath, type Segment, setAt, unsetAt } from './key-path.ts'
export { nearestKey } from './nearest-key.ts'
export { parseTypedValue } from './parse-typed-value.ts'
export { redact } from './redact.ts'
export { REDACTED } from './redacted.ts'
export { replaceFile } from './replace-file.ts'
export { CONFIG_LEAVES } from './schema.ts'
export { type WriteResult, writeConfig } from './write-config.ts'
