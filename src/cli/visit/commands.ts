// The grammar of `left ls` and `left get`. Called by program.ts.

import type { Command } from 'commander'
import { DEFAULT_PORT } from '../../base/limits.js'
import type { RawGetArguments } from './get.js'
import type { RawLsArguments } from './ls.js'

export interface VisitCommands {
  ls(words: readonly string[], raw: RawLsArguments): Promise<void>
  get(words: readonly string[], raw: RawGetArguments): Promise<void>
}

const LS_EXAMPLES = `
A place is HOST, HOST:PORT, HOST:PATH or HOST:PORT:PATH; an IPv6 address in front of a colon stands in brackets. In a share a word without a
colon that is no IP address is a path of the share. A path that begins with digits and a colon, or is digits alone, is written ./12:30.txt.

Examples:
  left ls                          in a share: what this peer and those of --ip hold
  left ls docs                     in a share: at and below docs
  left ls 192.168.56.119 lab3:     anywhere: what these two machines hold
  left ls lab3:docs --long         below docs on lab3, with modes and digests
  left ls --json | jq 'select(.versions | length > 1)'    what differs

'*' stands before the newest of several versions. Exit code 1: some machine could not be listed.
`

const GET_EXAMPLES = `
Examples:
  left get lab3:docs/plan.txt               to the current folder
  left get lab3:docs lab2:photos ~/backup   two folders, into a folder
  left get 10.0.0.7:22002:a.iso b.iso       from another port, under another name
  left get [fd00::7]:disk.img .

A place is HOST:PATH or HOST:PORT:PATH; HOST: is all of its share. What was cut off goes on with the same command, from a file
.left-get-… beside its place. Exit code 1: something did not arrive.
`

export function addVisitCommands(program: Command, commands: VisitCommands): void {
  withVisitOptions(
    program
      .command('ls')
      .description(
        'list what peers hold: name, size, date, who has it, which is the newest; needs no share here, only that they trust your key',
      )
      .argument('[place...]')
      .option('--share <folder>', 'the share (default: the one that the current folder is in, else ./share)')
      .option('--long', 'modes, milliseconds and digests too')
      .option('--bytes', 'sizes in bytes')
      .option('--sort <name|size|date>', 'by name, the largest first, the latest first (default: name)')
      .option('--json', 'print one JSON object for each path')
      .addHelpText('after', LS_EXAMPLES),
  ).action(async (words: string[], raw: RawLsArguments) => {
    await commands.ls(words, raw)
  })
  addGet(program, commands)
}

function addGet(program: Command, commands: VisitCommands): void {
  withVisitOptions(
    program
      .command('get')
      .description(
        'get files and folders of a peer once, without a share, as scp does: resumed after a cut, proved block by block',
      )
      .argument('<place...>')
      .usage('[options] <host:path...> [folder]')
      .option('--force', 'replace files that stand there and are others')
      .option('--json', 'print every event as one JSON object a line')
      .addHelpText('after', GET_EXAMPLES),
  ).action(async (words: string[], raw: RawGetArguments) => {
    await commands.get(words, raw)
  })
}

function withVisitOptions(command: Command): Command {
  return command
    .option(
      '--port <number>',
      `local UDP port; a machine that names this one with --ip, and never met it, answers only the port that it names (default: ${DEFAULT_PORT} where that is free)`,
    )
    .option(
      '--trust <first-use|pinned>',
      'as of left itself: first-use trusts whom it meets for the first time at an address named here (default: first-use)',
    )
    .option(
      '--secret-file <file>',
      'a secret that the machines of a group hold; may be given twice',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option(
      '--identity <file>',
      "another key than your user's, or than that of the peer that runs on the share",
    )
    .option('--passphrase-file <file>', 'holds its passphrase (default: LEFT_PASSPHRASE)')
    .option(
      '--timeout <time>',
      'how long a machine that does not answer is waited for: 90s, 5m (default: 10s)',
    )
}
