// The manual page `man left`, as roff with the macros of man(7).

import { allCommands, type CommandGrammar, commandName, type OptionGrammar } from './grammar.js'

const EXIT_STATUS = [
  ['0', 'It was stopped, or it has done all that it was asked to do.'],
  ['1', 'Something failed while it ran, or a part of what was asked for could not be done.'],
  ['2', 'It did not start: one line on stderr says why, and what to do.'],
  [
    '3',
    'With --once: not all was in step when the time was over. With --dry-run: not all machines were compared by then.',
  ],
] as const

const ENVIRONMENT = [
  ['LEFT_PASSPHRASE', 'The passphrase of the identity, where no --passphrase-file is given.'],
  [
    'XDG_CONFIG_HOME',
    'Where the folder left with the identity and the trusted keys is (default: ~/.config).',
  ],
  ['XDG_STATE_HOME', 'Where the folder left with what it remembers of shares is (default: ~/.local/state).'],
] as const

const FILES = [
  ['~/.config/left/identity.pem', 'Your key and certificate.'],
  ['~/.config/left/trusted-peers', 'The keys that are trusted.'],
  ['SHARE/.left', 'State of the share, its trash, and the socket at which a running peer is asked.'],
] as const

export function manualPage(program: CommandGrammar, version: string): string {
  const [summary = ''] = program.description.split('. ')
  const below = allCommands(program).slice(1)
  // A group that does nothing by itself has no synopsis of its own.
  const callable = below.filter(({ commands, words }) => commands.length === 0 || words.length > 0)
  return [
    `.TH LEFT 1 "" "LEFT ${roff(version)}" "User Commands"`,
    '.SH NAME',
    `left \\- ${roff(summary.charAt(0).toLowerCase() + summary.slice(1))}`,
    '.SH SYNOPSIS',
    '.nf',
    ...[program, ...callable].map(synopsis),
    '.fi',
    '.SH DESCRIPTION',
    paragraph(program.description),
    '.SH OPTIONS',
    ...grouped(program.options),
    '.SH COMMANDS',
    ...callable.flatMap(commandSection),
    ...(program.epilogue === ''
      ? []
      : ['.SH EXAMPLES', ...verbatim(program.epilogue.replace(/^Examples:\n/, ''))]),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.flatMap(entry),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(entry),
    '.SH FILES',
    ...FILES.flatMap(entry),
    '',
  ].join('\n')
}

function synopsis(command: CommandGrammar): string {
  return `\\fB${roff(commandName(command))}\\fR ${roff(command.usage)}`
}

function commandSection(command: CommandGrammar): string[] {
  return [
    `.SS ${roff(commandName(command))}`,
    paragraph(command.description),
    ...command.options.flatMap(optionEntry),
    ...verbatim(command.epilogue),
  ]
}

/** Under their headings where there are several. */
function grouped(options: readonly OptionGrammar[]): string[] {
  const groups = [...new Set(options.map(({ group }) => group))]
  if (groups.length === 1) return options.flatMap(optionEntry)
  return groups.flatMap((group) => [
    `.SS ${roff(group)}`,
    ...options.filter((option) => option.group === group).flatMap(optionEntry),
  ])
}

function optionEntry({ flags, value, description }: OptionGrammar): string[] {
  const forms = flags.map((flag) => `\\fB${roff(flag)}\\fR`).join(', ')
  const takes = value === undefined ? '' : ` \\fI${roff(`<${value.name}>`)}\\fR`
  return ['.TP', `${forms}${takes}`, paragraph(description)]
}

function entry([name, text]: readonly [string, string]): string[] {
  return ['.TP', `\\fB${roff(name)}\\fR`, paragraph(text)]
}

function verbatim(text: string): string[] {
  if (text === '') return []
  return ['.PP', '.nf', ...text.split('\n').map(paragraph), '.fi']
}

/** A line of text that begins with a control character of roff gets an empty one before it. */
function paragraph(text: string): string {
  return roff(text).replace(/^[.']/, '\\&$&')
}

/** A hyphen-minus of commands must stay one, so that it can be copied. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replace(
      /[^ -~]/gu,
      (letter) => `\\[u${letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}
