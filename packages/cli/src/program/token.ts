// Declares `breakwater token`.

import type { Command } from 'commander'
import * as help from '../help.ts'
import { declare, declareGroup, type OnAction } from './declare.ts'

export function addToken(program: Command, onAction: OnAction): void {
  const token = declareGroup(program, 'token', 'the shared token of the gateway on this machine', help.TOKEN)
  declare(token, onAction, {
    name: 'show',
    summary: 'print the token',
    help: help.TOKEN_SHOW,
    isLocal: true,
    run: async (context) => (await import('../commands/token/show.ts')).showToken(context),
  })
  declare(token, onAction, {
    name: 'rotate',
    summary: 'replace the generated token; closes what the old one let in',
    help: help.TOKEN_ROTATE,
    isLocal: true,
    run: async (context) => (await import('../commands/token/rotate.ts')).rotate(context),
  })
}
