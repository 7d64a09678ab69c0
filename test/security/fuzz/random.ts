// Pseudo-random numbers that can be had again: every input of a fuzz run has a stream of its own, made from the seed and
// the input's number, so that one input can be replayed without those before it. Not for secrets.

export class Random {
  #state: number

  constructor(seed: number, stream: number) {
    this.#state = mix(Math.imul(seed, 0x9e3779b1) ^ mix(stream + 0x6d2b79f5))
  }

  /** 0 <= x < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    return mix(this.#state) / 0x1_0000_0000
  }

  /** 0..count-1; 0 for an empty range. */
  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

function mix(value: number): number {
  let t = Math.imul(value ^ (value >>> 15), value | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return (t ^ (t >>> 14)) >>> 0
}

/** `BREAKWATER_SEED` is `<seed>`, which replays a run, or `<seed>:<number>`, which replays one input of it. */
export function seedOfRun(env = process.env.BREAKWATER_SEED): { readonly seed: number; readonly only?: number } {
  const match = /^(\d+)(?::(\d+))?$/.exec(env ?? '')
  if (match === null) return { seed: Math.floor(Math.random() * 0x1_0000_0000) }
  return match[2] === undefined ? { seed: Number(match[1]) } : { seed: Number(match[1]), only: Number(match[2]) }
}
