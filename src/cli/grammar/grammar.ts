// The command line as data, read from commander's tree: an option or command that is added there is in the completions and in the
// manual page too. Called by print.ts.

import type { Argument, Command, Option } from 'commander'

/** One command with all that stands below it. The program itself is the root. */
export interface CommandGrammar {
  /** The words that lead to it: [] for the program, ['trash', 'restore']. */
  readonly path: readonly string[]
  readonly description: string
  /** As `--help` shows it, without the path. */
  readonly usage: string
  readonly words: readonly ValueGrammar[]
  readonly options: readonly OptionGrammar[]
  readonly commands: readonly CommandGrammar[]
  /** The text below the options of `--help`, without empty lines around it; '' for none. */
  readonly epilogue: string
}

export interface OptionGrammar {
  /** '--share', or '-h' and '--help'. */
  readonly flags: readonly string[]
  readonly description: string
  /** Undefined for a switch. */
  readonly value: ValueGrammar | undefined
  readonly mayRepeat: boolean
  /** The heading above it in `--help`, without colon. */
  readonly group: string
}

export interface ValueGrammar {
  /** 'file', 'number|auto'. */
  readonly name: string
  readonly isRequired: boolean
  readonly mayRepeat: boolean
  readonly kind: 'file' | 'folder' | 'text'
  /** Those of the possible values that are words to be written as they are. */
  readonly choices: readonly string[]
}

/** Names of values that paths of this machine stand for; a place is one where it names no host. */
const FILE_NAMES = new Set(['file', 'path', 'place'])

/** Alternatives that stand for a figure. A list that has some begins with one: `percent|size` has no word, `name|size|date` has three. */
const FIGURES = new Set(['number', 'days', 'percent', 'size'])

const GROUP_DEFAULT = 'Options'

/** `program` is whole: every command has its options. */
export function grammarOf(program: Command, path: readonly string[] = []): CommandGrammar {
  const help = program.createHelp()
  return {
    path,
    description: program.description(),
    usage: program.usage(),
    words: program.registeredArguments.map(wordOf),
    options: help.visibleOptions(program).map(optionOf),
    commands: help.visibleCommands(program).map((command) => grammarOf(command, [...path, command.name()])),
    epilogue: epilogueOf(program),
  }
}

/** The command and all below it, depth first. */
export function allCommands(grammar: CommandGrammar): CommandGrammar[] {
  return [grammar, ...grammar.commands.flatMap(allCommands)]
}

/** As a person writes it: 'left', 'left trash restore'. */
export function commandName({ path }: CommandGrammar): string {
  return ['left', ...path].join(' ')
}

function optionOf(option: Option): OptionGrammar {
  const name = /[<[]([^>\].]+)/.exec(option.flags)?.[1]
  const isSwitch = !option.required && !option.optional
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    value:
      isSwitch || name === undefined
        ? undefined
        : {
            ...valueNamed(name, option.argChoices),
            isRequired: option.required,
            mayRepeat: option.variadic,
          },
    // An option that collects its values has a function that does it.
    mayRepeat: option.variadic || option.parseArg !== undefined,
    group: (option.helpGroupHeading ?? GROUP_DEFAULT).replace(/:$/, ''),
  }
}

function wordOf(argument: Argument): ValueGrammar {
  return {
    ...valueNamed(argument.name(), argument.argChoices),
    isRequired: argument.required,
    mayRepeat: argument.variadic,
  }
}

function valueNamed(
  name: string,
  choices: readonly string[] | undefined,
): Pick<ValueGrammar, 'name' | 'kind' | 'choices'> {
  const [first = ''] = name.split('|')
  const kind = FILE_NAMES.has(first) ? 'file' : first === 'folder' ? 'folder' : 'text'
  // Where a path may stand, a word that may stand there too is rare.
  return { name, kind, choices: choices ?? (kind === 'text' ? choicesIn(name) : []) }
}

function choicesIn(name: string): string[] {
  const alternatives = name.split('|')
  if (alternatives.length < 2) return []
  return FIGURES.has(alternatives[0]!) ? alternatives.filter((word) => !FIGURES.has(word)) : alternatives
}

/** All that `--help` prints behind what commander makes of the tree. */
function epilogueOf(command: Command): string {
  let text = ''
  const before = command.configureOutput()
  command.configureOutput({
    writeOut: (piece) => {
      text += piece
    },
  })
  command.outputHelp()
  command.configureOutput(before)
  return text.slice(command.helpInformation().length).replace(/^\n+/, '').trimEnd()
}
