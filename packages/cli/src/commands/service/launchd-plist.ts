// The launchd property list of a gateway, as an agent of a user or a daemon of the machine. Pure text.

import { OPEN_FILES, type ServiceSpec, STOP_SECONDS } from './service-spec.ts'

export const launchdLabel = (name: string): string => `ai.${name.replaceAll('-', '.')}`

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }

const UMASK = 0o077

export function launchdPlist({ name, isSystem, user, program, environment, stateDir }: ServiceSpec): string {
  const content: Value = {
    Label: launchdLabel(name),
    ...(isSystem ? { UserName: user } : {}),
    ProgramArguments: program,
    EnvironmentVariables: environment,
    RunAtLoad: true,
    // Started again unless it ended well.
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 5,
    ExitTimeOut: STOP_SECONDS,
    ProcessType: 'Interactive',
    Umask: UMASK,
    SoftResourceLimits: { NumberOfFiles: OPEN_FILES },
    // What is said before the log is open, and nothing else: the gateway writes its own log.
    StandardOutPath: '/dev/null',
    StandardErrorPath: `${stateDir}/service-errors.log`,
  }
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
    `<plist version="1.0">\n${render(content, '')}</plist>\n`
  )
}

function render(value: Value, indent: string): string {
  const inner = `${indent}  `
  if (typeof value === 'boolean') return `${indent}<${value}/>\n`
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>\n`
  if (typeof value === 'string') return `${indent}<string>${escapeXml(value)}</string>\n`
  if (Array.isArray(value)) {
    return `${indent}<array>\n${value.map((item) => render(item as Value, inner)).join('')}${indent}</array>\n`
  }
  const members = Object.entries(value as Readonly<Record<string, Value>>).map(
    ([key, member]) => `${inner}<key>${escapeXml(key)}</key>\n${render(member, inner)}`,
  )
  return `${indent}<dict>\n${members.join('')}${indent}</dict>\n`
}

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
