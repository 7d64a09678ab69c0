// The scheduled task of a gateway for Windows, where a program that is no Windows service runs as one: started at log-on or
// at boot, started again when it ends. Pure text.

import { escapeXml } from './launchd-plist.ts'
import type { ServiceSpec } from './service-spec.ts'

/** Well-known account of services that need no rights of their own. */
const LOCAL_SERVICE = 'S-1-5-19'

export function windowsTask({ isSystem, user, program, environment }: ServiceSpec): string {
  const [executable, ...args] = program
  // A task has no environment of its own, so a shell sets it.
  const sets = Object.entries(environment).map(([key, value]) => `set "${key}=${value}"`)
  const command = [...sets, [executable, ...args].map(quoteArgument).join(' ')].join(' && ')
  const trigger = isSystem
    ? '    <BootTrigger>\n      <Enabled>true</Enabled>\n    </BootTrigger>\n'
    : `    <LogonTrigger>\n      <Enabled>true</Enabled>\n      <UserId>${escapeXml(user)}</UserId>\n    </LogonTrigger>\n`
  const principal = isSystem
    ? `      <UserId>${LOCAL_SERVICE}</UserId>\n      <RunLevel>LeastPrivilege</RunLevel>\n`
    : `      <UserId>${escapeXml(user)}</UserId>\n      <LogonType>InteractiveToken</LogonType>\n      <RunLevel>LeastPrivilege</RunLevel>\n`
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Breakwater gateway</Description>
  </RegistrationInfo>
  <Triggers>
${trigger}  </Triggers>
  <Principals>
    <Principal id="Author">
${principal}    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Hidden>true</Hidden>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>cmd.exe</Command>
      <Arguments>${escapeXml(`/d /s /c "${command}"`)}</Arguments>
    </Exec>
  </Actions>
</Task>
`
}

const quoteArgument = (text: string): string => (/^[\w./:\\-]+$/.test(text) ? text : `"${text}"`)
