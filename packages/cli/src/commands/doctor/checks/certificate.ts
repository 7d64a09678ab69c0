// Does the gateway's certificate still hold? One the gateway made is pinned by its clients, who do not look at dates.

import { readLocalCertificate } from '@breakwater/gateway/local'
import { formatMs } from '../../../output/quantity.ts'
import type { Check } from '../doctor.ts'

const CHECK = 'certificate'
const DAY_MS = 86_400_000
const SOON_MS = 21 * DAY_MS

export const checkCertificate: Check = async ({ config, paths, nowMs }) => {
  const tls = config?.gateway.tls
  if (tls?.enabled !== true) return []
  try {
    const certificate = await readLocalCertificate(paths.stateDir, tls.certPath)
    if (certificate === undefined) {
      if (tls.certPath === undefined) {
        return [{ check: CHECK, severity: 'note', message: 'the first start makes one' }]
      }
      const nextStep = `Put the certificate there, or breakwater config unset gateway.tls.certPath to have one made.`
      return [{ check: CHECK, severity: 'problem', message: `${tls.certPath} does not exist`, nextStep }]
    }
    const { path, validFromMs, validToMs, isGenerated, fingerprint } = certificate
    const leftMs = validToMs - nowMs
    const renew = isGenerated
      ? 'Check the clock of this machine; clients that pin the certificate go on.'
      : `Renew ${path}; the running gateway takes the new one over.`
    const severity = isGenerated ? ('warning' as const) : ('problem' as const)
    if (leftMs <= 0) {
      return [{ check: CHECK, severity, message: `${path} has expired ${formatMs(-leftMs)} ago`, nextStep: renew }]
    }
    if (nowMs < validFromMs) {
      const message = `${path} is not valid before ${new Date(validFromMs).toISOString()}`
      return [{ check: CHECK, severity, message, nextStep: 'Check the clock of this machine.' }]
    }
    if (leftMs < SOON_MS && !isGenerated) {
      return [{ check: CHECK, severity: 'warning', message: `${path} expires in ${formatMs(leftMs)}`, nextStep: renew }]
    }
    const until = new Date(validToMs).toISOString().slice(0, 10)
    return [{ check: CHECK, severity: 'ok', message: `valid until ${until}, fingerprint ${fingerprint}` }]
  } catch (error) {
    const nextStep = 'Name a PEM certificate in gateway.tls.certPath, or leave it out to have one made.'
    return [{ check: CHECK, severity: 'problem', message: (error as Error).message, nextStep }]
  }
}
