// Cuts a page out of a list and says what is left, in the wire's words. Pure.

export interface PageRequest {
  readonly limit: number
  readonly offset: number
}

export interface Page<Item> {
  readonly items: Item[]
  readonly total: number
  readonly offset: number
  readonly limit: number
  readonly hasMore: boolean
  /** Offset of the next page; null on the last one. */
  readonly nextOffset: number | null
}

export function pageOf<Item>(all: readonly Item[], { limit, offset }: PageRequest): Page<Item> {
  const items = all.slice(offset, offset + limit)
  const end = offset + items.length
  const hasMore = items.length > 0 && end < all.length
  return { items, total: all.length, offset, limit, hasMore, nextOffset: hasMore ? end : null }
}

/** The smaller of what was asked for and what is allowed. */
export const limitOf = (asked: number | undefined, { byDefault, atMost }: { byDefault: number; atMost: number }) =>
  Math.min(asked ?? byDefault, atMost)

/** Case-insensitive: true when any of the texts contains the query, or when there is no query. */
export function matchesText(query: string | undefined, texts: readonly (string | undefined)[]): boolean {
  const wanted = query?.trim().toLowerCase() ?? ''
  return wanted.length === 0 || texts.some((text) => text?.toLowerCase().includes(wanted) ?? false)
}
