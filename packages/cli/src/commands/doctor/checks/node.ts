// Does this Node run the gateway? The launcher sees to it; somebody may have gone around it.

import type { Check } from '../doctor.ts'

const MIN_NODE_MAJOR = 24

export const checkNode: Check = () => {
  const { version, execPath, versions } = process
  if (Number(versions.node.split('.')[0]) >= MIN_NODE_MAJOR) {
    return [{ check: 'node', severity: 'ok', message: `${version} (${execPath})` }]
  }
  return [
    {
      check: 'node',
      severity: 'problem',
      message: `Node ${MIN_NODE_MAJOR} or later is needed, this is ${version} (${execPath})`,
      nextStep: `Run the installed \`breakwater\`, which finds the right one, or put Node ${MIN_NODE_MAJOR} first on PATH.`,
    },
  ]
}
