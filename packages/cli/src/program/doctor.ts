// Declares the commands that find out what is wrong: doctor, why.

import type { Command } from 'commander'
import { section } from '../help.ts'
import { declare, type OnAction } from './declare.ts'

const DOCTOR = section('Examples', [
  ['breakwater doctor', 'the worst problem and the command that helps come first'],
  ['breakwater doctor --json', 'every check, for programs; exit code 1 when something does not work'],
])

const WHY = section('Examples', [
  ['breakwater why phone', 'by name, or by how its id begins'],
  ['breakwater why 192.168.1.7', 'by address, when it does not get as far as a name'],
])

export function addDoctor(program: Command, onAction: OnAction): void {
  declare(program, onAction, {
    name: 'doctor',
    summary: 'look for everything that keeps a gateway from working',
    help: DOCTOR,
    run: async (context) => (await import('../commands/doctor/doctor.ts')).doctor(context),
  })
  declare(program, onAction, {
    name: 'why <device>',
    args: ['name, id, how the id begins, or address'],
    summary: 'tell why a device can or cannot connect',
    help: WHY,
    run: async (context, _, device = '') => (await import('../commands/why/why.ts')).why(context, device),
  })
}
