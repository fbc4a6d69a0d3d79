// Completions of fish: a line for each option and word, each with the command that it belongs to.

import { allCommands, type CommandGrammar, commandName, type ValueGrammar } from './grammar.js'

/** For a file `left.fish` in ~/.config/fish/completions. */
export function fishCompletion(program: CommandGrammar): string {
  const commands = allCommands(program)
  const names = commands.slice(1).map(commandName)
  const options = commands.flatMap((command) =>
    command.options
      .filter(({ value }) => value !== undefined)
      .flatMap(({ flags }) => flags.map((flag) => `${commandName(command)} ${flag}`)),
  )
  return `# Completions of left for fish, printed by: left completion fish

# __left_is COUNT COMMAND: whether the words before the cursor name this command and COUNT words for it; COUNT + means any number.
function __left_is
    set -l words (commandline -opc)
    set -e words[1]
    set -l at left
    set -l takes 0
    set -l count 0
    for word in $words
        if test $takes = 1
            set takes 0
            continue
        end
        switch "$at $word"
            case ${names.map(quote).join(' ')}
                set at "$at $word"
                set count 0
            case ${options.map(quote).join(' ')}
                set takes 1
            case '* -*'
            case '*'
                set count (math $count + 1)
        end
    end
    test "$at" = "$argv[2]"; and contains -- $argv[1] + $count
end

complete -c left -f
${commands.flatMap(linesOf).join('\n')}
`
}

function linesOf(command: CommandGrammar): string[] {
  const name = commandName(command)
  const words = command.words.flatMap((word, index) => {
    const completion = completionOf(word)
    return completion === '' ? [] : [line(word.mayRepeat ? '+' : String(index), name, completion)]
  })
  const below = command.commands.map(({ path, description }) =>
    line('0', name, `-a ${path.at(-1)} -d ${quote(description)}`),
  )
  const options = command.options.map(({ flags, description, value }) => {
    const forms = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
    const takes = value === undefined ? '' : ` ${valueCompletionOf(value)}`
    return line('+', name, `${forms.join(' ')}${takes} -d ${quote(description)}`)
  })
  return [...below, ...words, ...options]
}

function line(count: string, name: string, rest: string): string {
  return `complete -c left -n ${quote(`__left_is ${count} "${name}"`)} ${rest}`
}

/** -r: takes a value; -x: and no file is one. */
function valueCompletionOf(value: ValueGrammar): string {
  const completion = completionOf(value)
  return completion === '-F' ? '-r -F' : `-x ${completion}`.trimEnd()
}

function completionOf({ kind, choices }: ValueGrammar): string {
  if (choices.length > 0) return `-a ${quote(choices.join(' '))}`
  return { file: '-F', folder: "-a '(__fish_complete_directories)'", text: '' }[kind]
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
