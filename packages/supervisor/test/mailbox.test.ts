import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_MAILBOX_LENGTH, Mailbox } from '../src/mailbox.ts'
import { SyncOwnerContext } from '../src/owner-context.ts'
import { SupervisorError } from '../src/supervisor-error.ts'

function createMailbox(): { mailbox: Mailbox; context: SyncOwnerContext; faults: unknown[] } {
  const context = new SyncOwnerContext()
  const faults: unknown[] = []
  return { mailbox: new Mailbox({ context, onFault: (error) => faults.push(error) }), context, faults }
}

test('a piece has run when post returns, and pieces posted meanwhile run after it in order', () => {
  const { mailbox } = createMailbox()
  const order: string[] = []
  mailbox.post(() => {
    mailbox.post(() => order.push('second'))
    mailbox.post(() => order.push('third'))
    order.push('first')
  })
  assert.deepEqual(order, ['first', 'second', 'third'])
})

test('a piece that throws is reported and the rest still runs', () => {
  const { mailbox, faults } = createMailbox()
  let hasRun = false
  mailbox.post(() => {
    mailbox.post(() => {
      hasRun = true
    })
    throw new Error('broken listener')
  })
  assert.equal(hasRun, true)
  assert.equal((faults[0] as Error).message, 'broken listener')
})

test('pieces run outside the dial of whoever posted them', () => {
  const { mailbox, context } = createMailbox()
  const owner = { name: 'outer', isDialing: true }
  const seen: unknown[] = []
  context.run(owner, () => mailbox.post(() => seen.push(context.getStore())))
  assert.deepEqual(seen, [undefined])
})

test('one callback cannot queue more than the limit', () => {
  const { mailbox } = createMailbox()
  let runCount = 0
  let error: unknown
  mailbox.post(() => {
    try {
      for (let index = 0; index <= MAX_MAILBOX_LENGTH; index += 1) {
        mailbox.post(() => {
          runCount += 1
        })
      }
    } catch (caught) {
      error = caught
    }
  })
  assert.ok(SupervisorError.is(error) && error.code === 'TOO_MANY_COMMANDS')
  assert.equal(runCount, MAX_MAILBOX_LENGTH)
})
