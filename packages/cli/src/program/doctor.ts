// Declares the commands that find out what is wrong: doctor, why.

import type { Command } from 'commander'
import { section } from '../help.ts'
import { declare, type OnAction } from './declare.ts'

const DOCTOR = section('Examples', [
  ['breakwater doctor', 'the worst problem and the command that helps come first'],
  ['breakwater doctor --json', 'every check, for programs; exit code 1 when something does not work'],
])

export function addDoctor(program: Command, onAction: OnAction): void {
  declare(program, onAction, {
    name: 'doctor',
    summary: 'look for everything that keeps a gateway from working',
    help: DOCTOR,
    run: async (context) => (await import('../commands/doctor/doctor.ts')).doctor(context),
  })
}
