// The result of `config.get`: the file, what it amounts to and what is in effect, every secret hidden.

import type { ConfigHasher } from './config-hash.ts'
import type { LiveConfig } from './live-config.ts'
import type { LoadResult } from './load-config.ts'
import { redact, secretTexts } from './redact.ts'
import { REDACTED } from './redacted.ts'
import { formatConfig, rewriteConfigText } from './rewrite-config-text.ts'

/** Shorter secrets are not searched for in comments: they would blank out ordinary words. */
const MIN_SEARCHED_CHARS = 6
/** Secrets times characters of text. Beyond it the text is shown without its comments instead. */
const MAX_SEARCH_WORK = 20_000_000

export async function toConfigSnapshot(live: LiveConfig, hasher: ConfigHasher): Promise<Record<string, unknown>> {
  const { latest, current } = live
  const source = redact(latest.source, { hasReferences: false })
  const effective = redact(current, { hasReferences: false })
  return {
    path: latest.configPath,
    includedPaths: latest.sourcePaths.slice(1),
    exists: latest.exists,
    raw: await redactedText(latest),
    parsed: redact(latest.parsed, { hasReferences: true }),
    sourceConfig: source,
    resolved: source,
    valid: latest.valid,
    runtimeConfig: effective,
    config: effective,
    hash: latest.hash,
    issues: latest.issues,
    warnings: latest.warnings,
    legacyIssues: [],
    // Equal as long as everything the file says is in effect.
    configRevisionHash: revisionHash(latest.config ?? latest.source, hasher),
    appliedConfigHash: revisionHash(current, hasher),
    pendingRestart: live.pendingRestart,
  }
}

/** Names a configuration without telling what is in it; what `hello-ok` calls the applied one. */
export const revisionHash = (config: unknown, hasher: ConfigHasher): string =>
  hasher('revision', JSON.stringify(config))

/** The text with its secrets hidden; null for text nobody can parse, since nobody can say where its secrets are. */
async function redactedText({ raw, parsed, isReadable }: LoadResult): Promise<string | null> {
  if (raw === null || !isReadable) return null
  const options = { hasReferences: true }
  const hidden = redact(parsed, options)
  // A comment may repeat a secret ("was: …"), and survives the rewriting.
  const secrets = secretTexts(parsed, options).filter(({ length }) => length >= MIN_SEARCHED_CHARS)
  if (secrets.length * raw.length > MAX_SEARCH_WORK) return formatConfig(hidden)
  const text = await rewriteConfigText(raw, parsed, hidden)
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, () => REDACTED), text)
}
