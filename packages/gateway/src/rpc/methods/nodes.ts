// Methods about nodes, as operators see them.

import type { NodeDescribeParams } from '@openclaw/gateway-protocol'
import type { NodeDirectory } from '../../nodes/node-directory.ts'
import type { Clock } from '../../observe/clock.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'
import { unknownNode } from '../refusals.ts'

export interface NodeMethodComponents {
  readonly clock: Clock
  readonly nodes: NodeDirectory
}

export const nodeMethods = ({ clock, nodes }: NodeMethodComponents): MethodDefinition[] => [
  defineMethod('node.list', () => ({ ts: clock.nowMs(), nodes: nodes.list() })),
  defineMethod<NodeDescribeParams>('node.describe', ({ nodeId }) => {
    const row = nodes.get(nodeId)
    if (row === undefined) throw unknownNode()
    return { ts: clock.nowMs(), ...row }
  }),
  defineMethod('node.pair.list', () => nodes.pairings()),
]
