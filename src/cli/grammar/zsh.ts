// Completions of zsh: a function for each command, by zsh's own _arguments.

import { allCommands, type CommandGrammar, type OptionGrammar, type ValueGrammar } from './grammar.js'

/** For a file `_left` in a folder of fpath; can be sourced too, after compinit. */
export function zshCompletion(program: CommandGrammar): string {
  return `#compdef left
# Completions of left for zsh, printed by: left completion zsh

${allCommands(program).map(functionOf).join('\n')}
if [[ $funcstack[1] == _left ]]; then _left "$@"; else compdef _left left; fi
`
}

function functionOf(command: CommandGrammar): string {
  const below = command.commands
  const specs = command.options.map(optionSpec)
  if (below.length > 0) specs.push("'1: :->first'", "'*:: :->rest'")
  else specs.push(...command.words.map(wordSpec))
  return `${functionName(command)}() {
  local curcontext=$curcontext state state_descr line ret=1
  typeset -A opt_args
  _arguments -C \\
${specs.map((spec) => `    ${spec}`).join(' \\\n')} && ret=0
${below.length === 0 ? '' : belowOf(command)}  return ret
}
`
}

function belowOf({ commands, words }: CommandGrammar): string {
  const rows = commands.map(({ path, description }) => quote(`${path.at(-1)}:${description}`))
  const calls = commands.map(
    (command) => `        ${command.path.at(-1)}) ${functionName(command)} && ret=0 ;;`,
  )
  const first = words[0] === undefined ? '' : actionOf(words[0])
  return `  case $state in
    first)
      local -a commands=(
${rows.map((row) => `        ${row}`).join('\n')}
      )
      _describe -t commands command commands && ret=0
${first.startsWith('_') ? `      ${first} && ret=0\n` : ''}      ;;
    rest)
      case $line[1] in
${calls.join('\n')}
      esac
      ;;
  esac
`
}

function optionSpec({ flags, description, value, mayRepeat }: OptionGrammar): string {
  const explanation = `[${description.replace(/[[\]\\]/g, '\\$&')}]`
  const argument = value === undefined ? '' : `:${messageOf(value)}:${actionOf(value)}`
  // Of several names one is enough, unless the option may be repeated.
  const excluded = mayRepeat || flags.length === 1 ? '' : `(${flags.join(' ')})`
  return flags
    .map((flag) => {
      const takes = value === undefined ? '' : flag.startsWith('--') ? '=' : '+'
      return quote(`${mayRepeat ? '*' : excluded}${flag}${takes}${explanation}${argument}`)
    })
    .join(' ')
}

function wordSpec(word: ValueGrammar, index: number): string {
  const position = word.mayRepeat ? '*' : `${index + 1}${word.isRequired ? '' : ':'}`
  return quote(`${position}:${messageOf(word)}:${actionOf(word)}`)
}

/** A blank completes nothing, and shows the message. */
function actionOf({ kind, choices }: ValueGrammar): string {
  if (choices.length > 0) return `(${choices.join(' ')})`
  return { file: '_files', folder: '_files -/', text: ' ' }[kind]
}

function messageOf({ name }: ValueGrammar): string {
  return name.replaceAll(':', '\\:')
}

function functionName({ path }: CommandGrammar): string {
  return ['_left', ...path].join('_')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
