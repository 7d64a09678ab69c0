// `breakwater devices approve` and `reject`: the answer to one pairing request. Without an id a person at a terminal picks
// from what waits; a script is told the ids.

import { foreignText } from '@breakwater/client'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError, usageError } from '../../failure.ts'
import { asksFor, type DeviceList, findRequest, nameOf, type PairedRow, type PendingRow } from './device-rows.ts'
import { pendingTable } from './list.ts'
import { withDevices } from './with-devices.ts'

export async function approveDevice(context: CommandContext, id: string | undefined): Promise<ExitCode> {
  const approved = await withDevices(context, 'approve', async (api) => {
    const request = await chooseRequest(context, await api.list(), id, 'approve')
    const { device } = await api.call<{ device: PairedRow }>('device.pair.approve', { requestId: request.requestId })
    return { at: api.at, requestId: request.requestId, device }
  })
  context.output.result(approved, ({ at, device }) => {
    const how =
      at === 'gateway'
        ? 'It connects by itself within half a minute.'
        : 'No gateway runs here: it connects once one does.'
    return `${nameOf(device)} is paired (${asksFor(device)}).\n${how}\n`
  })
  return EXIT.ok
}

export async function rejectDevice(context: CommandContext, id: string | undefined): Promise<ExitCode> {
  const rejected = await withDevices(context, 'reject', async (api) => {
    const request = await chooseRequest(context, await api.list(), id, 'reject')
    await api.call('device.pair.reject', { requestId: request.requestId })
    return { at: api.at, requestId: request.requestId, deviceId: request.deviceId, name: nameOf(request) }
  })
  context.output.result(rejected, ({ name, requestId }) => `${name} was turned away (${foreignText(requestId)}).\n`)
  return EXIT.ok
}

async function chooseRequest(
  context: CommandContext,
  list: DeviceList,
  id: string | undefined,
  verb: 'approve' | 'reject',
): Promise<PendingRow> {
  if (id !== undefined) return findRequest(list, id)
  const { pending } = list
  if (pending.length === 0) {
    throw new CommandError({
      code: 'NOTHING_PENDING',
      message: 'no device waits for approval',
      exitCode: EXIT.failed,
      nextStep: 'Connect the device, it asks by itself; then run this again. If it does not: breakwater why <device>',
    })
  }
  const { io, output } = context
  if (io.ask === undefined || output.isJson) throw idNeeded(pending, verb)
  return pick(context, io.ask, pending, verb)
}

function idNeeded(pending: readonly PendingRow[], verb: string): CommandError {
  const waiting = pending.map((row) => `${foreignText(row.requestId)} (${nameOf(row)}, ${asksFor(row)})`)
  return usageError(
    `say which request to ${verb}: ${waiting.join('; ')}`,
    `breakwater devices ${verb} ${foreignText(pending[0]?.requestId ?? '<id>')}`,
  )
}

async function pick(
  { io, output }: CommandContext,
  ask: (question: string) => Promise<string>,
  pending: readonly PendingRow[],
  verb: string,
): Promise<PendingRow> {
  const numbered = pending.map((row, index) => ({ ...row, requestId: `${index + 1}` }))
  io.err(
    pendingTable(numbered, Date.now(), output.style)
      .replace(/^.*\n\n/, '')
      .replace('REQUEST', 'NUMBER '),
  )
  const answer = (
    await ask(`Which one to ${verb}? [1${pending.length > 1 ? `-${pending.length}` : ''}, empty: none] `)
  ).trim()
  const chosen = /^\d+$/.test(answer) ? pending[Number(answer) - 1] : undefined
  if (chosen !== undefined) return chosen
  throw new CommandError({
    code: 'NOTHING_CHOSEN',
    message:
      answer === '' ? 'nothing was chosen, nothing was changed' : `${JSON.stringify(answer)} is not one of the numbers`,
    exitCode: EXIT.usage,
    nextCommand: `breakwater devices ${verb}`,
  })
}
