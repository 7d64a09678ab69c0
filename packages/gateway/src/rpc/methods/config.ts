// config.get, config.schema, config.schema.lookup, config.set, config.patch, config.apply (methods notes section 8).
// Translates between the wire and the configuration in effect; decides nothing about either.

import { WireError } from '@breakwater/protocol'
import type { ConfigHasher } from '../../config/config-hash.ts'
import type { ConfigEdit } from '../../config/edit-config.ts'
import type { LiveConfig } from '../../config/live-config.ts'
import type { WriteResult } from '../../config/write-config.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'

export interface ConfigMethodComponents {
  readonly config: LiveConfig
  readonly hasher: ConfigHasher
  readonly events: { publish(event: string, payload: unknown): unknown }
  /** The gateway's version: clients key their copy of the schema by it. */
  readonly version: string
  /** Epoch milliseconds. */
  readonly now?: () => number
}

interface WriteParams {
  readonly raw: string
  readonly baseHash?: string
}

/**
 * Also announces `config.changed` whenever the text of the file changes, whoever changed it.
 * Construct once per gateway.
 */
export function configMethods(components: ConfigMethodComponents): MethodDefinition[] {
  const { config, events, hasher, version, now = Date.now } = components
  const startedAt = new Date(now()).toISOString()
  config.onFileChange(({ configPath, hash }) => events.publish('config.changed', { path: configPath, hash, ts: now() }))

  const write = async (edit: ConfigEdit, baseHash: string | undefined): Promise<unknown> => {
    const result = await config.edit(edit, {
      isBaseHashRequired: true,
      ...(baseHash === undefined ? {} : { baseHash }),
    })
    if (result === 'busy') throw new WireError('BUSY', { retryAfterMs: 1_000 })
    return toWriteResponse(result, config)
  }
  return [
    defineMethod('config.get', async () => {
      const { toConfigSnapshot } = await import('../../config/config-snapshot.ts')
      return toConfigSnapshot(config, hasher)
    }),
    defineMethod('config.schema', async () => {
      const { configHints, configJsonSchema } = await import('../../config/describe-config.ts')
      return { schema: configJsonSchema(), uiHints: configHints(), version, generatedAt: startedAt }
    }),
    defineMethod('config.schema.lookup', ({ path }: { path: string }) => lookup(path)),
    defineMethod('config.set', ({ raw, baseHash }: WriteParams) => write({ kind: 'replace', raw }, baseHash)),
    defineMethod('config.apply', ({ raw, baseHash }: WriteParams) => write({ kind: 'replace', raw }, baseHash)),
    defineMethod('config.patch', ({ raw, baseHash, replacePaths }: WriteParams & { replacePaths?: string[] }) =>
      write({ kind: 'patch', raw, ...(replacePaths === undefined ? {} : { replacePaths }) }, baseHash),
    ),
  ]
}

async function lookup(path: string): Promise<unknown> {
  const { lookupConfigSchema } = await import('../../config/describe-config.ts')
  const found = lookupConfigSchema(path)
  if (found !== undefined) return found
  throw new WireError('INVALID_PARAMS', {
    message: `config schema path not found: ${path.slice(0, 128)}`,
    details: { reason: 'config-path-unknown' },
  })
}

async function toWriteResponse(result: WriteResult, config: LiveConfig): Promise<unknown> {
  if (!result.ok) {
    const { message, reason, issues } = result
    throw new WireError('INVALID_PARAMS', { message, details: { reason, issues } })
  }
  const { redact } = await import('../../config/redact.ts')
  const { load, changedPaths, isUnchanged } = result
  return {
    ok: true,
    path: load.configPath,
    hash: load.hash,
    config: redact(load.config, { hasReferences: false }),
    changedPaths,
    noop: isUnchanged,
    warnings: load.warnings,
    /** Leaves whose new value waits for the next start. */
    restart: { required: config.pendingRestart.length > 0, paths: config.pendingRestart },
  }
}
