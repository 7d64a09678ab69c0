// The product's version, from the package's own manifest.

import { readFileSync } from 'node:fs'

export const readVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
