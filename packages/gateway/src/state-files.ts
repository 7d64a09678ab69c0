// Where the gateway keeps what its owner's other programs look for in the state directory. Pure paths.

import { join } from 'node:path'

/** The shared token that is generated when the configuration names none. */
export const tokenFilePath = (stateDir: string): string => join(stateDir, 'token')

/** The owner's Unix socket: whoever may open it is the owner. */
export const ownerSocketPath = (stateDir: string): string => join(stateDir, 'run', 'gateway.sock')

export const logDirectoryPath = (stateDir: string): string => join(stateDir, 'logs')

/** Key from which device tokens are derived: losing it unpairs every device. */
export const deviceTokenKeyPath = (stateDir: string): string => join(stateDir, 'device-token.key')
