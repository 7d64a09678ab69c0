// The systemd unit of a gateway, for a user or for the machine. Pure text.

import { FINAL_EXIT_CODES, OPEN_FILES, type ServiceSpec, STOP_SECONDS } from './service-spec.ts'

export function systemdUnit(spec: ServiceSpec): string {
  const { isSystem, user, program, environment } = spec
  const [executable, ...args] = program
  const sections: readonly (readonly [name: string, lines: readonly string[]])[] = [
    [
      'Unit',
      [
        'Description=Breakwater gateway',
        ...(isSystem ? ['Wants=network-online.target', 'After=network-online.target'] : []),
        // Trouble that outlasts a few starts is the same trouble an hour later: go on trying.
        'StartLimitIntervalSec=0',
      ],
    ],
    [
      'Service',
      [
        'Type=exec',
        `ExecStart=${[quoteValue(executable), ...args.map(quoteArgument)].join(' ')}`,
        ...Object.entries(environment).map(([key, value]) => `Environment=${quoteValue(`${key}=${value}`)}`),
        ...(isSystem ? [`User=${user}`] : []),
        'Restart=always',
        'RestartSec=2',
        `RestartPreventExitStatus=${FINAL_EXIT_CODES.join(' ')}`,
        'KillMode=mixed',
        `TimeoutStopSec=${STOP_SECONDS}`,
        `LimitNOFILE=${OPEN_FILES}`,
        'UMask=0077',
      ],
    ],
    ['Install', [`WantedBy=${isSystem ? 'multi-user' : 'default'}.target`]],
  ]
  return sections.map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`).join('\n')
}

/** Specifiers start with %, and in quotes a backslash begins an escape. */
const quoteValue = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('\n', '\\n')}"`

/** In the arguments of a command, not in its name, a dollar sign begins a variable, too. */
const quoteArgument = (text: string): string => quoteValue(text).replaceAll('$', '$$$$')
