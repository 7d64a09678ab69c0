// Pages of other origins may not use the visitor's gateway; pages without an origin are no pages.

import { decideOrigin, type OriginDecision } from '../listener/origin.ts'
import { type Connecting, next, refuse, type Verdict } from './candidate.ts'

export const checkOrigin =
  (allowedOrigins: () => readonly string[]) =>
  <Current extends Connecting>(candidate: Current): Verdict<Current> => {
    const { origin } = candidate.headers
    const decision = judgeOrigin(candidate, allowedOrigins())
    if (decision.ok) return next(candidate)
    return refuse('CONTROL_UI_ORIGIN_NOT_ALLOWED', {
      message: `origin not allowed (${decision.reason})`,
      details: { reason: decision.reason },
      nextCommand: `breakwater config set gateway.controlUi.allowedOrigins '["${quotable(origin)}"]'`,
    })
  }

/** What the decision looks at; asked again when the settings change. */
interface Page {
  readonly headers: Pick<Connecting['headers'], 'origin' | 'host'>
  readonly connect: Pick<Connecting['connect'], 'client'>
  readonly locality: Connecting['locality']
}

export const judgeOrigin = ({ headers, connect, locality }: Page, allowedOrigins: readonly string[]): OriginDecision =>
  decideOrigin({
    origin: headers.origin,
    host: headers.host,
    clientId: connect.client.id,
    allowedOrigins,
    isLocal: locality.kind === 'local',
  })

/** The origin as a person may paste it into a shell; whatever is not plainly one stays a placeholder. */
const quotable = (origin: string | undefined): string =>
  origin !== undefined && /^[a-z][a-z0-9+.-]*:\/\/[\w.:[\]-]{1,128}$/i.test(origin) ? origin : '<origin>'
