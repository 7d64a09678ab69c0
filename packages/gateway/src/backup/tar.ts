// The part of the tar format (POSIX ustar) that a backup needs: regular files, in order. Any tar program reads what this
// writes; what this reads is refused unless it is of that simple kind, since it is about to be trusted with paths.

import { unusable } from './backup-fault.ts'

const BLOCK_BYTES = 512
const NAME_BYTES = 100
const PREFIX_BYTES = 155
/** Largest size that eleven octal digits hold. */
const MAX_FILE_BYTES = 8 ** 11 - 1

export interface TarHeader {
  /** With slashes, relative. */
  readonly path: string
  readonly bytes: number
  readonly mode: number
  readonly modifiedAtMs: number
}

export function encodeTarHeader({ path, bytes, mode, modifiedAtMs }: TarHeader): Buffer {
  const { name, prefix } = splitPath(path)
  if (bytes > MAX_FILE_BYTES) throw unusable(`${path} is too large for an archive: ${bytes} bytes`)
  const block = Buffer.alloc(BLOCK_BYTES)
  block.write(name, 0, 'utf8')
  writeOctal(block, 100, 8, mode & 0o777)
  writeOctal(block, 108, 8, 0)
  writeOctal(block, 116, 8, 0)
  writeOctal(block, 124, 12, bytes)
  writeOctal(block, 136, 12, Math.floor(modifiedAtMs / 1_000))
  block.fill(0x20, 148, 156)
  block.write('0', 156, 'latin1')
  block.write('ustar\0' + '00', 257, 'latin1')
  block.write(prefix, 345, 'utf8')
  writeOctal(block, 148, 7, sumOf(block))
  return block
}

/** Zeros up to the next block. */
export const tarPadding = (bytes: number): Buffer => Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES)

export const TAR_END = Buffer.alloc(2 * BLOCK_BYTES)

/** A path is kept in two parts, cut at a slash. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' }
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (Buffer.byteLength(prefix) <= PREFIX_BYTES && Buffer.byteLength(name) <= NAME_BYTES) return { name, prefix }
  }
  throw unusable(`the path is too long for an archive: ${path}`)
}

const writeOctal = (block: Buffer, at: number, bytes: number, value: number): void => {
  block.write(`${value.toString(8).padStart(bytes - 1, '0')}\0`, at, 'latin1')
}

/** The checksum counts its own field as blanks. */
function sumOf(block: Buffer): number {
  let sum = 0
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte
  return sum
}

/** Undefined for the empty block that ends an archive. */
export function decodeTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (readOctal(block, 148, 8) !== sumOf(block)) throw unusable('a header of the archive is damaged')
  const type = String.fromCharCode(block[156] ?? 0)
  if (block.toString('latin1', 257, 262) !== 'ustar' || (type !== '0' && type !== '\0')) {
    throw unusable('the archive holds something that is no regular file')
  }
  const prefix = readText(block, 345, PREFIX_BYTES)
  const name = readText(block, 0, NAME_BYTES)
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    mode: readOctal(block, 100, 8),
    bytes: readOctal(block, 124, 12),
    modifiedAtMs: readOctal(block, 136, 12) * 1_000,
  }
}

function readText(block: Buffer, at: number, bytes: number): string {
  const field = block.subarray(at, at + bytes)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? bytes : end)
}

function readOctal(block: Buffer, at: number, bytes: number): number {
  const text = readText(block, at, bytes).trim()
  if (!/^[0-7]*$/.test(text)) throw unusable('a number in the archive is damaged')
  return text === '' ? 0 : Number.parseInt(text, 8)
}

/** Takes an archive apart as its bytes arrive. */
export interface TarReader {
  /** Exactly so many bytes, fewer only at the end. */
  take(bytes: number): Promise<Buffer>
}

export function readerOf(source: AsyncIterable<Uint8Array>): TarReader {
  const iterator = source[Symbol.asyncIterator]()
  let kept = Buffer.alloc(0)
  return {
    take: async (bytes) => {
      while (kept.length < bytes) {
        const { done, value } = await iterator.next()
        if (done === true) break
        kept = Buffer.concat([kept, value])
      }
      const taken = kept.subarray(0, bytes)
      kept = kept.subarray(taken.length)
      return taken
    },
  }
}

export const TAR_BLOCK_BYTES = BLOCK_BYTES
