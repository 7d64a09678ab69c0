// The gateway's authentication settings in the form admission uses them: one mode with exactly what it needs.

export type AuthPolicy =
  | { readonly mode: 'token'; readonly token: string | undefined }
  | { readonly mode: 'password'; readonly password: string | undefined }
  | { readonly mode: 'trusted-proxy'; readonly proxy: TrustedProxyPolicy; readonly password: string | undefined }
  | { readonly mode: 'none' }

export interface TrustedProxyPolicy {
  /** Header in which the proxy names the user, lower-case. */
  readonly userHeader: string
  /** Headers that must all be present, lower-case. */
  readonly requiredHeaders: readonly string[]
  /** Users that may connect; empty: everybody the proxy names. */
  readonly allowUsers: readonly string[]
  /** Whether a proxy on this machine is believed. */
  readonly allowLoopback: boolean
}
