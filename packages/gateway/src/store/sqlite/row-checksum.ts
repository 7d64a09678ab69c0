// SQLite notices a damaged page structure, not a changed character inside a row. Each row therefore carries a checksum
// over its place and its content, so a row moved or edited behind our back is noticed when it is read.

import { crc32 } from 'node:zlib'

export function rowChecksum(table: string, key: string | number, text: string): number {
  return crc32(`${table}\0${key}\0${text}`)
}
