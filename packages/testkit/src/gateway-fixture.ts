// A gateway inside the test's own process, on a free port with a state directory of its own.

import { FileLogger, GATEWAY_DEFAULTS, type Gateway, type GatewayOptions, startGateway } from '@breakwater/gateway'
import { tempDir } from './temp-dir.ts'

export const TEST_TOKEN = 'test-token-0123456789abcdef'

export interface GatewayFixture extends AsyncDisposable {
  readonly gateway: Gateway
  readonly url: string
  readonly port: number
  readonly stateDir: string
  /** Lines of the WebSocket log and of the console. */
  readonly lines: string[]
}

/** Starts with token authentication and `TEST_TOKEN`; options override everything but the state directory. */
export async function startTestGateway(options: Partial<GatewayOptions> = {}): Promise<GatewayFixture> {
  const directory = await tempDir()
  const stateDir = options.stateDir ?? directory.path
  const lines: string[] = []
  const log = FileLogger.open({
    directory: `${stateDir}/logs`,
    level: 'debug',
    consoleLevel: 'info',
    console: (line) => lines.push(line),
  })
  const gateway = await startGateway(
    {
      ...GATEWAY_DEFAULTS,
      stateDir,
      configPath: `${stateDir}/breakwater.json`,
      port: 0,
      auth: { mode: 'token', token: TEST_TOKEN },
      wsLog: 'compact',
      // Tests are nobody else's business.
      mdns: false,
      ...options,
    },
    { log, writeLine: (line) => lines.push(line), version: '0.0.0-test' },
  ).catch(async (fault: unknown) => {
    await log.close()
    await directory[Symbol.asyncDispose]()
    throw fault
  })
  return {
    gateway,
    url: gateway.url,
    port: gateway.port,
    stateDir,
    lines,
    [Symbol.asyncDispose]: async () => {
      await gateway.stop()
      await log.close()
      await directory[Symbol.asyncDispose]()
    },
  }
}
