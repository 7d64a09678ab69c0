// The process around one run of the command line.

import { EXIT } from './exit-codes.ts'
import { processIo } from './io.ts'
import { main } from './main.ts'

/** Time for the last output and the last socket; whatever still runs then is a fault and is cut. */
const LEAVE_WITHIN_MS = 2_000

process.exitCode = await main(process.argv.slice(2), { io: processIo(), env: process.env })
setTimeout(() => process.exit(process.exitCode ?? EXIT.ok), LEAVE_WITHIN_MS).unref()
