// Serves the sources of the browser-safe packages to a page as the modules they are, types stripped. Loopback only.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../../../', import.meta.url))
const SOURCE = /^\/(?:client|protocol|supervisor)\/src\/[a-z0-9/.-]+\.(?:ts|js)$/
const IMPORTS = {
  '@breakwater/client/': '/client/src/',
  '@breakwater/protocol': '/protocol/src/index.ts',
  '@breakwater/supervisor': '/supervisor/src/index.ts',
}

export interface ModuleServer extends AsyncDisposable {
  readonly origin: string
}

/** `/` is a page that runs `script`, which may import `@breakwater/client/<path>`. */
export async function serveModules(script: string): Promise<ModuleServer> {
  const page = `<!doctype html><meta charset="utf-8"><title>test</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script><script type="module">${script}</script>`
  const server = createServer(async ({ url = '' }, response) => {
    if (url === '/') return response.setHeader('content-type', 'text/html').end(page)
    if (!SOURCE.test(url) || url.includes('..')) return response.writeHead(404).end()
    const text = await readFile(PACKAGES + url.slice(1), 'utf8')
    response.setHeader('content-type', 'text/javascript')
    return response.end(url.endsWith('.ts') ? stripTypeScriptTypes(text) : text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
