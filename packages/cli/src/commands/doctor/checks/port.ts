// Is the port free for a gateway that is down, or ours when it runs?

import { once } from 'node:events'
import { createServer } from 'node:net'
import { requiredBindHosts } from '@breakwater/gateway/local'
import type { Check } from '../doctor.ts'
import type { Finding } from '../finding.ts'

const CHECK = 'port'

export const checkPort: Check = async ({ config, gateway }) => {
  // What is there and does not let us in may well be ours.
  if (config === undefined || gateway.state === 'silent') return []
  const { bind, port } = config.gateway
  if (gateway.state === 'running') {
    const actual = gateway.port ?? port
    if (port === 0 || actual === port)
      return [{ check: CHECK, severity: 'ok', message: `${actual}, held by our gateway` }]
    return [
      {
        check: CHECK,
        severity: 'note',
        message: `our gateway listens on ${actual} (it was started so); the configuration says ${port}`,
      },
    ]
  }
  if (port === 0) return [{ check: CHECK, severity: 'ok', message: 'any free one' }]
  const findings: Finding[] = []
  for (const host of await requiredBindHosts(bind)) {
    const fault = await tryListening(host, port)
    if (fault !== undefined) findings.push(judge(fault, host, port))
  }
  return findings.length > 0 ? findings : [{ check: CHECK, severity: 'ok', message: `${port} is free` }]
}

async function tryListening(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  } finally {
    server.close()
  }
}

function judge(fault: string, host: string, port: number): Finding {
  const another = 'breakwater config set gateway.port <another>'
  switch (fault) {
    case 'EADDRINUSE':
      return {
        check: CHECK,
        severity: 'problem',
        message: `${host}:${port} is taken by another program, or by a gateway of another state directory`,
        nextStep: `${another}, or stop what listens there (ss -ltnp, lsof -i :${port})`,
      }
    case 'EACCES':
      return {
        check: CHECK,
        severity: 'problem',
        message: `this user may not listen on port ${port}`,
        nextStep: another,
      }
    case 'EADDRNOTAVAIL':
      return {
        check: CHECK,
        severity: 'problem',
        message: `${host} is no address of this machine`,
        nextStep: 'breakwater config set gateway.bind loopback (or lan, or an address of this machine)',
      }
    default:
      return {
        check: CHECK,
        severity: 'problem',
        message: `${host}:${port} cannot be listened on (${fault})`,
        nextStep: another,
      }
  }
}
