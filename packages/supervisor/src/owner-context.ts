// Knows whose dial the running code belongs to, so that starting a connection inside the dial of another is noticed.
// Browser-safe: where the runtime follows calls across awaits (Node) it is asked to, by lookup, not by import; elsewhere
// the synchronous part of a dial is covered here and the rest by the attempt's signal and by unique names.

/** The dial some code runs in. Stops counting once the dial has settled: what a live session starts is not nested. */
export interface DialOwner {
  readonly name: string
  isDialing: boolean
}

/** Carries the owner along calls; an AsyncLocalStorage is one. */
export interface OwnerContext {
  run<T>(owner: DialOwner | undefined, work: () => T): T
  getStore(): DialOwner | undefined
}

/** Follows synchronous calls only. */
export class SyncOwnerContext implements OwnerContext {
  #owner: DialOwner | undefined

  run<T>(owner: DialOwner | undefined, work: () => T): T {
    const outer = this.#owner
    this.#owner = owner
    try {
      return work()
    } finally {
      this.#owner = outer
    }
  }

  getStore(): DialOwner | undefined {
    return this.#owner
  }
}

interface RuntimeWithBuiltins {
  readonly process?: {
    getBuiltinModule?(name: string): { readonly AsyncLocalStorage?: new () => OwnerContext } | undefined
  }
}

function createOwnerContext(): OwnerContext {
  const runtime = globalThis as unknown as RuntimeWithBuiltins
  const AsyncLocalStorage = runtime.process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage
  return AsyncLocalStorage === undefined ? new SyncOwnerContext() : new AsyncLocalStorage()
}

/** Shared by every supervisor of the process: the nesting worth catching is between two of them. */
export const sharedOwnerContext: OwnerContext = createOwnerContext()

const signalOwners = new WeakMap<AbortSignal, DialOwner>()

/** Makes an attempt's signal a token of its dial: handing it to another connection gives the nesting away. */
export function bindSignal(signal: AbortSignal, owner: DialOwner): void {
  signalOwners.set(signal, owner)
}

/** The unsettled dial the calling code runs in, or whose signal it was handed; undefined outside any. */
export function findDialOwner(context: OwnerContext, signal: AbortSignal | undefined): DialOwner | undefined {
  const owners = [context.getStore(), signal === undefined ? undefined : signalOwners.get(signal)]
  return owners.find((owner) => owner?.isDialing === true)
}
