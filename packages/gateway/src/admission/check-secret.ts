// Compares the gateway-wide credential. Never refuses by itself: a device token may still authenticate.

import type { AuthPolicy } from '../auth/auth-policy.ts'
import { judgeSharedSecret } from '../auth/shared-secret.ts'
import { type Negotiated, next, type SecretChecked, type Verdict } from './candidate.ts'

export const checkSecret =
  (policy: () => AuthPolicy) =>
  (candidate: Negotiated): Verdict<SecretChecked> =>
    next({
      ...candidate,
      secret: judgeSharedSecret(policy(), {
        auth: candidate.connect.auth,
        locality: candidate.locality,
        headers: candidate.headers,
      }),
    })
