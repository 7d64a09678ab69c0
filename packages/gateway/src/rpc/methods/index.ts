// Every method this gateway serves, and the parts they are built from. Wiring only: each noun's file has its handlers.

import type { MethodDefinition } from '../define-method.ts'
import { type AgentMethodComponents, agentMethods } from './agents.ts'
import { type ApprovalMethodComponents, approvalMethods } from './approvals.ts'
import { type ChannelMethodComponents, channelMethods } from './channels.ts'
import { type CronMethodComponents, cronMethods } from './cron.ts'
import { type DeviceMethodComponents, deviceMethods } from './devices.ts'
import { type DiagnosticsMethodComponents, diagnosticsMethods } from './diagnostics.ts'
import { type InventoryMethodComponents, inventoryMethods } from './inventory.ts'
import { type NodeMethodComponents, nodeMethods } from './nodes.ts'
import { type SessionMethodComponents, sessionMethods } from './sessions.ts'
import { type SystemMethodComponents, systemMethods } from './system.ts'

export interface MethodComponents
  extends SystemMethodComponents,
    DiagnosticsMethodComponents,
    DeviceMethodComponents,
    NodeMethodComponents,
    ApprovalMethodComponents,
    SessionMethodComponents,
    AgentMethodComponents,
    CronMethodComponents,
    ChannelMethodComponents,
    InventoryMethodComponents {}

/** All methods but `config.*`, which come from the configuration's own module. */
export const createMethods = (components: MethodComponents): MethodDefinition[] => [
  ...systemMethods(components),
  ...diagnosticsMethods(components),
  ...deviceMethods(components),
  ...nodeMethods(components),
  ...approvalMethods(components),
  ...sessionMethods(components),
  ...agentMethods(components),
  ...cronMethods(components),
  ...channelMethods(components),
  ...inventoryMethods(components),
]
