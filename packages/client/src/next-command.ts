// What a person runs next about a refusal, for gateways that do not say so themselves. Data; the id was checked before.

/** Per detail code, or type of a rejected upgrade. Where nothing helps but time, there is no command. */
const COMMANDS: Readonly<Record<string, string>> = {
  AUTH_TOKEN_MISSING: 'breakwater token show',
  AUTH_TOKEN_MISMATCH: 'breakwater token show',
  AUTH_TOKEN_NOT_CONFIGURED: 'breakwater config get gateway.auth',
  AUTH_PASSWORD_MISSING: 'breakwater config get gateway.auth',
  AUTH_PASSWORD_MISMATCH: 'breakwater config get gateway.auth',
  AUTH_PASSWORD_NOT_CONFIGURED: 'breakwater config get gateway.auth',
  AUTH_IDENTITY_HEADER_REQUIRED: 'breakwater config get gateway.auth',
  AUTH_VERIFIED_USER_REQUIRED: 'breakwater config get gateway.auth',
  AUTH_UNAUTHORIZED: 'breakwater config get gateway.auth',
  AUTH_BOOTSTRAP_TOKEN_INVALID: 'breakwater qr',
  AUTH_DEVICE_TOKEN_MISMATCH: 'breakwater devices list',
  AUTH_SCOPE_MISMATCH: 'breakwater devices list',
  PAIRING_REQUIRED: 'breakwater devices list',
  DEVICE_IDENTITY_REQUIRED: 'breakwater token show',
  CONTROL_UI_DEVICE_IDENTITY_REQUIRED: 'breakwater gateway --tls',
  CONTROL_UI_ORIGIN_NOT_ALLOWED: 'breakwater config get gateway.controlUi',
  CONTROL_UI_BUILD_MISMATCH: 'breakwater --version',
  CLIENT_VERSION_MISMATCH: 'breakwater --version',
  PROTOCOL_MISMATCH: 'breakwater --version',
  proxy_attribution_required: 'breakwater config get gateway.trustedProxies',
}

export function nextCommandFor(code: string | undefined, requestId: string | undefined): string | undefined {
  if (code === undefined || !Object.hasOwn(COMMANDS, code)) return undefined
  if (code === 'PAIRING_REQUIRED' && requestId !== undefined) return `breakwater devices approve ${requestId}`
  return COMMANDS[code]
}
