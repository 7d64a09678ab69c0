// Declares `breakwater devices`.

import type { Command } from 'commander'
import type { RotateFlags } from '../commands/devices/manage.ts'
import type { SetupCodeFlags } from '../commands/devices/setup-code.ts'
import { section } from '../help.ts'
import { declare, declareGroup, type OnAction } from './declare.ts'

const GROUP = `${section('Examples', [
  ['breakwater devices list', 'who waits, who is paired, who is connected'],
  ['breakwater devices approve', 'pick from what waits'],
  ['breakwater devices approve 3f2a', 'the request whose id begins so, or the device of that name'],
  ['breakwater devices remove phone', 'forget a device; it has to ask again'],
])}
With no gateway running here, the same commands work on its state directory.
`

const LIST = section('Examples', [['breakwater devices list --json', 'for programs; holds no secrets']])
const APPROVE = section('Examples', [
  ['breakwater devices approve', 'shows what waits and asks; in a script: an error that lists the ids'],
  ['breakwater devices approve <request>', 'grants exactly what that request shows'],
])
const REJECT = section('Examples', [['breakwater devices reject <request>', 'it may ask again']])
const REMOVE = section('Examples', [['breakwater devices remove phone', 'by name, by id, or by how the id begins']])
const RENAME = section('Examples', [['breakwater devices rename 26df "kitchen tablet"', 'the name you see in lists']])
const ROTATE = section('Examples', [
  ['breakwater devices rotate phone --role operator', 'a new token for that role; nobody is locked out'],
  ['breakwater devices rotate phone --role operator --scopes operator.read', 'and less to do with it'],
])
const REVOKE = section('Examples', [
  ['breakwater devices revoke phone --role node', 'at once; it has to be approved again'],
])

const SETUP_CODE = section('Examples', [
  ['breakwater qr', 'show a code to scan, for an app that may do everything'],
  ['breakwater qr --access node --png code.png', 'for a machine that lends its capabilities, as a file'],
  ['breakwater qr --public-url wss://gw.example.com', 'reached through a proxy or tunnel of yours'],
  ['breakwater qr --json | jq -r .setupCode', 'only the code'],
])

const roleOption = (command: Command): Command =>
  command.option('--role <role>', 'operator or node; needed where the device has both')

export function addQr(program: Command, onAction: OnAction): void {
  declareSetupCode(program, onAction, 'qr')
}

/** Under two names: the one of the ecosystem, and the place where one looks for it. */
function declareSetupCode(parent: Command, onAction: OnAction, name: string): void {
  declare<SetupCodeFlags>(parent, onAction, {
    name,
    summary: 'make a code that lets one new device in without a question',
    help: SETUP_CODE,
    options: (command) =>
      command
        .option('--access <what>', 'what the device may do: full, limited or node (full)')
        .option('--public-url <url>', 'address the device dials, when it is not one of this machine')
        .option('--remote', 'name gateway.remote.url as the address')
        .option('--png <file>', 'write the picture there instead of showing it')
        .option('--svg <file>', 'the same, as SVG')
        .option('--wait', 'wait until the device has used it'),
    run: async (context, flags) => (await import('../commands/devices/setup-code.ts')).setupCode(context, flags),
  })
}

export function addDevices(program: Command, onAction: OnAction): void {
  const devices = declareGroup(program, 'devices', 'approve, look after and forget devices', GROUP)
  declare(devices, onAction, {
    name: 'list',
    summary: 'show who waits for approval and who is paired',
    help: LIST,
    run: async (context) => (await import('../commands/devices/list.ts')).listDevices(context),
  })
  declare(devices, onAction, {
    name: 'approve [request]',
    args: ['id of the request, how it begins, or the name of the device'],
    summary: 'let a device in that waits',
    help: APPROVE,
    run: async (context, _, id) => (await import('../commands/devices/approve.ts')).approveDevice(context, id),
  })
  declare(devices, onAction, {
    name: 'reject [request]',
    args: ['id of the request, how it begins, or the name of the device'],
    summary: 'turn a device away that waits',
    help: REJECT,
    run: async (context, _, id) => (await import('../commands/devices/approve.ts')).rejectDevice(context, id),
  })
  declare(devices, onAction, {
    name: 'remove <device>',
    args: ['id, how it begins, or name'],
    summary: 'forget a device and close its connections',
    help: REMOVE,
    run: async (context, _, device = '') =>
      (await import('../commands/devices/manage.ts')).removeDevice(context, device),
  })
  declare(devices, onAction, {
    name: 'rename <device> <label>',
    args: ['id, how it begins, or name', 'what to call it'],
    summary: 'give a device a name of your choice',
    help: RENAME,
    run: async (context, _, device = '', label = '') =>
      (await import('../commands/devices/manage.ts')).renameDevice(context, device, label),
  })
  declare<RotateFlags>(devices, onAction, {
    name: 'rotate <device>',
    args: ['id, how it begins, or name'],
    summary: 'replace the token of a device',
    help: ROTATE,
    options: (command) => roleOption(command).option('--scopes <list>', 'narrow it to these, separated by commas'),
    run: async (context, flags, device = '') =>
      (await import('../commands/devices/manage.ts')).rotateToken(context, device, flags),
  })
  declare<RotateFlags>(devices, onAction, {
    name: 'revoke <device>',
    args: ['id, how it begins, or name'],
    summary: 'take the token of a device back',
    help: REVOKE,
    options: roleOption,
    run: async (context, flags, device = '') =>
      (await import('../commands/devices/manage.ts')).revokeToken(context, device, flags),
  })
  declareSetupCode(devices, onAction, 'setup-code')
}
