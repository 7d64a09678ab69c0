import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { WireErrorShape } from '@breakwater/protocol'
import { MemoryApprovalDirectory, type SettledApproval } from '../../../src/approvals/approval-directory.ts'
import { MemoryChannelDirectory } from '../../../src/channels/channel-directory.ts'
import { MemoryCronDirectory } from '../../../src/cron/cron-directory.ts'
import { MemoryNodeDirectory, type NodeRow } from '../../../src/nodes/node-directory.ts'
import { MemorySessionDirectory } from '../../../src/sessions/session-directory.ts'
import { MemoryTaskDirectory, type Task } from '../../../src/tasks/task-directory.ts'
import { fakePeer } from '../../fake-peer.ts'
import { sessionRow } from '../../sessions/session-row.ts'
import { methodFixture } from './method-fixture.ts'

/** The wire form of the refusal a call ends with. */
async function refusal(call: Promise<unknown>): Promise<WireErrorShape> {
  const error = await call.then(
    () => assert.fail('was answered'),
    (thrown: { shape: WireErrorShape }) => thrown,
  )
  return error.shape
}

describe('sessions', () => {
  const rows = Array.from({ length: 5 }, (_, index) =>
    sessionRow({ key: `agent:main:s${index}`, label: index < 2 ? 'twin' : `l${index}`, updatedAt: index }),
  )

  test('are listed in pages', async () => {
    await using fixture = await methodFixture({ sessions: new MemorySessionDirectory(rows) })
    const page = (await fixture.call('sessions.list', { limit: 2, offset: 1 })) as Record<string, unknown>
    const { count, totalCount, limitApplied, nextOffset, hasMore, sessions } = page
    assert.deepEqual([count, totalCount, limitApplied, nextOffset, hasMore], [2, 5, 2, 3, true])
    assert.deepEqual(
      (sessions as { key: string }[]).map(({ key }) => key),
      ['agent:main:s3', 'agent:main:s2'],
    )
  })

  test('of which none exists make an empty page whatever the filters', async () => {
    await using fixture = await methodFixture()
    const params = { limit: 50, offset: 10, search: 'x', label: 'y', activeMinutes: 5, archived: 'all' }
    const page = (await fixture.call('sessions.list', params)) as Record<string, unknown>
    assert.deepEqual([page.sessions, page.totalCount, page.limitApplied, page.nextOffset], [[], 0, 50, null])
  })

  test('are resolved to one, to candidates, or refused', async () => {
    await using fixture = await methodFixture({ sessions: new MemorySessionDirectory(rows) })
    const resolve = (params: object) => fixture.call('sessions.resolve', params)
    assert.deepEqual(await resolve({ key: 's3' }), { ok: true, key: 'agent:main:s3', agentId: 'main' })
    assert.equal(((await resolve({ label: 'twin' })) as { candidates: unknown[] }).candidates.length, 2)
    assert.deepEqual(await resolve({ key: 'nope', allowMissing: true }), { ok: false })
    assert.deepEqual(await resolve({ allowMissing: true }), { ok: false })
    const error = await refusal(resolve({ key: 'nope' }))
    assert.deepEqual([error.code, error.message], ['INVALID_REQUEST', 'No session found: nope'])
  })

  test('are described and previewed by key or alias', async () => {
    await using fixture = await methodFixture({ sessions: new MemorySessionDirectory(rows) })
    const { session } = (await fixture.call('sessions.describe', { key: 's1' })) as { session: { key: string } | null }
    assert.equal(session?.key, 'agent:main:s1')
    const { previews } = (await fixture.call('sessions.preview', { keys: ['s1', 'nope'] })) as { previews: unknown }
    assert.deepEqual(previews, [
      { key: 's1', status: 'empty', items: [] },
      { key: 'nope', status: 'missing', items: [] },
    ])
  })

  test('are followed under their canonical key, per connection', async () => {
    await using fixture = await methodFixture()
    const peer = fakePeer()
    const { subscriptions } = fixture.components
    assert.deepEqual(await fixture.call('sessions.messages.subscribe', { key: 'main' }, peer), {
      subscribed: true,
      key: 'agent:main:main',
    })
    await fixture.call('sessions.subscribe', {}, peer)
    assert.ok(subscriptions.followsMessages(peer, 'agent:main:main'))
    assert.ok(subscriptions.followsChanges(peer))
    assert.ok(!subscriptions.followsChanges(fixture.operator))
    await fixture.call('sessions.messages.unsubscribe', { key: 'agent:main:main' }, peer)
    assert.ok(!subscriptions.followsMessages(peer, 'agent:main:main'))
  })

  test('are followed up to a limit per connection', async () => {
    await using fixture = await methodFixture()
    const peer = fakePeer()
    for (let index = 0; index < 256; index += 1) {
      await fixture.call('sessions.messages.subscribe', { key: `s${index}` }, peer)
    }
    const error = await refusal(fixture.call('sessions.messages.subscribe', { key: 'more' }, peer))
    assert.deepEqual([error.code, error.retryable], ['UNAVAILABLE', false])
  })
})

describe('a conversation nobody has used', () => {
  test('has an empty history and says so', async () => {
    await using fixture = await methodFixture()
    const history = (await fixture.call('chat.history', { sessionKey: 'agent:main:main' })) as Record<string, unknown>
    assert.deepEqual(history.messages, [])
    assert.equal('sessionId' in history, false)
    const { key, isMain, updatedAt } = history.sessionInfo as Record<string, unknown>
    assert.deepEqual([key, isMain, updatedAt], ['agent:main:main', true, null])
  })

  test('is started over by a client that wants to continue it', async () => {
    await using fixture = await methodFixture()
    const params = { sessionKey: 'agent:main:main', cursor: 'from before' }
    assert.deepEqual(await fixture.call('chat.history', params), { kind: 'reset' })
  })

  test('opens as the main one when none is named', async () => {
    await using fixture = await methodFixture()
    assert.equal(((await fixture.call('chat.startup')) as { sessionKey: string }).sessionKey, 'agent:main:main')
  })

  test('of an agent that does not exist is refused', async () => {
    await using fixture = await methodFixture()
    const { details } = await refusal(fixture.call('chat.history', { sessionKey: 'agent:ghost:main' }))
    assert.equal((details as { code: string }).code, 'UNKNOWN_AGENT_ID')
  })
})

describe('agents', () => {
  test('are one, called main, on every gateway', async () => {
    await using fixture = await methodFixture()
    const { defaultId, agents } = (await fixture.call('agents.list')) as { defaultId: string; agents: { id: string }[] }
    assert.deepEqual([defaultId, agents.map(({ id }) => id)], ['main', ['main']])
    assert.deepEqual(await fixture.call('agent.identity.get', { sessionKey: 'agent:main:x' }), {
      agentId: 'main',
      name: 'Assistant',
      nameSource: 'default',
      avatar: 'A',
    })
  })

  for (const [method, params] of [
    ['agent.identity.get', { agentId: 'ghost' }],
    ['agent.identity.get', { sessionKey: 'agent:ghost:main' }],
    ['skills.status', { agentId: 'ghost' }],
    ['tools.catalog', { agentId: 'ghost' }],
    ['chat.metadata', { agentId: 'ghost' }],
  ] as const) {
    test(`that do not exist are refused by ${method} ${JSON.stringify(params)}`, async () => {
      await using fixture = await methodFixture()
      assert.match((await refusal(fixture.call(method, params))).message, /unknown agent id "ghost"/)
    })
  }
})

describe('cron jobs', () => {
  const job = {
    id: 'j1',
    name: 'backup',
    enabled: true,
    createdAtMs: 1,
    updatedAtMs: 1,
    schedule: { kind: 'every', everyMs: 1_000 },
    sessionTarget: 'main',
    wakeMode: 'now',
    payload: { kind: 'systemEvent', text: 'x' },
    state: {},
    nextRunAtMs: 77,
  } as const
  const cron = new MemoryCronDirectory({
    storePath: '/s',
    jobs: [job],
    runs: [{ ts: 1, jobId: 'j1', action: 'finished' }],
  })

  test('are found by either name of their id', async () => {
    await using fixture = await methodFixture({ cron })
    assert.deepEqual(await fixture.call('cron.get', { id: 'j1' }), job)
    assert.deepEqual(await fixture.call('cron.get', { jobId: 'j1' }), job)
    const { nextWakeAtMs, jobs } = (await fixture.call('cron.status')) as Record<string, unknown>
    assert.deepEqual([nextWakeAtMs, jobs], [77, 1])
  })

  test('are listed whole without a limit, and with what happens to their results', async () => {
    await using fixture = await methodFixture({ cron })
    const page = (await fixture.call('cron.list')) as Record<string, unknown>
    assert.deepEqual([page.limit, page.total, page.hasMore], [1, 1, false])
    assert.deepEqual(page.deliveryPreviews, { j1: { label: 'not requested', detail: 'not requested' } })
  })

  test('that do not exist have their own code', async () => {
    await using fixture = await methodFixture({ cron })
    for (const call of [
      fixture.call('cron.get', { id: 'nope' }),
      fixture.call('cron.runs', { id: 'nope' }),
      fixture.call('cron.runs', { jobId: 'nope' }),
    ]) {
      const { code, details } = await refusal(call)
      assert.equal(code, 'INVALID_REQUEST')
      const { code: reason, jobId } = details as { code: string; jobId: string }
      assert.deepEqual([reason, jobId], ['CRON_JOB_NOT_FOUND', 'nope'])
    }
  })

  test('have runs, of one job or of all', async () => {
    await using fixture = await methodFixture({ cron })
    for (const params of [{}, { scope: 'all' }, { id: 'j1' }, { scope: 'all', id: 'nope' }]) {
      assert.equal(((await fixture.call('cron.runs', params)) as { total: number }).total, 1, JSON.stringify(params))
    }
  })
})

describe('nodes', () => {
  const node: NodeRow = {
    nodeId: 'n1',
    caps: [],
    commands: [],
    sessionHost: false,
    nodePluginTools: [],
    approvalState: 'approved',
    paired: true,
    connected: true,
  }

  test('are described by id, and unknown ones refused', async () => {
    await using fixture = await methodFixture({ nodes: new MemoryNodeDirectory([node]) })
    assert.deepEqual(await fixture.call('node.describe', { nodeId: 'n1' }), { ts: fixture.clock.nowMs(), ...node })
    const error = await refusal(fixture.call('node.describe', { nodeId: 'n2' }))
    assert.deepEqual([error.code, error.message], ['INVALID_REQUEST', 'unknown nodeId'])
  })
})

describe('settled approvals and tasks', () => {
  const settled = ['a', 'b', 'c'].map(
    (id) => ({ id, presentation: { kind: id === 'b' ? 'plugin' : 'exec' } }) as unknown as SettledApproval,
  )
  const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)

  test('are paged by the last record shown', async () => {
    await using fixture = await methodFixture({ approvals: new MemoryApprovalDirectory({ settled }) })
    const page = async (params: object) =>
      (await fixture.call('approval.history', params)) as { items: SettledApproval[]; nextCursor?: string }
    const first = await page({ limit: 2 })
    assert.deepEqual([idsOf(first.items), first.nextCursor], [['a', 'b'], 'b'])
    assert.deepEqual(await page({ limit: 2, cursor: 'b' }), { items: [settled[2]] })
    assert.deepEqual(idsOf((await page({ kind: 'exec' })).items), ['a', 'c'])
    assert.deepEqual(await page({ cursor: 'forgotten' }), { items: [] })
  })

  test('tasks are filtered and counted', async () => {
    const tasks: Task[] = [
      { id: 't1', status: 'running', runtime: 'cron', agentId: 'main' },
      { id: 't2', status: 'completed', agentId: 'ops' },
      { id: 't3', status: 'timed_out', runtime: 'cron' },
    ]
    await using fixture = await methodFixture({ tasks: new MemoryTaskDirectory(tasks) })
    const list = async (params: object) =>
      (await fixture.call('tasks.list', params)) as { tasks: Task[]; nextCursor?: string }
    assert.deepEqual(idsOf((await list({ status: 'running' })).tasks), ['t1'])
    assert.deepEqual(idsOf((await list({ status: ['completed', 'timed_out'] })).tasks), ['t2', 't3'])
    assert.deepEqual(idsOf((await list({ agentId: 'ops' })).tasks), ['t2'])
    assert.equal((await list({ limit: 1 })).nextCursor, 't1')
    assert.deepEqual(idsOf((await list({ limit: 1, cursor: 't1' })).tasks), ['t2'])
    const { tasks: counts } = (await fixture.call('status')) as { tasks: Record<string, unknown> }
    assert.deepEqual([counts.total, counts.active, counts.terminal, counts.failures], [3, 1, 2, 1])
    assert.deepEqual(counts.byRuntime, { subagent: 0, acp: 0, cli: 0, cron: 2 })
  })
})

describe('channels.status', () => {
  test('shows the channel asked for', async () => {
    const row = (id: string) => ({
      id,
      label: id.toUpperCase(),
      detailLabel: id,
      defaultAccountId: 'main',
      accounts: [{ accountId: 'main', connected: true }],
      summary: {},
    })
    await using fixture = await methodFixture({ channels: new MemoryChannelDirectory([row('irc'), row('xmpp')]) })
    const { channelOrder } = (await fixture.call('channels.status')) as { channelOrder: string[] }
    assert.deepEqual(channelOrder, ['irc', 'xmpp'])
    const one = (await fixture.call('channels.status', { channel: 'xmpp' })) as Record<string, unknown>
    assert.deepEqual(one.channelLabels, { xmpp: 'XMPP' })
    const { channelSummary } = (await fixture.call('status')) as { channelSummary: string[] }
    assert.deepEqual(channelSummary, ['IRC: 1 of 1 connected', 'XMPP: 1 of 1 connected'])
  })
})

describe('talk.config', () => {
  test('with secrets needs their scope', async () => {
    await using fixture = await methodFixture()
    const writer = fakePeer({ scopes: ['operator.write'] })
    assert.deepEqual(await fixture.call('talk.config', {}, writer), { config: {} })
    const error = await refusal(fixture.call('talk.config', { includeSecrets: true }, writer))
    assert.equal(error.code, 'FORBIDDEN')
    assert.deepEqual((error.details as { missingScope: string }).missingScope, 'operator.talk.secrets')
    assert.deepEqual(await fixture.call('talk.config', { includeSecrets: true }), { config: {} })
  })
})

describe('users.self', () => {
  test('is forbidden to a connection without a person', async () => {
    await using fixture = await methodFixture()
    const { code, message } = await refusal(fixture.call('users.self'))
    assert.deepEqual([code, message], ['FORBIDDEN', 'users.self requires an authenticated user'])
  })
})

describe('logs.tail', () => {
  test('follows the log by its cursor', async () => {
    await using fixture = await methodFixture()
    await writeFile(fixture.logFile, '{"message":"a"}\n')
    const first = (await fixture.call('logs.tail', { limit: 5, maxBytes: 250_000 })) as Record<string, unknown>
    assert.deepEqual([first.lines, first.cursor, first.reset], [['{"message":"a"}'], 16, false])
    await appendFile(fixture.logFile, '{"message":"b"}\n')
    const second = (await fixture.call('logs.tail', { cursor: 16 })) as Record<string, unknown>
    assert.deepEqual([second.lines, second.cursor], [['{"message":"b"}'], 32])
  })
})

describe('system.info', () => {
  test('tells real figures of this machine', async () => {
    await using fixture = await methodFixture()
    const info = (await fixture.call('system.info')) as Record<string, number | string>
    assert.equal(info.pid, process.pid)
    assert.equal(info.nodeVersion, process.version)
    assert.deepEqual([info.port, info.processInstanceId, info.uptimeMs], [18_789, 'boot-1', 1_235])
    assert.equal(info.diskPath, fixture.stateDir)
    assert.ok(Number(info.diskTotalBytes) >= Number(info.diskAvailableBytes))
    assert.ok(Number(info.memoryTotalBytes) > 0)
  })
})

describe('diagnostics.stability', () => {
  test('shows what was recorded', async () => {
    await using fixture = await methodFixture()
    fixture.components.stability.record('listener.refused', { cause: 'busy' })
    const { events } = (await fixture.call('diagnostics.stability', { limit: 1 })) as { events: unknown }
    assert.deepEqual(events, [{ cause: 'busy', seq: 1, ts: fixture.clock.nowMs(), type: 'listener.refused' }])
  })
})
