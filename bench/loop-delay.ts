// How long a server's event loop was blocked while something happened, as the server itself publishes it. Servers
// differ in what they publish: since the last reading, or of the last whole second. Polling longer than the work covers
// both.
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningServer } from './running-server.ts'

/** The longest window a published figure may cover, with room for its timer being late. */
const WINDOW_MS = 1_100
const POLL_MS = 250

/** Runs `work`; the longest delay published for that time, or undefined when this server publishes none. */
export async function watchLoopDelay<T>(server: RunningServer, work: () => Promise<T>) {
  if ((await readLoopDelayMs(server)) === undefined) return { result: await work(), loopDelayMs: undefined }
  // One window may still hold what came before, and the figure shown may be one window old.
  await sleep(2 * WINDOW_MS)
  await readLoopDelayMs(server)
  const ended = new AbortController()
  const longest = pollLongest(server, ended.signal)
  try {
    const result = await work()
    await sleep(WINDOW_MS)
    ended.abort()
    return { result, loopDelayMs: await longest }
  } finally {
    ended.abort()
    await longest
  }
}

/** The figure published now; undefined when there is none. */
export async function readLoopDelayMs({ endpoint, target }: RunningServer): Promise<number | undefined> {
  const base = endpoint.url.replace(/^ws/, 'http')
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  get(new URL(target.loopDelayPath, base), { agent: false }, (reply) => {
    let body = ''
    reply.setEncoding('utf8').on('data', (chunk) => {
      body += chunk
    })
    reply.on('error', reject).on('end', () => resolve(reply.statusCode === 200 ? body : '{}'))
  }).on('error', reject)
  const delay = JSON.parse(await promise)?.eventLoop?.delayMaxMs
  return typeof delay === 'number' ? delay : undefined
}

async function pollLongest(server: RunningServer, ended: AbortSignal): Promise<number> {
  let longestMs = 0
  while (!ended.aborted) {
    longestMs = Math.max(longestMs, (await readLoopDelayMs(server)) ?? 0)
    await sleep(POLL_MS)
  }
  return Math.max(longestMs, (await readLoopDelayMs(server)) ?? 0)
}
