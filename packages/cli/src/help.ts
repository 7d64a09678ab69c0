// The part of the help that teaches: examples, where things come from, what to do next. Text only.

import { EXIT, EXIT_MEANINGS, type ExitName } from './exit-codes.ts'

export type Rows = readonly (readonly [text: string, meaning: string])[]

export function section(title: string, rows: Rows): string {
  const width = Math.max(...rows.map(([text]) => text.length))
  const lines = rows.map(([text, meaning]) => `  ${text.padEnd(width)}  ${meaning}`.trimEnd())
  return `\n${title}:\n${lines.join('\n')}\n`
}

const EXIT_ROWS: Rows = (Object.keys(EXIT) as ExitName[]).map((name) => [String(EXIT[name]), EXIT_MEANINGS[name]])

const STATE: Rows = [
  ['BREAKWATER_STATE_DIR', 'where the gateway keeps everything (~/.breakwater)'],
  ['BREAKWATER_CONFIG_PATH', 'its configuration, JSON5 (breakwater.json in the state directory)'],
]
const SECRETS: Rows = [
  ['BREAKWATER_GATEWAY_TOKEN', 'shared token, where the configuration sets none'],
  ['BREAKWATER_GATEWAY_PASSWORD', 'shared password, where the configuration sets none'],
]

export const PROGRAM = `${section('First steps', [
  ['breakwater gateway --allow-unconfigured', 'start with safe defaults: this machine only, a token is made'],
  ['breakwater status', 'in another terminal: is it well?'],
  ['breakwater token show', 'the token that apps and other machines ask for'],
  ['breakwater qr', 'a code that lets a phone in'],
  ['breakwater devices approve', 'the answer to a device that asked to be let in'],
  ['breakwater doctor', 'when something does not work'],
  ['breakwater why <device>', 'when one device does not connect'],
])}${section('Which gateway', [
  ['by default', 'the one of this machine: its owner socket (no secret), else its TCP port'],
  ['gateway.mode remote', 'gateway.remote.url of the configuration'],
  ['--url', 'that address, with --token or --password given beside it and no other secret'],
])}${section('Environment', [
  ...STATE,
  ...SECRETS,
  ['BREAKWATER_ALLOW_INSECURE_PRIVATE_WS', '1 permits plain ws:// to other host names'],
  ['NO_COLOR, FORCE_COLOR', 'never or always use colour'],
])}${section('Exit codes', EXIT_ROWS)}`

export const GATEWAY = `${section('Examples', [
  ['breakwater gateway --allow-unconfigured', 'first start: loopback, port 18789, a token is made'],
  ['breakwater gateway --bind lan --tls', 'for other machines too; prints the fingerprint to pin'],
  ['breakwater gateway --port 0 --ws-log compact', 'any free port, every connection shown'],
])}${section('Where settings come from; the first one counts', [
  ['1. these options', ''],
  ['2. the configuration file', 'required, unless --allow-unconfigured'],
  ['3. the environment', 'for the token and the password'],
  ['4. built-in defaults', 'and a token made on first start, in the state directory'],
])}${section('Environment', [
  ...STATE,
  ...SECRETS,
  ['BREAKWATER_HANDSHAKE_TIMEOUT_MS', 'silence allowed per leg of a handshake; wins over the configuration'],
])}${section('Signals', [
  ['SIGINT, SIGTERM, SIGHUP', 'say goodbye to everyone, stop, exit 0'],
  ['a second SIGINT', 'end at once, exit 130'],
])}`

const SAME_AS_JSON = 'the same facts for programs'

export const STATUS = section('Examples', [
  ['breakwater status', 'the gateway of this machine'],
  ['breakwater status --json', SAME_AS_JSON],
  ['breakwater status --url wss://host:18789 --token <token>', 'another one'],
])

export const HEALTH = section('Examples', [
  ['breakwater health && echo well', 'exit code 0 only when healthy'],
  ['breakwater health --timeout 2000', 'for a watchdog'],
])

export const PROBE = section('Examples', [
  ['breakwater probe', 'the owner socket and the TCP port of this machine'],
  ['breakwater probe --url ws://192.168.1.5:18789', 'needs no secret: shows what the gateway answers without one'],
])

export const CALL = section('Examples', [
  ['breakwater call health', ''],
  ['breakwater call sessions.list --params \'{"limit":5}\'', ''],
  ['breakwater call config.patch --params @patch.json', ''],
])

export const TOKEN = section('Examples', [
  ['breakwater token show', 'print it'],
  ['breakwater token rotate', 'replace it, when somebody else may have seen it'],
])

export const TOKEN_SHOW = section('Examples', [
  ['breakwater token show', 'only the token on standard output'],
  ['breakwater token show --json', 'with the place it comes from'],
])

export const TOKEN_ROTATE = `
A running gateway notices by itself: connections that came in with the old token are closed (4001, "gateway auth
changed"); paired devices come back with their own tokens. A token set in the configuration or the environment is
changed there.
`
