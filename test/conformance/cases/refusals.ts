// Refusals that cases of several topics expect, in the words of the wire.

import { refused } from '../case.ts'

export const unauthorized = (
  detail: string,
  message: RegExp | string,
  authReason: string,
  nextStep: string,
  canRetry = false,
) =>
  refused('INVALID_REQUEST', detail, message, {
    details: { authReason, recommendedNextStep: nextStep, canRetryWithDeviceToken: canRetry },
  })

export const tokenMissing = unauthorized(
  'AUTH_TOKEN_MISSING',
  /^unauthorized: gateway token missing/,
  'token_missing',
  'update_auth_configuration',
)

export const tokenMismatch = unauthorized(
  'AUTH_TOKEN_MISMATCH',
  /^unauthorized: gateway token mismatch/,
  'token_mismatch',
  'update_auth_credentials',
)

export const tokenMismatchOfDevice = unauthorized(
  'AUTH_TOKEN_MISMATCH',
  /^unauthorized: gateway token mismatch/,
  'token_mismatch',
  'retry_with_device_token',
  true,
)

export const passwordMissing = unauthorized(
  'AUTH_PASSWORD_MISSING',
  /^unauthorized: gateway password missing/,
  'password_missing',
  'update_auth_configuration',
)

export const passwordMismatch = unauthorized(
  'AUTH_PASSWORD_MISMATCH',
  /^unauthorized: gateway password mismatch/,
  'password_mismatch',
  'update_auth_credentials',
)

export const deviceTokenMismatch = unauthorized(
  'AUTH_DEVICE_TOKEN_MISMATCH',
  'unauthorized: device token mismatch (rotate/reissue device token)',
  'device_token_mismatch',
  'update_auth_credentials',
)

export const setupCodeInvalid = unauthorized(
  'AUTH_BOOTSTRAP_TOKEN_INVALID',
  /^unauthorized: setup code invalid, expired, revoked, or already used/,
  'bootstrap_token_invalid',
  'review_auth_configuration',
)

export const identityRequired = refused('NOT_PAIRED', 'DEVICE_IDENTITY_REQUIRED', 'device identity required')

export const pageIdentityRequired = refused(
  'INVALID_REQUEST',
  'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
  'control ui requires device identity (use HTTPS or localhost secure context)',
)

/** A new device that has to wait, whatever else the refusal says. */
export const waitsForApproval = refused(
  'NOT_PAIRED',
  'PAIRING_REQUIRED',
  'pairing required: device is not approved yet',
  {
    details: { reason: 'not-paired' },
    closeReason: /^pairing required: device is not approved yet \(requestId: /,
  },
)
