// What the command's exit code tells a script, as one table: help and documents are made from it.

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  notReady: 5,
  configuration: 6,
  cannotStart: 7,
  internal: 70,
  interrupted: 130,
} as const

export type ExitName = keyof typeof EXIT
export type ExitCode = (typeof EXIT)[ExitName]

export const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: 'done',
  failed: 'the gateway answered with an error, or the work failed',
  usage: 'the command was called wrongly; nothing was sent',
  unreachable: 'no gateway answered',
  refused: 'the gateway refused the credential, the device or the scope',
  notReady: 'the gateway is starting, stopping, overloaded or not healthy; try again',
  configuration: 'the configuration is missing or cannot be used',
  cannotStart: 'the gateway cannot start here: port, state directory or certificate',
  internal: 'a fault of this program',
  interrupted: 'stopped at once by a second interrupt',
}
