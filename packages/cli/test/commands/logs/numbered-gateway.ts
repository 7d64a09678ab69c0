// A gateway whose log gets numbered lines without end. Prints each number once its line is in the file; somebody stops
// it or kills it.
// Usage: node --conditions=source numbered-gateway.ts <state directory> <first number>

import { setTimeout as delay } from 'node:timers/promises'
import { FileLogger, GATEWAY_DEFAULTS, startGateway } from '@breakwater/gateway'

const BETWEEN_LINES_MS = 3
const [stateDir = '', first = ''] = process.argv.slice(2)
const log = FileLogger.open({ directory: `${stateDir}/logs`, level: 'info', consoleLevel: 'error' })
const gateway = await startGateway(
  { ...GATEWAY_DEFAULTS, stateDir, configPath: `${stateDir}/breakwater.json`, port: 0 },
  { log, writeLine: () => {}, version: '0.0.0-test' },
)
let isStopping = false
process.on('SIGTERM', () => {
  isStopping = true
})
for (let number = Number(first); !isStopping; number += 1) {
  log.info('numbered line', { number })
  log.flush()
  process.stdout.write(`${number}\n`)
  await delay(BETWEEN_LINES_MS)
}
await gateway.stop()
await log.close()
