// Completions of bash, also of 3.2, which macOS has. No process of `left` runs while somebody types.

import { allCommands, type CommandGrammar, commandName, type ValueGrammar } from './grammar.js'

/** A script to be sourced. */
export function bashCompletion(program: CommandGrammar): string {
  const commands = allCommands(program)
  return `# Completions of left for bash, printed by: left completion bash

_left() {
  local IFS=$' \\t\\n'
  local cur=\${COMP_WORDS[COMP_CWORD]} at=left takes= count=0 index word words= paths=
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ -n $takes ]]; then
      # Bash makes three words of --option=value.
      [[ $word == = ]] || takes=
      continue
    fi
    case "$at $word" in
${arm(commands.slice(1).map(commandName), 'at="$at $word" count=0')}
${arm(commands.flatMap(optionsWithValue), 'takes=$word')}
      *' -'*) ;;
      *) count=$((count + 1)) ;;
    esac
  done
  # The path of HOST:PATH is one of another machine.
  [[ $cur == : || \${COMP_WORDS[COMP_CWORD - 1]} == : ]] && return
  if [[ -n $takes ]]; then
    [[ $cur == = ]] && cur=
    case "$at $takes" in
${arms(commands.flatMap(valueArms))}
    esac
  elif [[ $cur == -* ]]; then
    case $at in
${arms(commands.map((command) => ({ patterns: [quote(commandName(command))], does: wordList(flagsOf(command)) })))}
    esac
  else
    case "$at $count" in
${arms(commands.flatMap(wordArms))}
    esac
  fi
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
  # Readline itself completes paths, with all their characters; bash 3.2 cannot be told so.
  IFS=$'\\n'
  case $paths in
    file) compopt -o default 2>/dev/null || COMPREPLY+=($(compgen -f -- "$cur")) ;;
    folder) compopt -o dirnames 2>/dev/null || COMPREPLY+=($(compgen -d -- "$cur")) ;;
  esac
}

complete -F _left left
`
}

interface Arm {
  /** As bash reads them. */
  readonly patterns: readonly string[]
  readonly does: string
}

function optionsWithValue(command: CommandGrammar): string[] {
  return command.options
    .filter(({ value }) => value !== undefined)
    .flatMap(({ flags }) => flags.map((flag) => `${commandName(command)} ${flag}`))
}

function valueArms(command: CommandGrammar): Arm[] {
  return command.options.flatMap(({ flags, value }) => {
    const does = value === undefined ? '' : completionOf(value)
    return does === ''
      ? []
      : [{ patterns: flags.map((flag) => quote(`${commandName(command)} ${flag}`)), does }]
  })
}

function wordArms(command: CommandGrammar): Arm[] {
  const name = commandName(command)
  const below = command.commands.map(({ path }) => path.at(-1)!)
  const positions = command.words.map((word, index): Arm => {
    const names = index === 0 && below.length > 0 ? [wordList(below)] : []
    const does = [...names, completionOf(word)].filter((part) => part !== '').join(' ')
    return { patterns: [word.mayRepeat ? `${quote(`${name} `)}*` : quote(`${name} ${index}`)], does }
  })
  if (positions.length === 0 && below.length > 0)
    positions.push({ patterns: [quote(`${name} 0`)], does: wordList(below) })
  return positions.filter(({ does }) => does !== '')
}

function flagsOf({ options }: CommandGrammar): string[] {
  return options.flatMap(({ flags }) => flags)
}

function completionOf({ kind, choices }: ValueGrammar): string {
  if (choices.length > 0) return wordList(choices)
  return kind === 'text' ? '' : `paths=${kind}`
}

function wordList(words: readonly string[]): string {
  return `words=${quote(words.join(' '))}`
}

function arm(names: readonly string[], does: string): string {
  return arms([{ patterns: names.map(quote), does }])
}

/** One line each, however long: nobody reads them but bash. */
function arms(all: readonly Arm[]): string {
  return all.map(({ patterns, does }) => `      ${patterns.join(' | ')}) ${does} ;;`).join('\n')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
