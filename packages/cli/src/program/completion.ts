// Declares `breakwater completion`.

import type { Command } from 'commander'
import { section } from '../help.ts'
import { declare, type OnAction } from './declare.ts'

const COMPLETION = section('Examples', [
  ['breakwater completion bash', 'in ~/.bashrc: source <(breakwater completion bash)'],
  ['breakwater completion zsh', 'in ~/.zshrc, after compinit: source <(breakwater completion zsh)'],
  ['breakwater completion fish', 'into ~/.config/fish/completions/breakwater.fish'],
])

export function addCompletion(program: Command, onAction: OnAction): void {
  declare(program, onAction, {
    name: 'completion <shell>',
    args: ['bash, zsh or fish'],
    summary: 'print a script that completes commands in a shell',
    help: COMPLETION,
    isLocal: true,
    run: async (context, _, shell = '') =>
      (await import('../commands/completion/completion.ts')).completion(context, shell),
  })
}
