// Over real sockets: what `ws` does with a message, a pause or a close is the point here.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import { WebSocket, WebSocketServer } from 'ws'
import { type LinkHolder, WebSocketLink } from '../../src/connection/web-socket-link.ts'

class Recorder implements LinkHolder {
  readonly texts: string[] = []
  pongCount = 0
  readonly closed = Promise.withResolvers<{ code: number; reason: string }>()
  #onText = Promise.withResolvers<void>()

  onText(text: string): void {
    this.texts.push(text)
    this.#onText.resolve()
  }

  /** Resolves with the next text. */
  async nextText(): Promise<string | undefined> {
    await this.#onText.promise
    this.#onText = Promise.withResolvers()
    return this.texts.at(-1)
  }

  onPong(): void {
    this.pongCount += 1
  }

  onClose(code: number, reason: string): void {
    this.closed.resolve({ code, reason })
  }
}

async function linked() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const [ws] = (await once(server, 'connection')) as [WebSocket]
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
  const holder = new Recorder()
  const link = new WebSocketLink(ws, holder)
  return {
    client,
    ws,
    holder,
    link,
    [Symbol.asyncDispose]: async () => {
      client.terminate()
      ws.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('messages of the other side', () => {
  test('arrive as text, also when they were sent as binary', async () => {
    await using pair = await linked()
    pair.client.send('{"a":"ü"}')
    assert.equal(await pair.holder.nextText(), '{"a":"ü"}')
    pair.client.send(Buffer.from('{"a":"ü"}'), { binary: true })
    assert.equal(await pair.holder.nextText(), '{"a":"ü"}')
  })

  test('belong to whoever holds the link at the moment', async () => {
    await using pair = await linked()
    const successor = new Recorder()
    pair.client.send('first')
    await pair.holder.nextText()
    pair.link.handTo(successor)
    assert.equal(pair.link.holder, successor)
    pair.client.send('second')
    assert.equal(await successor.nextText(), 'second')
    assert.deepEqual(pair.holder.texts, ['first'])
    pair.client.close(1000, 'bye')
    assert.deepEqual(await successor.closed.promise, { code: 1000, reason: 'bye' })
  })

  test('stay in the socket while reading is stopped', async () => {
    await using pair = await linked()
    pair.link.setReading(false)
    pair.client.send('early')
    pair.ws.ping()
    await once(pair.client, 'ping')
    assert.deepEqual(pair.holder.texts, [])
    pair.link.setReading(true)
    assert.equal(await pair.holder.nextText(), 'early')
  })

  test('include its pongs', async () => {
    await using pair = await linked()
    pair.link.ping()
    await once(pair.ws, 'pong')
    assert.equal(pair.holder.pongCount, 1)
  })
})

describe('frames of ours', () => {
  test('arrive as text, whether they were encoded already or not', async () => {
    await using pair = await linked()
    for (const frame of ['{"x":"ü"}', Buffer.from('{"x":"ü"}')]) {
      pair.link.send(frame)
      const [data, isBinary] = (await once(pair.client, 'message')) as [Buffer, boolean]
      assert.deepEqual([data.toString(), isBinary], ['{"x":"ü"}', false])
    }
  })

  test('are dropped without a word once the link is closed', async () => {
    await using pair = await linked()
    pair.link.terminate()
    await pair.holder.closed.promise
    assert.doesNotThrow(() => {
      pair.link.send('late')
      pair.link.ping()
      pair.link.setReading(true)
      pair.link.close(1000, '')
    })
    assert.equal(pair.link.isOpen, false)
  })
})

describe('the end of a link', () => {
  test('tells the other side code and reason, cut to what the wire takes', async () => {
    await using pair = await linked()
    pair.link.close(1008, `pairing required: ${'ü'.repeat(200)}`)
    const [code, reason] = (await once(pair.client, 'close')) as [number, Buffer]
    assert.equal(code, 1008)
    assert.ok(reason.length <= LIMITS.closeReasonBytes && reason.toString().startsWith('pairing required: ü'))
    assert.equal((await pair.holder.closed.promise).code, 1008)
  })

  test('comes after the close grace when the other side does not answer', async (t) => {
    await using pair = await linked()
    t.mock.timers.enable({ apis: ['setTimeout'] })
    pair.client.pause()
    pair.link.close(1012, 'service restart')
    pair.link.close(1012, 'service restart')
    t.mock.timers.tick(LIMITS.closeGraceMs)
    assert.equal((await pair.holder.closed.promise).code, 1006)
  })

  test('by a reset is one close, not an unhandled error', async () => {
    await using pair = await linked()
    pair.client.terminate()
    assert.equal((await pair.holder.closed.promise).code, 1006)
  })

  test('follows when the other side breaks the protocol', async () => {
    await using pair = await linked()
    // A frame with reserved bits set, which no extension has asked for.
    ;(pair.client as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
      Buffer.from([0xf1, 0x80, 0, 0, 0, 0]),
    )
    const [code] = (await once(pair.client, 'close')) as [number]
    assert.equal(code, 1002)
    await pair.holder.closed.promise
  })
})
