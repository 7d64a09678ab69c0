// Pairing under kill -9: devices ask, are approved, rotated, revoked, removed and set up while the process is killed at
// arbitrary moments. Nothing acknowledged may be lost, nobody locked out, nothing narrowed.

import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cliConnect, connectRaw, spawnGateway, TEST_TOKEN, tempDir } from '@breakwater/testkit'
import { Random } from '../security/fuzz/random.ts'
import { PairedLife } from './paired-life.ts'

const KILLS = process.env.BREAKWATER_FULL === '1' ? 1_000 : 50
const DEVICES = 6
const SHORTEST_LIFE_MS = 5
const LONGEST_LIFE_MS = 250
const CONFIG = '{ gateway: { trustedProxies: ["127.0.0.1"] } }'

test(`${KILLS} kills of a gateway that is pairing lose nothing it acknowledged`, {
  timeout: KILLS * 20_000,
}, async (t) => {
  const seed = Number(process.env.BREAKWATER_SEED ?? randomInt(2 ** 31))
  t.diagnostic(`seed ${seed}: the moments of the kills are its, what is under way then is not`)
  await using directory = await tempDir()
  const lives = Array.from({ length: DEVICES }, (_, number) => new PairedLife(new Random(seed, number + 1)))
  const random = new Random(seed, 0)
  for (let kill = 0; kill <= KILLS; kill += 1) {
    await using gateway = await spawnGateway({ stateDir: directory.path, config: CONFIG })
    {
      await using admin = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
      for (const life of lives) await life.verify(gateway, admin)
    }
    if (kill === KILLS) break
    const living = lives.map((life) => life.live(gateway))
    await sleep(SHORTEST_LIFE_MS + random.below(LONGEST_LIFE_MS - SHORTEST_LIFE_MS))
    await gateway.kill()
    await Promise.all(living)
  }
  t.diagnostic(`${lives.reduce((sum, { acknowledged }) => sum + acknowledged, 0)} answers acknowledged and found again`)
})
