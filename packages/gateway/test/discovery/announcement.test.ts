import assert from 'node:assert/strict'
import { test } from 'node:test'
import { announcementOf } from '../../src/discovery/announcement.ts'

const FACTS = { bind: 'lan', port: 18_789, hostname: 'desk.example.com', tlsFingerprint: undefined }

test('a gateway others can reach says where, in the words clients look for', () => {
  assert.deepEqual(announcementOf(FACTS), {
    name: 'desk (Breakwater)',
    port: 18_789,
    txt: {
      role: 'gateway',
      displayName: 'desk',
      lanHost: 'desk.local',
      gatewayPort: '18789',
      transport: 'gateway',
      gatewayDirectReachable: '1',
    },
    address: undefined,
  })
})

test('with TLS the fingerprint comes along, as a hint', () => {
  const txt = announcementOf({ ...FACTS, tlsFingerprint: 'ab'.repeat(32) })?.txt
  assert.deepEqual([txt?.gatewayTls, txt?.gatewayTlsSha256], ['1', 'ab'.repeat(32)])
})

test('bound to one address it is announced there only, bound to this machine nowhere', () => {
  assert.equal(announcementOf({ ...FACTS, bind: '192.168.1.5' })?.address, '192.168.1.5')
  assert.equal(announcementOf({ ...FACTS, bind: '0.0.0.0' })?.address, undefined)
  for (const bind of ['loopback', '127.0.0.1', '::1']) assert.equal(announcementOf({ ...FACTS, bind }), undefined, bind)
})

test('a name fits into its label whatever the machine is called', () => {
  for (const hostname of ['x'.repeat(300), 'ü'.repeat(60), '', '.local']) {
    const name = announcementOf({ ...FACTS, hostname })?.name ?? ''
    assert.ok(Buffer.byteLength(name) <= 63 && name.length > ' (Breakwater)'.length, name)
  }
})
