import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFilter, parseLogLine, renderLogLine } from '../../../src/commands/logs/log-line.ts'
import { CommandError } from '../../../src/failure.ts'
import { createStyle } from '../../../src/output/style.ts'

const line = (more: object = {}): string =>
  JSON.stringify({
    level: 'warn',
    '0': '{"subsystem":"gateway/ws"}',
    '1': { cause: 'peer-closed', ms: 12 },
    '2': 'handshake failed',
    _meta: { logLevelId: 4, logLevelName: 'WARN' },
    time: '2026-11-20T10:00:00.123Z',
    hostname: 'h',
    message: 'handshake failed',
    ...more,
  })

test('a line of ours is read whole', () => {
  const { time, level, subsystem, message, fields } = parseLogLine(line())
  assert.deepEqual(
    { time, level, subsystem, message, fields },
    {
      time: '2026-11-20T10:00:00.123Z',
      level: 'warn',
      subsystem: 'gateway/ws',
      message: 'handshake failed',
      fields: { cause: 'peer-closed', ms: 12 },
    },
  )
})

test('the level of an official line is in its metadata', () => {
  assert.equal(parseLogLine(line({ level: undefined, _meta: { logLevelName: 'ERROR' } })).level, 'error')
  assert.equal(parseLogLine(line({ level: undefined, _meta: { logLevelName: 'TRACE' } })).level, 'debug')
})

test('what is no JSON is shown as it is, cleaned', () => {
  assert.equal(renderLogLine(parseLogLine('plain \u001b[31mtext'), createStyle(false)), 'plain \uFFFD[31mtext\n')
})

test('people read time, level, subsystem, message and fields', () => {
  assert.match(
    renderLogLine(parseLogLine(line()), createStyle(false)),
    /^2026-11-\d\d \d\d:\d\d:00\.123 warn {2}gateway\/ws: handshake failed \(cause=peer-closed ms=12\)\n$/,
  )
})

test('what a stranger wrote cannot steer the terminal', () => {
  const shown = renderLogLine(
    parseLogLine(line({ message: 'a\u001b]0;x\u0007\r\nb', '1': { ua: '\u009b2J' } })),
    createStyle(false),
  )
  assert.doesNotMatch(shown.trimEnd(), /\p{Cc}/u)
  assert.equal(shown.split('\n').length, 2)
})

test('a filter takes a least level, and a text or a regular expression', () => {
  const parsed = parseLogLine(line())
  assert.ok(createFilter({ level: 'warn' })(parsed))
  assert.ok(!createFilter({ level: 'error' })(parsed))
  assert.ok(createFilter({ grep: 'PEER-closed' })(parsed))
  assert.ok(createFilter({ grep: '/peer.closed/' })(parsed))
  assert.ok(!createFilter({ grep: 'peer.closed' })(parsed))
  assert.ok(!createFilter({ grep: 'x', level: 'info' })(parsed))
  for (const flags of [{ level: 'loud' }, { grep: '/(/' }]) {
    assert.throws(() => createFilter(flags), CommandError)
  }
})
