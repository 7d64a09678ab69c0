import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { meterPreAuthBytes } from '../../src/listener/pre-auth-meter.ts'

class Setting {
  readonly socket = new PassThrough()
  readonly order: string[] = []
  readonly stop: () => void

  constructor(limitBytes: number) {
    this.socket.on('data', (chunk: Buffer) => this.order.push(`received ${chunk.length}`))
    this.stop = meterPreAuthBytes(this.socket, limitBytes, () => this.order.push('exceeded'))
  }

  send(bytes: number): void {
    this.socket.emit('data', Buffer.alloc(bytes))
  }
}

describe('the bytes of a stranger', () => {
  test('may reach the limit, in however many pieces', () => {
    const setting = new Setting(100)
    for (const bytes of [40, 59, 1]) setting.send(bytes)
    assert.ok(!setting.order.includes('exceeded'))
  })

  test('beyond it are told of before the receiver sees them', () => {
    const setting = new Setting(100)
    setting.send(100)
    setting.send(1)
    assert.deepEqual(setting.order, ['received 100', 'exceeded', 'received 1'])
  })

  test('that keep coming are told of again: whoever listens may have only refused so far', () => {
    const setting = new Setting(10)
    for (let chunk = 0; chunk < 3; chunk += 1) setting.send(20)
    assert.equal(setting.order.filter((what) => what === 'exceeded').length, 3)
  })

  test('are no longer counted once it is no stranger', () => {
    const setting = new Setting(10)
    setting.send(10)
    setting.stop()
    setting.send(1_000_000)
    assert.ok(!setting.order.includes('exceeded'))
  })
})
