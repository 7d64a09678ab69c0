// The certificate in effect, which its owner may replace while the gateway runs. New connections get the new one; those
// that are open keep theirs. One that cannot be used changes nothing.

import type { SecureContext } from 'node:tls'
import type { TlsOptions } from '../options.ts'
import { type LoadedTls, type LoadTlsComponents, loadTls } from './tls.ts'

export class LiveTls implements LoadedTls {
  readonly #components: LoadTlsComponents
  readonly #stateDir: string
  #loaded: LoadedTls

  private constructor(components: LoadTlsComponents, stateDir: string, loaded: LoadedTls) {
    this.#components = components
    this.#stateDir = stateDir
    this.#loaded = loaded
  }

  /** Rejects with `TlsFault`. */
  static async load(options: TlsOptions, stateDir: string, components: LoadTlsComponents): Promise<LiveTls> {
    return new LiveTls(components, stateDir, await loadTls({ ...options, stateDir }, components))
  }

  get secureContext(): SecureContext {
    return this.#loaded.secureContext
  }

  get fingerprintSha256(): string {
    return this.#loaded.fingerprintSha256
  }

  get certPath(): string {
    return this.#loaded.certPath
  }

  get notAfter(): Date {
    return this.#loaded.notAfter
  }

  /** Rejects with `TlsFault`; nothing has changed then. */
  async reload(options: TlsOptions | undefined): Promise<void> {
    // Whether TLS is spoken at all needs a restart.
    if (options === undefined) return
    const loaded = await loadTls({ ...options, stateDir: this.#stateDir }, this.#components)
    const isOther = loaded.fingerprintSha256 !== this.#loaded.fingerprintSha256
    this.#loaded = loaded
    if (isOther) this.#components.log.info('certificate replaced', { tlsFingerprint: loaded.fingerprintSha256 })
  }
}
