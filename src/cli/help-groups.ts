// The headings under which --help shows options and commands. Used by program.ts once all of them are there.

import { type Command, Option } from 'commander'

/** Flags and words of the option that every command has. */
export const HELP = ['-h, --help', 'print this help'] as const

const ABOUT = 'This program:'

/** In the order of --help. */
export const OPTION_GROUPS: Readonly<Record<string, string>> = {
  'Which machines:': 'ip discover tracker port bind',
  'Which folder, and what of it:': 'share links send-only receive-only yes anew',
  'Who may join, and how it is protected:':
    'trust secret-file identity passphrase-file encryption compression',
  'How fast:': 'limit limit-send background window offload',
  'What is deleted, and the disk:': 'max-delete trash trash-size min-free',
  'Options from a file:': 'config only',
  'In a browser:': 'web',
  'Once, and for programs:': 'once dry-run timeout json',
  [ABOUT]: 'verbose version',
}

export const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  'Commands about a share and the peer that runs on it:':
    'init status why doctor peers log page pause resume rescan confirm undo conflicts trash',
  'Commands about what others hold:': 'ls get',
  'Commands about who may join:': 'identity trust secret tracker',
  'Commands about this program:': 'selftest sim help version',
}

const OTHERS = { options: 'Other options:', commands: 'Other commands:' } as const

/** Puts the options and commands of the program in the order above. One that stands in no list comes last. */
export function groupHelp(program: Command): void {
  arrange(
    program.options as Option[],
    OPTION_GROUPS,
    ({ long }) => long?.slice('--'.length) ?? '',
    OTHERS.options,
  )
  // Its commands have theirs by now, which are in no group.
  program.addHelpOption(new Option(...HELP).helpGroup(ABOUT))
  arrange(program.commands as Command[], COMMAND_GROUPS, (command) => command.name(), OTHERS.commands)
}

function arrange<Item extends { helpGroup(heading: string): unknown }>(
  items: Item[],
  groups: Readonly<Record<string, string>>,
  nameOf: (item: Item) => string,
  others: string,
): void {
  const headings = new Map(
    Object.entries(groups).flatMap(([heading, names]) =>
      names.split(' ').map((name) => [name, heading] as const),
    ),
  )
  const order = [...headings.keys()]
  const placeOf = (item: Item) => {
    const place = order.indexOf(nameOf(item))
    return place < 0 ? order.length : place
  }
  for (const item of items) item.helpGroup(headings.get(nameOf(item)) ?? others)
  items.sort((left, right) => placeOf(left) - placeOf(right))
}
