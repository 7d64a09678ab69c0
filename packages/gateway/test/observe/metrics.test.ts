import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, test } from 'node:test'
import { cliConnect, connectRaw, startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { METRICS, RPC_DURATION } from '../../src/observe/metric-table.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { ownerSocketPath } from '../../src/state-files.ts'

interface Answer {
  readonly status: number
  readonly type: string
  readonly challenge: string
  readonly body: string
}

/** A plain request, over TCP or the owner's socket. */
function get(
  target: { port: number } | { socketPath: string },
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const where = 'port' in target ? { host: '127.0.0.1', port: target.port } : { socketPath: target.socketPath }
    request({ ...where, path, headers: { Host: 'localhost', ...headers } }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8')
      })
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: String(response.headers['content-type']),
          challenge: String(response.headers['www-authenticate'] ?? ''),
          body,
        }),
      )
    })
      .on('error', reject)
      .end()
  })
}

/** Values by name and labels, as a scraper reads them. */
function parse(body: string): Map<string, number> {
  const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map((line) => {
      const [, name = '', value = ''] = /^(\S+(?: \S+)*?) (\S+)$/.exec(line) ?? []
      return [name, Number(value)]
    }),
  )
}

const typeOf = (answer: Answer): string => JSON.parse(answer.body).error.type

describe('the table of figures', () => {
  test('is pinned: dashboards are built on these names', () => {
    assert.deepEqual(
      [...METRICS, RPC_DURATION].map(({ type, name, labels }) => `${type} ${name}{${labels}}`),
      [
        'gauge breakwater_info{version}',
        'gauge breakwater_connections{role}',
        'gauge breakwater_open_sockets{}',
        'counter breakwater_handshakes_total{outcome}',
        'counter breakwater_connections_closed_total{code}',
        'counter breakwater_events_published_total{event}',
        'counter breakwater_event_frames_total{event}',
        'counter breakwater_event_frames_dropped_total{}',
        'gauge breakwater_queue_depth{queue}',
        'gauge breakwater_queue_bytes{queue}',
        'counter breakwater_limit_hits_total{limit}',
        'gauge breakwater_event_loop_delay_seconds{quantile}',
        'gauge breakwater_event_loop_utilization_ratio{}',
        'counter breakwater_event_loop_stalled_seconds_total{}',
        'counter breakwater_event_loop_stalls_total{}',
        'counter breakwater_store_commits_total{outcome}',
        'counter breakwater_store_rows_total{}',
        'gauge breakwater_store_last_commit_seconds{}',
        'gauge breakwater_store_longest_commit_seconds{}',
        'gauge breakwater_store_records{kind}',
        'gauge breakwater_store_open{}',
        'counter breakwater_log_lines_lost_total{}',
        'gauge process_start_time_seconds{}',
        'counter process_cpu_seconds_total{}',
        'gauge process_resident_memory_bytes{}',
        'gauge nodejs_heap_size_used_bytes{}',
        'gauge nodejs_heap_size_total_bytes{}',
        'gauge nodejs_external_memory_bytes{}',
        'histogram breakwater_rpc_duration_seconds{method,outcome}',
      ],
    )
  })
})

describe('metrics', () => {
  test('tell what happened, to the request', async () => {
    await using fixture = await startTestGateway({ metricsEnabled: true })
    const clients = await Promise.all([1, 2, 3].map(() => connectRaw(fixture.url, cliConnect(TEST_TOKEN))))
    await connectRaw(fixture.url, cliConnect('wrong')).catch(() => undefined)
    for (const client of clients) await client.request('health')
    await clients[0]?.request('made.up')
    await clients[0]?.request('system-event', { text: 'Node: shed' })
    clients[2]?.socket.close(1000)
    await clients[2]?.closed
    const { status, type, body } = await get(fixture, '/metrics')
    assert.equal(status, 200)
    assert.match(type, /^text\/plain; version=0\.0\.4/)
    const values = parse(body)
    assert.equal(values.get('breakwater_connections{role="operator"}'), 2)
    assert.equal(values.get('breakwater_handshakes_total{outcome="ok"}'), 3)
    assert.equal(values.get('breakwater_handshakes_total{outcome="AUTH_TOKEN_MISMATCH"}'), 1)
    assert.equal(values.get('breakwater_connections_closed_total{code="1000"}'), 1)
    assert.equal(values.get('breakwater_rpc_duration_seconds_count{method="health",outcome="ok"}'), 3)
    assert.equal(values.get('breakwater_rpc_duration_seconds_count{method="unserved",outcome="INVALID_REQUEST"}'), 1)
    assert.equal(values.get('breakwater_events_published_total{event="presence"}'), 1)
    assert.equal(values.get('breakwater_event_frames_total{event="presence"}'), 3)
    assert.equal(values.get('breakwater_store_open'), 1)
    assert.ok((values.get('process_resident_memory_bytes') ?? 0) > 10_000_000)
    for (const { name } of METRICS) assert.match(body, new RegExp(`# HELP ${name} `), name)
    const again = parse((await get(fixture, '/metrics')).body)
    assert.equal(again.get('breakwater_handshakes_total{outcome="ok"}'), 3, 'scraping counts nothing twice')
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
  })

  test('are for the owner: this machine, the owner socket, or the bearer of the secret', async () => {
    await using fixture = await startTestGateway({ metricsEnabled: true, trustedProxies: ['127.0.0.1'] })
    const afar = { 'X-Forwarded-For': '203.0.113.7' }
    const refused = await get(fixture, '/metrics', afar)
    assert.deepEqual(
      [refused.status, typeOf(refused), refused.challenge],
      [401, 'owner_required', 'Bearer realm="breakwater"'],
    )
    assert.equal(typeOf(await get(fixture, '/metrics', { ...afar, Authorization: 'Bearer x' })), 'owner_mismatch')
    assert.equal((await get(fixture, '/metrics', { ...afar, Authorization: `Bearer ${TEST_TOKEN}` })).status, 200)
    assert.equal((await get({ socketPath: ownerSocketPath(fixture.stateDir) }, '/metrics')).status, 200)
  })

  test('are not there while they are off, and say how to turn them on', async () => {
    await using fixture = await startTestGateway()
    const answer = await get(fixture, '/metrics')
    assert.deepEqual([answer.status, typeOf(answer)], [404, 'metrics_disabled'])
    assert.match(JSON.parse(answer.body).error.nextStep, /metrics\.enabled true/)
  })

  test('load nothing and listen to nothing until they are wanted, and the last wish wins', async () => {
    const listening: boolean[] = []
    const loads: PromiseWithResolvers<typeof import('../../src/observe/prometheus.ts')>[] = []
    const metrics = new Metrics({
      facts: () => assert.fail('not scraped'),
      listen: (listener) => listening.push(listener !== undefined),
      load: () => {
        const load = Promise.withResolvers<typeof import('../../src/observe/prometheus.ts')>()
        loads.push(load)
        return load.promise
      },
    })
    assert.equal(await metrics.scrape(), undefined)
    const [on, off] = [metrics.setEnabled(true), metrics.setEnabled(false)]
    loads[0]?.resolve(await import('../../src/observe/prometheus.ts'))
    await Promise.all([on, off])
    assert.deepEqual([metrics.isEnabled, listening], [false, [false]])
    const onAgain = metrics.setEnabled(true)
    loads[1]?.resolve(await import('../../src/observe/prometheus.ts'))
    await onAgain
    assert.deepEqual([metrics.isEnabled, listening], [true, [false, true]])
  })
})

describe('the connections that ended', () => {
  test('are shown to the owner, with their reasons', async () => {
    await using fixture = await startTestGateway()
    const client = await connectRaw(fixture.url, cliConnect(TEST_TOKEN))
    client.socket.close(1000, 'done')
    await client.closed
    await connectRaw(fixture.url, cliConnect('wrong')).catch(() => undefined)
    assert.equal(typeOf(await get(fixture, '/diagnostics/connections')), 'owner_required')
    const owner = { socketPath: ownerSocketPath(fixture.stateDir) }
    const { status, body } = await get(owner, '/diagnostics/connections')
    assert.equal(status, 200)
    const { capacity, count, connections } = JSON.parse(body)
    assert.deepEqual([capacity, count], [10_000, 2])
    assert.deepEqual(
      [connections[0].reason, connections[0].client, connections[0].handshake],
      ['done', 'cli/cli', 'ok'],
    )
    assert.deepEqual([connections[1].cause, connections[1].handshake], ['AUTH_TOKEN_MISMATCH', 'failed'])
  })
})
