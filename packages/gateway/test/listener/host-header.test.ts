// What a Host header is taken to name; which of those names are loopback is told by the table in locality-cases.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_HOST_CHARS, parseHostHeader } from '../../src/listener/host-header.ts'

describe('a Host header', () => {
  const cases: readonly (readonly [header: string, name: string, port: number | undefined])[] = [
    ['gw.example.com', 'gw.example.com', undefined],
    ['GW.Example.COM.:8443', 'gw.example.com', 8443],
    ['my_box:0', 'my_box', 0],
    ['127.0.0.1:65535', '127.0.0.1', 65_535],
    ['[2001:DB8:0::7]:80', '2001:db8::7', 80],
    ['[::ffff:10.0.0.1]', '10.0.0.1', undefined],
  ]
  for (const [header, name, port] of cases) {
    test(`${header} names ${name} and port ${port}`, () => assert.deepEqual(parseHostHeader(header), { name, port }))
  }

  test('that is not a plain host and port names nothing', () => {
    for (const header of ['', 'a b', 'a/b', 'a@b', 'a:', 'a:123456', 'a:65536', '[::1', '[x]', '::1', '127.0.0.1.']) {
      assert.equal(parseHostHeader(header), undefined, header)
    }
    assert.equal(parseHostHeader(undefined), undefined)
  })

  test('names nothing beyond the length a DNS name, brackets and a port can have', () => {
    assert.ok(parseHostHeader('a'.repeat(MAX_HOST_CHARS)))
    assert.equal(parseHostHeader('a'.repeat(MAX_HOST_CHARS + 1)), undefined)
  })
})
