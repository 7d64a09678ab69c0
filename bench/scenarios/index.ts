// Every scenario, in the order they run and are printed: cheap and quiet ones first.
import { boot } from './boot.ts'
import { connectionMemory } from './connection-memory.ts'
import { crowd } from './crowd.ts'
import { fanOut } from './fan-out.ts'
import { signedHandshake, tokenHandshake } from './handshake.ts'
import { idleMemory } from './idle-memory.ts'
import { rpc } from './rpc.ts'
import type { Scenario } from './scenario.ts'

export const SCENARIOS: readonly Scenario[] = [
  boot,
  idleMemory,
  tokenHandshake,
  signedHandshake,
  crowd,
  rpc,
  fanOut,
  connectionMemory,
]
