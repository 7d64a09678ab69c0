// Declares `breakwater gateway`.

import { type Command, Option } from 'commander'
import type { GatewayFlags } from '../commands/gateway/gateway-flags.ts'
import * as help from '../help.ts'
import { declare, type OnAction } from './declare.ts'

export function addGateway(program: Command, onAction: OnAction): void {
  declare<GatewayFlags>(program, onAction, {
    name: 'gateway',
    summary: 'run the gateway in this terminal',
    description: 'Runs the gateway until Ctrl-C or SIGTERM. What is typed here wins over the configuration file.',
    help: help.GATEWAY,
    isLocal: true,
    jsonHelp: 'print one JSON document when ready; log lines go to standard error',
    options: addRunOptions,
    run: async (context, flags) => (await import('../commands/gateway/run.ts')).runGateway(context, flags),
  })
}

const addRunOptions = (command: Command): unknown =>
  command
    .option('--port <n>', 'TCP port; 0 takes any free one (gateway.port, else 18789)')
    .option('--bind <where>', 'loopback, lan or one address (gateway.bind, else loopback)')
    .option('--token <token>', 'shared token; prefer BREAKWATER_GATEWAY_TOKEN, other users see arguments')
    .option('--password <password>', 'shared password instead of a token; prefer BREAKWATER_GATEWAY_PASSWORD')
    .option('--tls', 'speak TLS only; without a certificate of yours one is made and kept')
    .option('--tls-cert <file>', 'PEM certificate chain, leaf first; implies --tls')
    .option('--tls-key <file>', 'PEM private key of --tls-cert')
    .option('--allow-unconfigured', 'start without a configuration file, with the built-in defaults')
    .option('--verbose', 'show every log line here')
    .addOption(
      new Option('--ws-log <mode>', 'show connections here: failures, all, or all with requests').choices([
        'auto',
        'compact',
        'full',
      ]),
    )
