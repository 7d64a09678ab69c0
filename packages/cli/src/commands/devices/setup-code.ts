// `breakwater qr`: a code that lets one new device in without a question, as text and as a picture to scan.

import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { foreignText } from '@breakwater/client'
import { qrPictures } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError, usageError } from '../../failure.ts'
import { formatMs } from '../../output/quantity.ts'
import { isColoured } from '../../output/style.ts'
import { renderFields } from '../../output/table.ts'
import type { Session } from '../../target/connect.ts'
import { withOwnGateway } from '../../target/own-gateway.ts'

export interface SetupCodeFlags {
  readonly access?: string
  readonly publicUrl?: string
  readonly remote?: boolean
  readonly png?: string
  readonly svg?: string
  readonly wait?: boolean
}

interface SetupCode {
  readonly setupId: string
  readonly setupCode: string
  readonly expiresAtMs: number
  readonly gatewayUrl: string
  readonly gatewayUrls?: readonly string[]
  readonly access: string
  readonly accessDowngraded?: boolean
}

interface Outcome {
  readonly completion?: { readonly deviceId: string; readonly deviceName?: string }
  readonly deliveryUncertain?: { readonly deviceId: string; readonly deviceName?: string }
}

const ACCESS = ['full', 'limited', 'node'] as const
/** Between two questions whether the code was used. */
const ASK_EVERY_MS = 700

export async function setupCode(context: CommandContext, flags: SetupCodeFlags): Promise<ExitCode> {
  const { access = 'full' } = flags
  if (!(ACCESS as readonly string[]).includes(access)) {
    throw usageError(`--access: expected ${ACCESS.join(', ')}, got ${JSON.stringify(access)}`)
  }
  if (flags.wait === true && context.output.isJson) {
    throw usageError(
      '--wait shows the code first and the outcome later, which is no one JSON document',
      'Leave --wait out, and ask: breakwater call device.pair.setupStatus --params \'{"setupId":"..."}\'',
    )
  }
  return withOwnGateway(
    context,
    { scopes: ['operator.admin'], inRemoteMode: 'remote' },
    (session) => issue(context, session, flags),
    async () => {
      throw new CommandError({
        code: 'GATEWAY_DOWN',
        message: 'no gateway is running here, and a code is good for ten minutes only',
        exitCode: EXIT.unreachable,
        nextStep: 'breakwater gateway --bind lan --tls (starts one that other machines reach), then this again',
      })
    },
  )
}

async function issue(context: CommandContext, session: Session, flags: SetupCodeFlags): Promise<ExitCode> {
  const { access = 'full', publicUrl, remote, png, svg } = flags
  const code = (await session.connection.call('device.pair.setupCode', {
    includeQr: false,
    ...(access === 'full' ? {} : { bootstrapProfile: access as 'limited' | 'node' }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(remote === true ? { preferRemoteUrl: true } : {}),
  })) as unknown as SetupCode
  const pictures = await writePictures(code.setupCode, { png, svg })
  const qr = pictures.length > 0 ? '' : await drawForTerminal(context, code.setupCode)
  if (flags.wait !== true) {
    context.output.result({ ...code, pictures }, (_, style) => qr + render(code, pictures, style.strong))
    return EXIT.ok
  }
  context.io.out(qr + render(code, pictures, context.output.style.strong))
  return waitForDevice(context, session, code)
}

async function drawForTerminal({ io, env, output }: CommandContext, text: string): Promise<string> {
  if (output.isJson) return ''
  const { qrSquares, qrForTerminal } = await qrPictures()
  return `\n${qrForTerminal(qrSquares(text), { isColoured: isColoured(io.isTty, env) })}\n`
}

interface PictureFiles {
  readonly png: string | undefined
  readonly svg: string | undefined
}

/** Whoever sees the picture has the code: the files are the owner's alone. */
async function writePictures(text: string, { png, svg }: PictureFiles): Promise<string[]> {
  if (png === undefined && svg === undefined) return []
  const { qrPng, qrSquares, qrSvg } = await qrPictures()
  const squares = qrSquares(text)
  const written: string[] = []
  for (const [path, content] of [[png, () => qrPng(squares)] as const, [svg, () => qrSvg(squares)] as const]) {
    if (path === undefined) continue
    try {
      await writeFile(path, content(), { mode: 0o600 })
    } catch (cause) {
      throw usageError(`${path} cannot be written: ${(cause as Error).message}`)
    }
    written.push(path)
  }
  return written
}

const MEANINGS: Readonly<Record<string, string>> = {
  full: 'everything, as an app of yours',
  limited: 'reading, writing and answering questions, no administration',
  node: 'lending its capabilities; nothing else',
}

function render(code: SetupCode, pictures: readonly string[], strong: (text: string) => string): string {
  const { setupCode: text, gatewayUrl, gatewayUrls = [gatewayUrl], access, accessDowngraded, expiresAtMs } = code
  const downgraded = accessDowngraded === true ? '; less than asked for, because the address is not encrypted' : ''
  return (
    renderFields([
      ['code', strong(text)],
      ['picture', pictures.join(', ')],
      ['address', gatewayUrls.join(', ')],
      ['gives', `${access}: ${MEANINGS[access] ?? ''}${downgraded}`],
      ['good for', `${formatMs(Math.max(0, expiresAtMs - Date.now()))}, once`],
    ]) +
    `\nScan it with the app, or paste the code there. Whoever uses it first is let in, so show it to nobody else.\n`
  )
}

async function waitForDevice(context: CommandContext, { connection }: Session, code: SetupCode): Promise<ExitCode> {
  const { setupId, expiresAtMs } = code
  const signal = context.io.readerGone
  context.output.note('Waiting for the device; Ctrl-C stops waiting, the code stays good.')
  while (!signal.aborted) {
    const outcome = (await connection.call('device.pair.setupStatus', { setupId })) as unknown as Outcome
    const ended = outcome.completion ?? outcome.deliveryUncertain
    if (ended !== undefined) {
      const name = foreignText(ended.deviceName ?? ended.deviceId.slice(0, 12))
      const isSure = outcome.completion !== undefined
      context.output.result({ ...code, ...outcome }, () =>
        isSure
          ? `${name} is set up.\n`
          : `${name} used the code, but may not have got its tokens: let it try with a new one.\n`,
      )
      return isSure ? EXIT.ok : EXIT.failed
    }
    if (Date.now() >= expiresAtMs) {
      throw new CommandError({
        code: 'SETUP_CODE_EXPIRED',
        message: 'the code has expired and nobody used it',
        exitCode: EXIT.failed,
        nextCommand: 'breakwater qr',
      })
    }
    await delay(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  return EXIT.ok
}
