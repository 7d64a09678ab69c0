// Judges a changed file as it would take effect: beside the leaves that keep their value until the next start. A file can
// be fine by itself and still open a running gateway to everybody, e.g. by taking authentication and a public bind away
// together, of which only the first takes effect now. Pure.

import { checkRules } from './check-rules.ts'
import type { LoadResult } from './load-config.ts'
import { keepProcessLeaves } from './plan-reload.ts'
import type { ResolvedConfig } from './schema.ts'

/** `started`: what the process was started with. */
export function judgeReload(started: ResolvedConfig, load: LoadResult): LoadResult {
  if (!load.valid) return load
  const issues = checkRules(keepProcessLeaves(started, load.config))
  if (issues.length === 0) return load
  const waits = 'it can be in effect after a restart only, with the other changes of this file'
  return {
    ...load,
    valid: false,
    config: undefined,
    issues: issues.map((issue) => ({ ...issue, nextStep: `${issue.nextStep ?? 'restart'}; ${waits}` })),
  }
}
