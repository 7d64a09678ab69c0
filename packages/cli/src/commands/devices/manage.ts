// `breakwater devices remove`, `rename`, `rotate` and `revoke`: what becomes of a device that is paired.

import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { usageError } from '../../failure.ts'
import { findDevice, nameOf, type PairedRow } from './device-rows.ts'
import { withDevices } from './with-devices.ts'

export async function removeDevice(context: CommandContext, text: string): Promise<ExitCode> {
  const removed = await withDevices(context, 'remove', async (api) => {
    const device = findDevice(await api.list(), text)
    await api.call('device.pair.remove', { deviceId: device.deviceId })
    return { at: api.at, deviceId: device.deviceId, name: nameOf(device) }
  })
  context.output.result(
    removed,
    ({ name }) => `${name} is no longer paired; its connections are closed. It has to ask again.\n`,
  )
  return EXIT.ok
}

const MAX_LABEL_CHARS = 64

export async function renameDevice(context: CommandContext, text: string, label: string): Promise<ExitCode> {
  if (label.trim() === '' || label.length > MAX_LABEL_CHARS) {
    throw usageError(`a label has 1 to ${MAX_LABEL_CHARS} characters that are not all blank`)
  }
  const renamed = await withDevices(context, 'rename', async (api) => {
    const device = findDevice(await api.list(), text)
    await api.call('device.pair.rename', { deviceId: device.deviceId, label })
    return { at: api.at, deviceId: device.deviceId, before: nameOf(device), label: label.trim() }
  })
  context.output.result(renamed, ({ before }) => `${before} is called ${label.trim()} now.\n`)
  return EXIT.ok
}

export interface RotateFlags {
  readonly role?: string
  readonly scopes?: string
}

interface Rotated {
  readonly role: string
  readonly scopes: readonly string[]
  readonly rotatedAtMs: number
  readonly tokenDelivery: string
  readonly token?: string
}

export async function rotateToken(context: CommandContext, text: string, flags: RotateFlags): Promise<ExitCode> {
  const scopes = flags.scopes
    ?.split(',')
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '')
  const rotated = await withDevices(context, 'rotate', async (api) => {
    const device = findDevice(await api.list(), text)
    const role = chooseRole(device, flags.role)
    const answer = await api.call<Rotated>('device.token.rotate', {
      deviceId: device.deviceId,
      role,
      ...(scopes === undefined ? {} : { scopes }),
    })
    return { at: api.at, name: nameOf(device), ...answer }
  })
  context.output.result(rotated, ({ name, role, token }) =>
    token === undefined
      ? `${name} gets a new ${role} token when it connects next; the old one works until then.\n`
      : `${name} has a new ${role} token:\n${token}\n`,
  )
  return EXIT.ok
}

export async function revokeToken(context: CommandContext, text: string, flags: RotateFlags): Promise<ExitCode> {
  const revoked = await withDevices(context, 'revoke', async (api) => {
    const device = findDevice(await api.list(), text)
    const role = chooseRole(device, flags.role)
    const answer = await api.call<{ revokedAtMs: number }>('device.token.revoke', { deviceId: device.deviceId, role })
    return { at: api.at, name: nameOf(device), deviceId: device.deviceId, role, revokedAtMs: answer.revokedAtMs }
  })
  context.output.result(
    revoked,
    ({ name, role }) =>
      `${name} may no longer connect as ${role}. It stays paired: breakwater devices remove forgets it.\n`,
  )
  return EXIT.ok
}

/** The role that was typed, or the only one there is. */
function chooseRole({ tokens = [], ...device }: PairedRow, typed: string | undefined): string {
  const roles = tokens.map(({ role }) => role)
  const role = typed ?? (roles.length === 1 ? roles[0] : undefined)
  if (role !== undefined && roles.includes(role)) return role
  const what =
    typed === undefined ? 'say which role' : `${nameOf(device)} has no token for the role ${JSON.stringify(typed)}`
  throw usageError(
    `${what}: ${roles.length === 0 ? 'it has none' : `--role ${roles.join(' or --role ')}`}`,
    'breakwater devices list',
  )
}
