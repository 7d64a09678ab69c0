// The command tree. Each noun declares its commands in a file of its own; here they only get their order.

import { Command } from 'commander'
import * as help from './help.ts'
import { addBackup } from './program/backup.ts'
import { addClientCommands } from './program/client.ts'
import { addCompletion } from './program/completion.ts'
import { addConfig } from './program/config.ts'
import { addConnectionOptions, type OnAction } from './program/declare.ts'
import { addDevices, addQr } from './program/devices.ts'
import { addDoctor } from './program/doctor.ts'
import { addGateway } from './program/gateway.ts'
import { addLogs } from './program/logs.ts'
import { addToken } from './program/token.ts'

export function createProgram(version: string, onAction: OnAction): Command {
  const program = new Command('breakwater')
    .description('A gateway for personal AI agents: run it, look after it, talk to it.')
    .usage('[options] <command>')
    .version(`breakwater ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; also: breakwater help <command>')
    .enablePositionalOptions()
    .addHelpText('after', help.PROGRAM)
  addConnectionOptions(program)
  addGateway(program, onAction)
  addClientCommands(program, onAction)
  addLogs(program, onAction)
  addDoctor(program, onAction)
  addDevices(program, onAction)
  addQr(program, onAction)
  addConfig(program, onAction)
  addToken(program, onAction)
  addBackup(program, onAction)
  addCompletion(program, onAction)
  return program
}
