import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectionStatus, type Supervised, Supervisor, type Verdict, type Warning } from '../src/index.ts'
import { FakeClock, seededRandom } from '../src/testing/index.ts'
import { DialScript, refused, type ScriptedAttempt, type ScriptedSession } from './dial-script.ts'
import { runSchedules, scheduleCount } from './schedules.ts'

const verdicts: readonly Verdict[] = [
  refused,
  refused,
  { verdict: 'retry', reason: 'busy', retryAfterMs: 2_500 },
  { verdict: 'retry', reason: 'starting', retryAfterMs: 300, starting: true },
  { verdict: 'pairing', reason: 'approve', requestId: 'req-1' },
  { verdict: 'terminal', reason: 'wrong token' },
]

/** One connection of a schedule and everything that was done for it. */
interface Line {
  readonly connection: Supervised
  readonly script: DialScript
  readonly pending: Set<ScriptedAttempt>
  readonly sessions: ScriptedSession[]
}

/** A random world around one supervisor: attempts settle, sessions end and commands arrive in any order. */
class Schedule {
  readonly clock = new FakeClock()
  readonly lines: Line[] = []
  readonly warnings: Warning[] = []
  readonly arrivals: string[] = []
  readonly limit: number
  readonly supervisor: Supervisor
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.limit = 1 + this.#below(3)
    const onWarning = (warning: Warning) => this.warnings.push(warning)
    const components = { clock: this.clock, random: seededRandom(seed + 1), onWarning, onFault: assert.ifError }
    this.supervisor = new Supervisor(components, { maxConcurrentStarts: this.limit })
    const count = 1 + this.#below(5)
    for (let index = 0; index < count; index += 1) this.lines.push(this.#createLine(`line-${index}`))
  }

  #createLine(name: string): Line {
    const script = new DialScript()
    const kind = this.#below(2) === 0 ? 'client' : 'channel'
    const pending = new Set<ScriptedAttempt>()
    const dial: DialScript['dial'] = (attempt) => {
      const outcome = script.dial(attempt)
      pending.add(script.latest)
      return outcome
    }
    const onChange = (status: ConnectionStatus) => this.#followQueue(status)
    const connection = this.supervisor.supervise({ name, kind, dial, onChange })
    return { connection, script, pending, sessions: [] }
  }

  #followQueue({ name, state }: ConnectionStatus): void {
    const place = this.arrivals.indexOf(name)
    if (state === 'queued' && place < 0) this.arrivals.push(name)
    if (state === 'dialing' && place >= 0) assert.equal(place, 0, `${name} overtook ${this.arrivals[0]}`)
    if (state !== 'queued' && place >= 0) this.arrivals.splice(place, 1)
  }

  async move(): Promise<void> {
    const line = this.#pick(this.lines)
    if (line === undefined) return
    switch (this.#below(10)) {
      case 0:
        return this.#command(line.connection)
      case 1:
      case 2:
        line.connection.start()
        break
      case 3:
      case 4:
      case 5:
        this.settle(line)
        break
      case 6:
        this.#pick(line.sessions.filter(({ isOver }) => !isOver))?.end(this.#pick(verdicts) ?? refused)
        break
      default:
        return this.clock.advance(Math.floor(this.#random() ** 5 * 400_000))
    }
    await this.clock.advance(0)
  }

  settle(line: Line): void {
    const attempt = this.#pick([...line.pending])
    if (attempt === undefined) return
    line.pending.delete(attempt)
    const outcome = this.#below(3)
    if (outcome === 0) line.sessions.push(attempt.succeed())
    else if (outcome === 1) attempt.refuse(this.#pick(verdicts) ?? refused)
    else attempt.fail(new Error('reset'))
  }

  async #command(connection: Supervised): Promise<void> {
    const command = this.#below(4)
    if (command === 0) connection.stop()
    else if (command === 1) connection.changed()
    else if (command === 2) connection.resume()
    else connection.resume('req-1')
    await this.clock.advance(0)
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)]
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound)
  }
}

function checkWorld({ lines, supervisor, clock, limit }: Schedule): void {
  const { starts } = supervisor.status()
  assert.ok(starts.holding <= limit, 'slots within the limit')
  const dialing = lines.filter(({ connection }) => connection.status().state === 'dialing').length
  assert.ok(dialing <= limit + starts.heldTooLongCount, 'only freed slots allow more attempts')
  assert.ok(starts.waiting === 0 || starts.holding === limit, 'nobody waits beside a free slot')
  for (const line of lines) {
    const status = line.connection.status()
    const wanted = [...line.pending].filter(({ attempt }) => !attempt.signal.aborted)
    assert.equal(wanted.length, status.state === 'dialing' ? 1 : 0, `${status.state}: attempts on their way`)
    const open = line.sessions.filter(({ isOver }) => !isOver)
    assert.equal(open.length, status.state === 'live' ? 1 : 0, `${status.state}: sessions up`)
    assert.ok(line.sessions.every(({ closeCount }) => closeCount <= 1))
    assert.ok(status.nextAttemptAt === null || status.nextAttemptAt >= clock.now())
  }
}

function checkHistory({ lines, warnings }: Schedule): void {
  for (const { script } of lines) {
    const generations = script.attempts.map(({ attempt }) => attempt.generation)
    assert.ok(generations.every((generation, index) => index === 0 || generation > (generations[index - 1] ?? 0)))
  }
  for (const { kind, status } of warnings) {
    if (kind === 'failing') assert.ok([3, 4, 8, 16, 32].includes(status.failures), `warned at ${status.failures}`)
  }
}

test('no schedule of outcomes, commands and time breaks what the supervisor guarantees', async () => {
  const seen = { warnings: 0, attempts: 0, lateSessions: 0, heldTooLong: 0 }
  await runSchedules(async (seed) => {
    const schedule = new Schedule(seed)
    for (const { connection } of schedule.lines) connection.start()
    for (let move = 0; move < 30; move += 1) {
      await schedule.move()
      checkWorld(schedule)
    }
    checkHistory(schedule)
    seen.heldTooLong += schedule.supervisor.status().starts.heldTooLongCount
    schedule.supervisor.stop()
    assert.equal(schedule.clock.pendingCount, 0, 'no timer is left')
    assert.deepEqual(schedule.arrivals, [])
    for (const line of schedule.lines) while (line.pending.size > 0) schedule.settle(line)
    await schedule.clock.advance(0)
    for (const { connection, sessions, script } of schedule.lines) {
      assert.equal(connection.status().state, 'stopped')
      assert.ok(
        sessions.every(({ isOver }) => isOver),
        'every late session was closed',
      )
      seen.attempts += script.attempts.length
      seen.lateSessions += sessions.filter(({ closeCount }) => closeCount > 0).length
    }
    assert.equal(schedule.clock.pendingCount, 0, 'late results arm nothing')
    seen.warnings += schedule.warnings.length
  })
  if (scheduleCount < 1_000) return
  assert.ok(
    Object.values(seen).every((count) => count > 0),
    `schedules too tame: ${JSON.stringify(seen)}`,
  )
})
