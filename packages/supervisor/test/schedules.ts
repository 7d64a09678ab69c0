// Test support: how many seeded schedules to run and from which seed, and a failure that names the seed.
// BREAKWATER_SCHEDULES sets the count; BREAKWATER_SEED the first seed, so one failing schedule can be run alone.

export const scheduleCount = positiveInteger('BREAKWATER_SCHEDULES', 10_000)
export const firstSeed = positiveInteger('BREAKWATER_SEED', 1)

/** Runs `schedule` once per seed; the first failure is rethrown with its seed and how to repeat it. */
export async function runSchedules(schedule: (seed: number) => void | Promise<void>): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + scheduleCount; seed += 1) {
    try {
      await schedule(seed)
    } catch (cause) {
      const repeat = `BREAKWATER_SEED=${seed} BREAKWATER_SCHEDULES=1`
      throw new Error(`schedule with seed ${seed} failed (repeat with ${repeat}): ${String(cause)}`, { cause })
    }
  }
}

function positiveInteger(name: string, fallback: number): number {
  const text = process.env[name]
  if (text === undefined) return fallback
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new Error(`${name}: expected a positive whole number, got "${text}"`)
  return Number(text)
}
