// Declares `breakwater gateway`.

import { type Command, Option } from 'commander'
import type { GatewayFlags } from '../commands/gateway/gateway-flags.ts'
import type { InstallFlags } from '../commands/service/install.ts'
import type { ServiceFlags } from '../commands/service/service-spec.ts'
import * as help from '../help.ts'
import { section } from '../help.ts'
import { declare, type OnAction } from './declare.ts'

const INSTALL = `${section('Examples', [
  ['breakwater gateway install', 'for this user: systemd, launchd or the Task Scheduler'],
  ['sudo breakwater gateway install --system', 'for the machine, started at boot'],
  ['breakwater gateway install --print', 'only show the definition'],
])}
The service finds its files where this command finds them (BREAKWATER_STATE_DIR, BREAKWATER_CONFIG_PATH).
`
const UNINSTALL = section('Examples', [['breakwater gateway uninstall', 'devices, keys and configuration stay']])
const START = section('Examples', [['breakwater gateway start', 'waits until it answers']])
const STOP = section('Examples', [['breakwater gateway stop', 'the service, or the one in a terminal']])
const RESTART = section('Examples', [['breakwater gateway restart', 'waits until the new one answers']])
const SERVICE_STATUS = section('Examples', [['breakwater gateway status', 'exit code 3 when none is running']])

const serviceOptions = (command: Command): Command =>
  command
    .option('--system', "the service of the machine instead of this user's")
    .option('--name <name>', 'name of the service, when there are several (breakwater-gateway)')

export function addGateway(program: Command, onAction: OnAction): void {
  const gateway = declare<GatewayFlags>(program, onAction, {
    name: 'gateway',
    summary: 'run the gateway in this terminal, or as a service',
    description: 'Runs the gateway until Ctrl-C or SIGTERM. What is typed here wins over the configuration file.',
    help: help.GATEWAY,
    isLocal: true,
    jsonHelp: 'print one JSON document when ready; log lines go to standard error',
    options: addRunOptions,
    run: async (context, flags) => (await import('../commands/gateway/run.ts')).runGateway(context, flags),
  })
  addService(gateway, onAction)
}

/** The gateway as a service. */
function addService(gateway: Command, onAction: OnAction): void {
  declare<InstallFlags>(gateway, onAction, {
    name: 'install',
    summary: 'make the gateway a service that is started by itself',
    help: INSTALL,
    isLocal: true,
    options: (command) => serviceOptions(command).option('--print', 'show the definition and change nothing'),
    run: async (context, flags) => (await import('../commands/service/install.ts')).installService(context, flags),
  })
  declare<ServiceFlags>(gateway, onAction, {
    name: 'uninstall',
    summary: 'stop the service and forget it; its files stay',
    help: UNINSTALL,
    isLocal: true,
    options: serviceOptions,
    run: async (context, flags) => (await import('../commands/service/install.ts')).uninstallService(context, flags),
  })
  declare<ServiceFlags>(gateway, onAction, {
    name: 'start',
    summary: 'start the service',
    help: START,
    isLocal: true,
    options: serviceOptions,
    run: async (context, flags) => (await import('../commands/service/control.ts')).startService(context, flags),
  })
  declare<ServiceFlags>(gateway, onAction, {
    name: 'stop',
    summary: 'stop the gateway of this machine, a service or not',
    help: STOP,
    isLocal: true,
    options: serviceOptions,
    run: async (context, flags) => (await import('../commands/service/control.ts')).stopService(context, flags),
  })
  declare<ServiceFlags>(gateway, onAction, {
    name: 'restart',
    summary: 'start the service again, for settings that need it',
    help: RESTART,
    isLocal: true,
    options: serviceOptions,
    run: async (context, flags) => (await import('../commands/service/control.ts')).restartService(context, flags),
  })
  declare<ServiceFlags>(gateway, onAction, {
    name: 'status',
    summary: 'show whether it runs, and as what',
    help: SERVICE_STATUS,
    isLocal: true,
    options: serviceOptions,
    run: async (context, flags) => (await import('../commands/service/control.ts')).serviceStatus(context, flags),
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
