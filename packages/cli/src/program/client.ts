// Declares the commands that ask a gateway something: status, health, probe, call.

import type { Command } from 'commander'
import type { CallFlags } from '../commands/gateway/call.ts'
import * as help from '../help.ts'
import { declare, type OnAction } from './declare.ts'

export function addClientCommands(program: Command, onAction: OnAction): void {
  declare(program, onAction, {
    name: 'status',
    summary: 'show whether the gateway is running and well, and who is connected',
    help: help.STATUS,
    run: async (context) => (await import('../commands/gateway/status.ts')).status(context),
  })
  declare(program, onAction, {
    name: 'health',
    summary: 'ask once whether the gateway is healthy',
    help: help.HEALTH,
    run: async (context) => (await import('../commands/gateway/health.ts')).health(context),
  })
  declare(program, onAction, {
    name: 'probe',
    summary: 'try every address and show how far each attempt gets',
    help: help.PROBE,
    run: async (context) => (await import('../commands/gateway/probe.ts')).probe(context),
  })
  declare<CallFlags>(program, onAction, {
    name: 'call <method>',
    args: ['method name, e.g. sessions.list'],
    summary: 'call any method and print the answer as JSON',
    description: 'Calls any method of the gateway, with the least scope it needs, and prints the answer as JSON.',
    help: help.CALL,
    options: (command) =>
      command
        .option('--params <json>', 'parameters: JSON, @file, or - for standard input')
        .option('--expect-final', 'wait for the final answer of a method that first says "accepted"'),
    run: async (context, flags, method = '') =>
      (await import('../commands/gateway/call.ts')).call(context, method, flags),
  })
}
