// Parameter validators, loaded a family at a time on first use so that start-up pays for the handshake only.
// The validators themselves are generated from the published contract (`npm run generate`).

import { familyOf, type MethodFamily } from './method-families.ts'
import { describeSchemaErrors, type SchemaValidator } from './schema-errors.ts'

type FamilyModule = Readonly<Record<string, SchemaValidator>>

/** A verdict on parameters: undefined when they fit, otherwise where and why not. */
export type ParamsProblem = string | undefined

const loadFamily = async (family: MethodFamily): Promise<FamilyModule> =>
  (await import(`@breakwater/protocol/validators/${family}`)) as FamilyModule

/** Validates parameters of every served method. One instance per process is enough; it only caches modules. */
export class ParamsValidators {
  readonly #families = new Map<MethodFamily, FamilyModule>()
  readonly #loading = new Map<MethodFamily, Promise<FamilyModule>>()

  /** True when `check` can answer for the method at once. */
  isLoaded(method: string): boolean {
    const family = familyOf(method)
    return family === undefined || this.#families.has(family)
  }

  /** Loads the validators of a method's family; concurrent calls share one import. */
  async load(method: string): Promise<void> {
    const family = familyOf(method)
    if (family === undefined || this.#families.has(family)) return
    let loading = this.#loading.get(family)
    if (loading === undefined) {
      // A family that could not be loaded is tried again by the next call.
      loading = loadFamily(family).finally(() => this.#loading.delete(family))
      this.#loading.set(family, loading)
    }
    this.#families.set(family, await loading)
  }

  /** Absent parameters count as `{}`, as on the wire. Throws when the family was not loaded. */
  check(method: string, params: unknown): ParamsProblem {
    const family = familyOf(method)
    if (family === undefined) return undefined
    const validate = this.#families.get(family)?.[validatorName(method)]
    if (validate === undefined) throw new Error(`validators of ${method} are not loaded`)
    return validate(params ?? {}) ? undefined : describeSchemaErrors(validate.errors)
  }
}

/** The export name of a method's validator: `sessions.list` is `validateSessionsList`. */
export const validatorName = (method: string): string =>
  `validate${method
    .split(/[.-]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')}`
