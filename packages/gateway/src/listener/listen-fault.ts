// Why an address could not be bound, in words an owner can act on.

export type ListenFaultCode = 'PORT_IN_USE' | 'PERMISSION_DENIED' | 'ADDRESS_NOT_AVAILABLE' | 'LISTEN_FAILED'

export class ListenFault extends Error {
  readonly code: ListenFaultCode
  /** The command or setting that helps. */
  readonly nextStep: string

  constructor(code: ListenFaultCode, message: string, nextStep: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ListenFault'
    this.code = code
    this.nextStep = nextStep
  }

  static of(cause: unknown, host: string, port: number): ListenFault {
    const place = port === 0 ? host : `${host} port ${port}`
    switch ((cause as NodeJS.ErrnoException).code) {
      case 'EADDRINUSE':
        return new ListenFault(
          'PORT_IN_USE',
          `${place} is already in use`,
          'See who answers there with `breakwater probe`, or choose another port with --port.',
          cause,
        )
      case 'EACCES':
      case 'EPERM':
        return new ListenFault(
          'PERMISSION_DENIED',
          `no permission to listen on ${place}`,
          'Choose a port of 1024 or more with --port.',
          cause,
        )
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
        return new ListenFault(
          'ADDRESS_NOT_AVAILABLE',
          `${place} is not an address of this machine`,
          'Use --bind loopback, --bind lan, or an address that `ip addr` lists.',
          cause,
        )
      default:
        return new ListenFault(
          'LISTEN_FAILED',
          `cannot listen on ${place}: ${String(cause)}`,
          'Check the address and the port.',
          cause,
        )
    }
  }
}
