// Plain data as JSON5 yields it. Nothing here knows what any key means.

import { isDeepStrictEqual } from 'node:util'

export type JsonObject = { readonly [key: string]: unknown }

/** Assigning to these would reach an object's prototype instead of its keys. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isSameJson = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b)

export const isForbiddenKey = (key: string): boolean => FORBIDDEN_KEYS.has(key)

/** Freezes the containers of a tree; the same reference comes back. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
