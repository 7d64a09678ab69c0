// Completion scripts for shells, made from the command tree: each finds out which command the words so far name, and offers
// what can follow. Pure text.

import { type CommandNode, flatten, type OptionNode } from './command-tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

export const completionScript = (shell: Shell, tree: CommandNode): string => SCRIPTS[shell](tree)

const PROGRAM = 'breakwater'

/** Single-quoted for any POSIX shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const wordsAfter = ({ commands, words = [], options }: CommandNode): readonly string[] => [
  ...commands.map(({ name }) => name),
  ...words,
  ...options.flatMap(({ names }) => names.filter((name) => name.startsWith('--'))),
]

/** Options that take a value, over the whole tree: which word follows them is not a command. */
function valueOptions(tree: CommandNode): readonly OptionNode[] {
  const seen = new Map<string, OptionNode>()
  for (const { options } of flatten(tree)) {
    for (const option of options) if (option.takesValue) seen.set(option.names.join(' '), option)
  }
  return [...seen.values()]
}

const groups = (tree: CommandNode): readonly CommandNode[] => flatten(tree).filter(({ path }) => path !== '')

function bash(tree: CommandNode): string {
  const values = valueOptions(tree)
  const skips = values.flatMap(({ names }) => names).join('|')
  const byValue = values.map((option) => {
    const reply = option.isFile
      ? 'COMPREPLY=($(compgen -f -- "$cur"))'
      : `COMPREPLY=($(compgen -W ${quote((option.choices ?? []).join(' '))} -- "$cur"))`
    return `    ${option.names.join('|')}) ${reply}; return ;;`
  })
  const byPath = flatten(tree).map((node) => {
    const files = node.takesFile ? ' $(compgen -f -- "$cur")' : ''
    return `    ${quote(node.path)}) COMPREPLY=($(compgen -W ${quote(wordsAfter(node).join(' '))} -- "$cur")${files}) ;;`
  })
  return `# bash completion for ${PROGRAM}: source <(${PROGRAM} completion bash)
_${PROGRAM}() {
  local cur prev path word i
  COMPREPLY=()
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  path=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      ${skips}) ((i++)); continue ;;
      -*) continue ;;
    esac
    case "\${path:+$path }$word" in
      ${groups(tree)
        .map(({ path }) => quote(path))
        .join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$prev" in
${byValue.join('\n')}
  esac
  case "$path" in
${byPath.join('\n')}
  esac
}
complete -F _${PROGRAM} ${PROGRAM}
`
}

/** What zsh shows beside a word must not hold its separator. */
const described = (word: string, description: string): string =>
  quote(`${word.replaceAll(':', '\\:')}:${description.replaceAll(':', ' ')}`)

function zsh(tree: CommandNode): string {
  const values = valueOptions(tree)
  const skips = values.flatMap(({ names }) => names).join('|')
  const byValue = values.map((option) => {
    const reply = option.isFile ? '_files' : `compadd -- ${(option.choices ?? []).map(quote).join(' ')}`
    return `    ${option.names.join('|')}) ${reply}; return ;;`
  })
  const byPath = flatten(tree).map((node) => {
    const entries = [
      ...node.commands.map(({ name, summary }) => described(name, summary)),
      ...(node.words ?? []).map((word) => described(word, '')),
      ...node.options.map(({ names, description }) => described(names.at(-1) ?? '', description)),
    ]
    const files = node.takesFile ? '; _files' : ''
    return `    ${quote(node.path)}) items=(${entries.join(' ')}); _describe ${quote(PROGRAM)} items${files} ;;`
  })
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}: source <(${PROGRAM} completion zsh)
_${PROGRAM}() {
  local -a items
  local cur_path='' word
  integer i
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    case $word in
      ${skips}) ((i++)); continue ;;
      -*) continue ;;
    esac
    case "\${cur_path:+$cur_path }$word" in
      ${groups(tree)
        .map(({ path }) => quote(path))
        .join('|')}) cur_path="\${cur_path:+$cur_path }$word" ;;
    esac
  done
  case \${words[CURRENT-1]} in
${byValue.join('\n')}
  esac
  case $cur_path in
${byPath.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_${PROGRAM}" ]; then _${PROGRAM} "$@"; else compdef _${PROGRAM} ${PROGRAM}; fi
`
}

function fish(tree: CommandNode): string {
  const skips = valueOptions(tree).flatMap(({ names }) => names)
  const lines = flatten(tree).flatMap((node) => {
    const at = `-n ${quote(`__${PROGRAM}_at ${quote(node.path)}`.replaceAll("'", '"'))}`
    return [
      ...node.commands.map(
        ({ name, summary }) => `complete -c ${PROGRAM} ${at} -f -a ${quote(name)} -d ${fishQuote(summary)}`,
      ),
      ...(node.words ?? []).map((word) => `complete -c ${PROGRAM} ${at} -f -a ${quote(word)}`),
      ...(node.takesFile || node.words !== undefined || node.commands.length > 0
        ? []
        : [`complete -c ${PROGRAM} ${at} -f`]),
      ...node.options.map((option) => `complete -c ${PROGRAM} ${at} ${fishOption(option)}`),
    ]
  })
  return `# fish completion for ${PROGRAM}: ${PROGRAM} completion fish | source
function __${PROGRAM}_at
  set -l path
  set -l words (commandline -opc)
  set -e words[1]
  set -l skip 0
  for word in $words
    if test $skip = 1
      set skip 0
      continue
    end
    if contains -- $word ${skips.join(' ')}
      set skip 1
      continue
    end
    string match -q -- '-*' $word; and continue
    set -l next (string trim "$path $word")
    if contains -- $next ${groups(tree)
      .map(({ path }) => quote(path))
      .join(' ')}
      set path $next
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}

const fishQuote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function fishOption({ names, description, takesValue, choices, isFile }: OptionNode): string {
  const parts = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  if (takesValue) parts.push(isFile ? '-r' : '-x')
  if (choices !== undefined) parts.push(`-a ${quote(choices.join(' '))}`)
  return `${parts.join(' ')} -d ${fishQuote(description)}`
}

const SCRIPTS: Readonly<Record<Shell, (tree: CommandNode) => string>> = { bash, zsh, fish }
