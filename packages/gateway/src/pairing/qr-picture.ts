// A text as a QR code: the squares, and pictures of them for terminals, files and pages. Loaded when one is drawn.

import { crc32, deflateSync } from 'node:zlib'
import encodeQR from 'qr'

/** Rows of squares, true for dark, the quiet zone included. */
export type QrSquares = readonly (readonly boolean[])[]

/** The quiet zone the standard asks for, in squares. */
const BORDER_SQUARES = 4
/** Pixels per square of a PNG. */
const PNG_SCALE = 6

/** Throws for texts that no QR code can hold: more than about 2,900 bytes. */
export const qrSquares = (text: string): QrSquares => encodeQR(text, 'raw', { ecc: 'low', border: BORDER_SQUARES })

/**
 * Two squares per character. `isColoured` draws dark on light whatever the terminal's own colours are; without it, light
 * squares are drawn, as is right on a dark background.
 */
export function qrForTerminal(squares: QrSquares, { isColoured }: { readonly isColoured: boolean }): string {
  const rows: string[] = []
  for (let row = 0; row < squares.length; row += 2) {
    const upper = squares[row] ?? []
    const lower = squares[row + 1] ?? []
    const line = upper.map((isDark, column) => {
      // Below the last row there is nothing but quiet zone.
      const pair = [isDark, lower[column] ?? false]
      return BLOCKS[pair.map((dark) => (dark === isColoured ? '1' : '0')).join('')]
    })
    rows.push(isColoured ? `\u001b[30;107m${line.join('')}\u001b[0m` : line.join(''))
  }
  return `${rows.join('\n')}\n`
}

/** Which of the two squares are drawn. */
const BLOCKS: Readonly<Record<string, string>> = { '00': ' ', '10': '▀', '01': '▄', '11': '█' }

export function qrSvg(squares: QrSquares): string {
  const size = squares.length
  const runs = squares.flatMap((row, y) => runsOf(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`))
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${runs.join('')}"/></svg>\n`
  )
}

/** Start and length of each run of dark squares. */
function runsOf(row: readonly boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = []
  for (const [x, isDark] of row.entries()) {
    const last = runs.at(-1)
    if (!isDark) continue
    if (last !== undefined && last[0] + last[1] === x) last[1] += 1
    else runs.push([x, 1])
  }
  return runs
}

/** One bit per pixel. */
export function qrPng(squares: QrSquares): Buffer {
  const size = squares.length * PNG_SCALE
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header[8] = 1 // bits per pixel; colour type, compression, filter and interlacing stay 0
  const lines = squares.flatMap((row) => Array<Buffer>(PNG_SCALE).fill(scanLine(row, size)))
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(lines), { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

export const qrPngDataUrl = (text: string): string =>
  `data:image/png;base64,${qrPng(qrSquares(text)).toString('base64')}`

/** Filter byte, then the pixels, light ones as 1. */
function scanLine(row: readonly boolean[], size: number): Buffer {
  const line = Buffer.alloc(1 + Math.ceil(size / 8))
  for (let x = 0; x < size; x += 1) {
    if (row[Math.floor(x / PNG_SCALE)] === true) continue
    const at = 1 + (x >> 3)
    line[at] = (line[at] ?? 0) | (0x80 >> (x & 7))
  }
  return line
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
