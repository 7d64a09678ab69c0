// Every picture of a code is read back by a QR reader.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import decodeQR from 'qr/decode.js'
import { type QrSquares, qrForTerminal, qrPng, qrPngDataUrl, qrSquares, qrSvg } from '../../src/pairing/qr-picture.ts'

const SCALE = 4

/** What a camera would see. */
function read(squares: QrSquares): string {
  const size = squares.length * SCALE
  const data = new Uint8Array(size * size * 4)
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const isDark = squares[Math.floor(y / SCALE)]?.[Math.floor(x / SCALE)] === true
      data.fill(isDark ? 0 : 255, (y * size + x) * 4, (y * size + x) * 4 + 4)
    }
  }
  return decodeQR({ width: size, height: size, data })
}

const TEXTS = ['a', 'x'.repeat(320), 'oc-pair://eyJ1cmwiOiJ3c3M6Ly9ndy5leGFtcGxlLmNvbSJ9']

test('the squares hold the text', () => {
  for (const text of TEXTS) assert.equal(read(qrSquares(text)), text)
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 600, unit: 'grapheme-ascii' }), (text) => {
      assert.equal(read(qrSquares(text)), text)
    }),
    { numRuns: 30 },
  )
})

test('a PNG shows the squares', () => {
  for (const text of TEXTS) {
    const squares = qrSquares(text)
    const png = qrPng(squares)
    const size = png.readUInt32BE(16)
    const scale = size / squares.length
    const dataBytes = png.readUInt32BE(33)
    assert.equal(png.toString('latin1', 37, 41), 'IDAT')
    const lines = inflateSync(png.subarray(41, 41 + dataBytes))
    const lineBytes = 1 + Math.ceil(size / 8)
    const seen = squares.map((row, y) =>
      row.map((_, x) => {
        const pixel = x * scale
        const byte = lines[y * scale * lineBytes + 1 + (pixel >> 3)] ?? 0
        return (byte & (0x80 >> (pixel & 7))) === 0
      }),
    )
    assert.equal(read(seen), text)
  }
})

test('an SVG shows the squares', () => {
  const squares = qrSquares('hello')
  const path = /<path d="([^"]+)"/.exec(qrSvg(squares))?.[1] ?? ''
  const seen = squares.map((row) => row.map(() => false))
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    seen[Number(y)]?.fill(true, Number(x), Number(x) + Number(length))
  }
  assert.equal(read(seen), 'hello')
})

test('a terminal shows the squares, coloured or not', () => {
  const squares = qrSquares('hello')
  const toSquares = (text: string, isColoured: boolean): boolean[][] =>
    text
      .trimEnd()
      .split('\n')
      .flatMap((line) => {
        const characters = [...(isColoured ? line.slice('\u001b[30;107m'.length, -'\u001b[0m'.length) : line)]
        const isDrawn = (drawn: string) => characters.map((character) => drawn.includes(character) === isColoured)
        return [isDrawn('▀█'), isDrawn('▄█')]
      })
      .slice(0, squares.length)
  for (const isColoured of [true, false]) {
    assert.equal(read(toSquares(qrForTerminal(squares, { isColoured }), isColoured)), 'hello')
  }
})

test('a setup code fits into what the wire allows for its picture', () => {
  assert.ok(qrPngDataUrl('x'.repeat(800)).length <= 16_384)
})
