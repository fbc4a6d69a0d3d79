// The grammar of the command line: every command with its options and its help. Each calls one of `Commands` with what was
// typed; main.ts has what they do.

import { Command } from 'commander'
import { PROGRAM_VERSION } from '../app/version.js'
import { LeftError } from '../base/errors.js'
import { TRACKER_PORT } from '../base/limits.js'
import { quoted } from './addresses.js'
import type { AskCommand, RawAskArguments } from './ask/ask-command.js'
import { ASK_COMMANDS, ASK_GROUPS } from './ask/commands.js'
import type { RawRunArguments } from './config/config.js'
import { nearestWord } from './config/nearest-word.js'
import { addPrintingCommands } from './grammar/commands.js'
import { groupHelp, HELP } from './help-groups.js'
import type { RawIdentityArguments } from './identity.js'
import type { RawInitArguments } from './init/init.js'
import { RUN_COUNT_QUICK } from './limits.js'
import { addRunOptions } from './run-options.js'
import type { RawSecretArguments } from './secret.js'
import type { RawSelftestArguments } from './selftest.js'
import type { RawSimArguments } from './sim.js'
import type { RawTrackerArguments } from './tracker.js'
import type { RawTrustArguments } from './trust.js'
import { addVisitCommands, type VisitCommands } from './visit/commands.js'

const TRACKER_EXAMPLES = `
A tracker tells the peers of a group where the others are. It sees addresses and a name derived from the group's secret: no
file, no file name, no key. Let its UDP port in where a firewall runs. One tracker serves many groups, which see nothing of
each other; stopped and started again, it knows everybody after half a minute.

Examples:
  left tracker                                  on one machine that all can reach
  left --tracker 10.0.0.7 --secret-file F       on each machine of the group (left secret F makes the file)
`

const SIM_EXAMPLES = `
Examples:
  left sim --seed 42                one scenario, told step by step
  left sim --seed 1 --runs 10000    many, on every core
  left sim --seed 42 --shrink       a seed that fails, as a short story
  left sim --plan plan.json         the plan that such a story ends with
`

export interface Commands extends VisitCommands {
  run(raw: RawRunArguments): Promise<void>
  sim(raw: RawSimArguments): Promise<void>
  identity(raw: RawIdentityArguments): Promise<void>
  /** `words` are a fingerprint, in one piece or in groups. */
  trust(words: readonly string[], raw: RawTrustArguments): Promise<void>
  /** `words` are the file. */
  secret(words: readonly string[], raw: RawSecretArguments): Promise<void>
  tracker(raw: RawTrackerArguments): Promise<void>
  init(raw: RawInitArguments): Promise<void>
  /** About a share, mostly of the peer that runs on it. */
  ask(command: AskCommand, words: readonly string[], raw: RawAskArguments): Promise<void>
  selftest(raw: RawSelftestArguments): Promise<void>
}

/** The grammar of the command line. Values are checked in arguments.ts, where their messages are. */
export function leftProgram(commands: Commands): Command {
  const program = new Command('left')
    .description('Keeps a folder the same on several machines, over UDP. Run it on each of them.')
    .usage('--ip <addresses> | --tracker <address> | --config <file> [options]')
    .version(PROGRAM_VERSION, '-V, --version', 'print the version')
    .helpOption(...HELP)
    .helpCommand(false)
    .exitOverride()
    // Errors are printed by main, on one line.
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .enablePositionalOptions()
    .allowExcessArguments()
  addRunOptions(program).action(async (raw: RawRunArguments, command: Command) => {
    if (raw.ip === undefined && raw.discover === undefined && raw.tracker === undefined) refuseWord(command)
    refuseExtra(command, 'join several addresses with commas and without blanks: --ip 10.0.0.7,10.0.0.8')
    await commands.run(raw)
  })
  withoutWords<RawInitArguments>(
    program
      .command('init')
      .description(
        'ask which folder is kept the same with whom, and write left.toml here and .leftignore in that folder; nothing is written over',
      )
      .option(
        '--yes',
        'ask nothing: ./share, with the machines of the local network that hold ./left-secret',
      ),
    (raw) => commands.init(raw),
  )
  withoutWords<RawSimArguments>(
    program
      .command('sim')
      .description('run the protocol in a simulated world, reproducibly')
      .option('--seed <number>', 'the first seed (default: a fresh one, which is printed)')
      .option('--runs <count>', 'how many seeds, one after the other (default: 1)')
      .option('--workers <count>', 'processes that share the work (default: one per core)')
      .option('--power', 'machines lose power too, and what was not synced with it')
      .option('--restores', 'shares are put back to older copies too')
      .option('--shrink', 'shrink the first seed that fails to a short story; one seed if no --runs')
      .option('--plan <file>', 'play a plan that --shrink printed, instead of a seed')
      .option('--quick', `${RUN_COUNT_QUICK} runs unless --runs says otherwise`)
      .addHelpText('after', SIM_EXAMPLES),
    (raw) => commands.sim(raw),
  )
  withoutWords<RawIdentityArguments>(
    program
      .command('identity')
      .description('show who you are to other peers: your fingerprint and the file of your identity')
      .option('--identity <file>', "another file than your user's")
      .option('--passphrase-file <file>', 'holds its passphrase (default: LEFT_PASSPHRASE)'),
    (raw) => commands.identity(raw),
  )
  program
    .command('trust')
    .description('trust the peer with this fingerprint, as left identity shows it over there')
    .argument('[fingerprint...]')
    .option('--list', 'show whom you trust, and whom you removed')
    .option(
      '--remove',
      'trust this one no more: its sessions end at once, and it is refused until it is trusted again; the beginning of its fingerprint is enough',
    )
    .option(
      '--name <name>',
      'what you call it; left ls and left get ask for its key at an address of that name',
    )
    .option(
      '--static <key>',
      'its static key too, as left identity shows it over there: then it can be asked from an address that it does not name',
    )
    .action(async (words: readonly string[], raw: RawTrustArguments) => {
      await commands.trust(words, raw)
    })
  program
    .command('secret')
    .description('make a secret for the machines of a group, for --secret-file')
    .argument('[file...]')
    .option('--check', 'make none, and say how hard the one in this file is to guess')
    .action(async (words: readonly string[], raw: RawSecretArguments) => {
      await commands.secret(words, raw)
    })
  withoutWords<RawTrackerArguments>(
    program
      .command('tracker')
      .description('tell the peers of each group where the others are; runs until it is stopped')
      .option('--port <number>', `UDP port to listen on (default: ${TRACKER_PORT})`)
      .option('--bind <address>', 'listen on this address of this machine only (default: all)')
      .option('--json', 'print every event as one JSON object a line')
      .addHelpText('after', TRACKER_EXAMPLES),
    (raw) => commands.tracker(raw),
  )
  withoutWords<RawSelftestArguments>(
    program
      .command('selftest')
      .description(
        'let a malicious peer loose on a peer of this program, on this machine, and see what becomes of it',
      )
      .option('--hostile', 'the attacks of a peer that was let in, and of strangers')
      .option(
        '--encryption <yes|no|both>',
        'of the peer that is attacked and of those that attack: yes, no or both',
        'both',
      )
      .option('--quick', 'fewer of everything')
      .option('--only <attacks>', 'these attacks only, by name, joined by semicolons'),
    (raw) => commands.selftest(raw),
  )
  addVisitCommands(program, commands)
  for (const command of ASK_COMMANDS) addAskCommand(program, command, commands)
  addAboutCommands(program)
  addPrintingCommands(program)
  groupHelp(program)
  return program
}

/** `left help` and `left version`, which people try before --help and --version. */
function addAboutCommands(program: Command): void {
  program
    .command('help')
    .description('print this help, or that of a command')
    .argument('[command...]')
    .action((words: readonly string[]) => {
      let command = program
      for (const word of words) {
        const next = command.commands.find((each) => each.name() === word)
        if (next === undefined) throw unknownCommand(word, command)
        command = next
      }
      command.outputHelp()
    })
  program
    .command('version')
    .description('print the version')
    .allowExcessArguments()
    .action((_: object, command: Command) => {
      refuseExtra(command, 'left version prints the version')
      process.stdout.write(`${PROGRAM_VERSION}\n`)
    })
}

/** All that are about a share look alike. */
function addAskCommand(program: Command, asking: AskCommand, commands: Commands): void {
  const [first, second] = asking.name.split(' ') as [string, string | undefined]
  const command = (second === undefined ? program : groupOf(program, first))
    .command(second ?? first)
    .description(asking.description)
    .option(
      '--share <folder>',
      'the share (default: the one that the current folder is in, else that of left.toml, else ./share)',
    )
    .option('--json', 'print the result as one JSON object')
    .allowExcessArguments()
  for (const { flags, description } of asking.options ?? []) command.option(flags, description)
  if (asking.words !== '') command.arguments(asking.words)
  command.action(async () => {
    if (asking.words === '') refuseExtra(command, `left ${asking.name} --help shows what there is`)
    await commands.ask(asking, command.args, command.optsWithGlobals<RawAskArguments>())
  })
}

/** The command that those with this first word belong to. */
function groupOf(program: Command, name: string): Command {
  const known = program.commands.find((command) => command.name() === name)
  if (known !== undefined) return known
  const group = program
    .command(name)
    .description(ASK_GROUPS[name] ?? '')
    .helpCommand(false)
    .allowExcessArguments()
  return group.action(() => {
    const names = group.commands.map((command) => command.name()).join(', ')
    throw new LeftError('usage', `left ${name} needs one of ${names}; left ${name} --help shows more`)
  })
}

/** Takes options alone, and refuses words. */
function withoutWords<Raw>(command: Command, run: (raw: Raw) => Promise<void>): void {
  command.allowExcessArguments().action(async (raw: Raw) => {
    refuseExtra(command, `left ${command.name()} --help shows what there is`)
    await run(raw)
  })
}

/** A word and no address: it was meant for a command. */
function refuseWord(command: Command): void {
  const [word] = command.args
  if (word !== undefined) throw unknownCommand(word, command)
}

function unknownCommand(word: string, { commands }: Command): LeftError {
  const names = commands.map((command) => command.name())
  const nearest = nearestWord(word, names)
  const known = `there are ${names.join(', ') || 'none below this one'}; left --help shows more`
  const advice = nearest === undefined ? known : `did you mean ${nearest}?`
  return new LeftError('usage', `there is no command ${quoted(word)}: ${advice}`)
}

function refuseExtra(command: Command, advice: string): void {
  const extra = command.args[0]
  if (extra !== undefined) throw new LeftError('usage', `${quoted(extra)} is not expected here; ${advice}`)
}
