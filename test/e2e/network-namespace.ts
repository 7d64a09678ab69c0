// Another machine, for the price of a network namespace: one link to this machine, its own addresses, no route beyond it.
// Linux with the right to create one; elsewhere there is none, and the test says that it was skipped.

import { type ExecFileSyncOptions, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

let created = 0

export interface NamespaceAddresses {
  /** This machine, as the namespace sees it. */
  readonly here: string
  /** The namespace, as this machine sees it. */
  readonly there: string
}

export class NetworkNamespace implements Disposable {
  readonly name: string
  readonly ipv4: NamespaceAddresses
  readonly ipv6: NamespaceAddresses
  readonly #cleanUp = (): void => this.#delete()

  private constructor() {
    created += 1
    this.name = `bw-test-${process.pid}-${created}`
    const id = (process.pid * 16 + created) & 0xffff
    const hex = id.toString(16)
    // Set aside for tests of network devices (RFC 2544, RFC 5180): nobody routes them.
    const network = `198.${18 + (id >> 15)}.${(id >> 6) & 0xff}`
    const first = (id << 2) & 0xfc
    this.ipv4 = { here: `${network}.${first + 1}`, there: `${network}.${first + 2}` }
    this.ipv6 = { here: `2001:2:0:${hex}::1`, there: `2001:2:0:${hex}::2` }
    process.once('exit', this.#cleanUp)
    ip('netns', 'add', this.name)
    const [near, far] = [`bw${hex}a`, `bw${hex}b`]
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.name)
    ip('address', 'add', `${this.ipv4.here}/30`, 'dev', near)
    ip('address', 'add', `${this.ipv6.here}/64`, 'dev', near, 'nodad')
    ip('link', 'set', near, 'up')
    ip('-n', this.name, 'address', 'add', `${this.ipv4.there}/30`, 'dev', far)
    ip('-n', this.name, 'address', 'add', `${this.ipv6.there}/64`, 'dev', far, 'nodad')
    ip('-n', this.name, 'link', 'set', far, 'up')
    ip('-n', this.name, 'link', 'set', 'lo', 'up')
  }

  /** Undefined, with a reason, where there can be none. */
  static create(): { readonly namespace: NetworkNamespace } | { readonly namespace: undefined; readonly why: string } {
    if (process.platform !== 'linux') return { namespace: undefined, why: 'network namespaces exist on Linux only' }
    let namespace: NetworkNamespace | undefined
    try {
      namespace = new NetworkNamespace()
      return { namespace }
    } catch (error) {
      return {
        namespace: undefined,
        why: `no network namespace can be made here: ${(error as Error).message.split('\n')[0]}`,
      }
    }
  }

  /** Runs a TypeScript file in the namespace; resolves with the JSON it printed. */
  async run(file: string, ...args: readonly string[]): Promise<unknown> {
    const child = spawn('ip', ['netns', 'exec', this.name, process.execPath, '--conditions=source', file, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
    await once(child, 'close')
    if (child.exitCode !== 0) throw new Error(`${file} ended with ${child.exitCode}`)
    return JSON.parse(output)
  }

  /** The other end of the link goes with it. */
  [Symbol.dispose](): void {
    process.off('exit', this.#cleanUp)
    this.#delete()
  }

  #delete(): void {
    try {
      ip('netns', 'delete', this.name)
    } catch {
      // It was never made, or is gone already.
    }
  }
}

const OPTIONS: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'pipe'] }

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, OPTIONS)
}
