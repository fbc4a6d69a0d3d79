#!/usr/bin/env node
// The command `left`: what can be asked, and with which exit code it ends. One file per command does the
// work: run.ts (the default; config/ says with which options), sim.ts, identity.ts, trust.ts, secret.ts, selftest.ts; those about
// a share are in ask/. They are loaded when they are asked for.

import { Command, CommanderError } from 'commander'
import { PROGRAM_VERSION } from '../app/version.js'
import { LeftError } from '../base/errors.js'
import { DEFAULT_PORT, TRACKER_PORT, TRASH_DAYS_MIN, WEB_PORT } from '../base/limits.js'
import { quoted } from './addresses.js'
import type { AskCommand, RawAskArguments } from './ask/ask-command.js'
import { ASK_COMMANDS, ASK_GROUPS } from './ask/commands.js'
import type { RawRunArguments } from './config/config.js'
import { EXIT_STOPPED, exitCodeOf, failureText } from './failure.js'
import { addPrintingCommands } from './grammar/commands.js'
import { groupHelp, HELP } from './help-groups.js'
import type { RawIdentityArguments } from './identity.js'
import type { RawInitArguments } from './init/init.js'
import { RUN_COUNT_QUICK, WINDOW_BLOCKS_MAX } from './limits.js'
import { watchPrinting } from './printing.js'
import type { RawSecretArguments } from './secret.js'
import type { RawSelftestArguments } from './selftest.js'
import type { RawSimArguments } from './sim.js'
import type { RawTrackerArguments } from './tracker.js'
import type { RawTrustArguments } from './trust.js'
import { addVisitCommands, type VisitCommands } from './visit/commands.js'

const EXAMPLES = `
Examples:
  Three machines keep ./share the same; on each, name the other two:
    left --ip 192.168.56.119,192.168.56.120
    left --ip 192.168.56.118,192.168.56.120
    left --ip 192.168.56.118,192.168.56.119

  The same where they find each other on the local network; the file is on all of them:
    left secret left.secret
    left --discover --secret-file left.secret

  Another folder, and a slow link that others use too (at most 500 KB/s):
    left --ip lab3.local --share ~/data --limit 500K

  Another port on the other side, and IPv6:
    left --ip 10.0.0.7:22002,[fd00::7]:22001,fd00::8

  Machines whose addresses change, or that you do not want to list on each:
    left secret left-secret                       once; bring the file to the others
    left tracker                                  on one machine that all can reach
    left --tracker 10.0.0.7 --secret-file left-secret     on each

  The same options each time, or several folders, from left.toml (left init writes one):
    left
    left --config ~/left.toml --only photos

  For programs, one JSON object a line:
    left --ip 10.0.0.7 --json | jq -c 'select(.event == "received")'

  Once, from cron or a script:
    left --ip 10.0.0.7 --once --timeout 5m && echo the same on both

  What would happen, without any of it:
    left --ip 10.0.0.7 --dry-run

  Stop-and-wait, one block at a time, to see what the window is worth:
    left --ip 10.0.0.7 --window 1

Ctrl-C stops in under a second; the next start goes on where it was.
`

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

process.exitCode = await main(process.argv.slice(2))

/** Answers the exit code. */
async function main(words: readonly string[]): Promise<number> {
  let exitCode = EXIT_STOPPED
  let verbose = false
  const endWatch = watchPrinting()
  const program = leftProgram({
    run: async (raw) => {
      verbose = raw.verbose ?? false
      const { planRun } = await import('./config/config.js')
      const plan = planRun(raw, process.cwd())
      if (plan.run === 'several') {
        const { runSeveral } = await import('./config/several.js')
        endWatch()
        exitCode = await runSeveral({ ...plan, words, program: process.argv[1]! })
        return
      }
      if (plan.dryRun !== undefined) {
        const { runDry } = await import('./dry-run.js')
        exitCode = await runDry({ ...plan, ...plan.dryRun })
        return
      }
      const { run } = await import('./run.js')
      endWatch() // A peer goes on without its output.
      // A handle that somebody forgot to close must not hold the terminal once all is said.
      process.exit(await run(plan))
    },
    sim: async (raw) => {
      const { runSim } = await import('./sim.js')
      exitCode = await runSim(raw)
    },
    identity: async (raw) => {
      const { runIdentity } = await import('./short-commands.js')
      exitCode = await runIdentity(raw)
    },
    trust: async (words, raw) => {
      const { runTrust } = await import('./short-commands.js')
      exitCode = await runTrust(words, raw)
    },
    secret: async (words, raw) => {
      const { runSecret } = await import('./short-commands.js')
      exitCode = await runSecret(words, raw)
    },
    init: async (raw) => {
      const { runInit } = await import('./short-commands.js')
      exitCode = await runInit(raw)
    },
    ask: async (command, words, raw) => {
      const { runAsk } = await import('./short-commands.js')
      exitCode = await runAsk(command, words, raw)
    },
    tracker: async (raw) => {
      const { runTracker } = await import('./short-commands.js')
      endWatch() // A tracker goes on without its output.
      exitCode = await runTracker(raw)
    },
    ls: async (words, raw) => {
      const { runLs } = await import('./short-commands.js')
      exitCode = await runLs(words, raw)
    },
    get: async (words, raw) => {
      const { runGet } = await import('./short-commands.js')
      exitCode = await runGet(words, raw)
    },
    selftest: async (raw) => {
      const { runSelftest } = await import('./selftest.js')
      exitCode = await runSelftest(raw)
    },
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_STOPPED
    const failure = error instanceof CommanderError ? usageError(error) : error
    process.stderr.write(failureText(failure, verbose))
    return exitCodeOf(failure, 'starting')
  }
}

interface Commands extends VisitCommands {
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
function leftProgram(commands: Commands): Command {
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
    .option(
      '--ip <addresses>',
      `the other machines, joined by commas: IPv4, [IPv6] or name, each with :port if it is not ${DEFAULT_PORT}; may be repeated`,
      (list: string, before: readonly string[] | undefined) => [...(before ?? []), list],
    )
    .option(
      '--discover',
      'find the other machines on the local network, in place of --ip or beside it; only those are let in that hold the secret of --secret-file or are trusted already',
    )
    .option(
      '--tracker <address>',
      `a machine on which left tracker runs, with :port if it is not ${TRACKER_PORT}: it tells where the others of the group are, also without --ip; needs --secret-file; may be repeated`,
      (list: string, before: readonly string[] | undefined) => [...(before ?? []), list],
    )
    .option(
      '--config <file|no>',
      'options from this file, where the command line does not give them: one line each, such as ip = "10.0.0.7", and [[share]] for each of several shares; no reads none (default: left.toml in the current folder, if that is in no share)',
    )
    .option('--only <name>', 'of the shares of the file, keep this one only')
    .option(
      '--port <number|auto>',
      `UDP port to listen on; auto takes any that is free, and is printed at the start (default: ${DEFAULT_PORT})`,
    )
    .option('--bind <address>', 'listen on this address of this machine only (default: all)')
    .option('--share <folder>', 'the folder to keep the same, made if missing (default: ./share)')
    .option(
      '--encryption <yes|no>',
      'no speaks in the clear, with peers that do so too, for links that you trust (default: yes)',
    )
    .option('--compression <auto|no>', 'auto compresses what gets smaller, where encrypted (default: auto)')
    .option(
      '--trust <first-use|pinned>',
      'first-use trusts whom it meets at an address of --ip for the first time, and nobody else there from then on; pinned trusts only keys named with left trust (default: first-use)',
    )
    .option(
      '--secret-file <file>',
      'a secret that all machines of a group hold (left secret makes one): whoever has it is trusted, whoever is new and has not is refused; may be given twice, for the old secret and the new one',
      (file: string, before: readonly string[] | undefined) => [...(before ?? []), file],
    )
    .option(
      '--identity <file>',
      'PEM file with your key and certificate, made if missing (default: identity.pem in ~/.config/left)',
    )
    .option(
      '--passphrase-file <file>',
      'passphrase of the identity (default: the environment variable LEFT_PASSPHRASE, if it is set)',
    )
    .option(
      '--window <blocks>',
      `blocks asked for at once: auto, or 1 to ${WINDOW_BLOCKS_MAX}; 1 is stop-and-wait (default: auto)`,
    )
    .option(
      '--limit <rate>',
      'receive at most so many bytes per second: 500K, 10M, 1.5G, or 512Ki, 8Mi (default: no limit)',
    )
    .option(
      '--limit-send <rate>',
      'send at most so many bytes per second, to all peers together; written as that of --limit (default: no limit)',
    )
    .option('--background', 'receive with what others leave of the network, and give way to everything else')
    .option(
      '--offload <auto|no>',
      'auto lets the kernel cut and merge datagrams where that is faster, on Linux (default: auto)',
    )
    .option(
      '--links <auto|keep|follow|skip>',
      'soft links: keep shares the link itself, follow what it points at, skip neither; auto keeps a link whose text leads to a place of the share and follows any other (default: auto)',
    )
    .option(
      '--send-only',
      'take nothing over that others change: it is known and not held here, and left undo sends back what is here',
    )
    .option(
      '--receive-only',
      'tell nobody of what is changed here: left status shows it, left undo takes it back, and it goes to the trash where others change the same',
    )
    .option(
      '--min-free <percent|size>',
      'what peers leave free of the disk, at least 100 MB where it is a part: 5%, 2G, or 0 for nothing; what comes waits until there is more (default: 1%)',
    )
    .option(
      '--trash <days|no>',
      `how long what peers delete or replace is kept in .left/trash: ${TRASH_DAYS_MIN}d or more, or no to keep nothing (default: 30d)`,
    )
    .option(
      '--trash-size <percent>',
      `the part of the disk that the trash may take; that of the last ${TRASH_DAYS_MIN} days stays all the same (default: 10%)`,
    )
    .option(
      '--max-delete <percent|strict|no>',
      'the part of the files that one machine may delete or replace in a day before you are asked (left status, left confirm, left undo); strict: 25%, also where it was confirmed on another machine; no: never ask (default: 25%)',
    )
    .option(
      '--web [place]',
      `serve a page for a browser, at an address of this machine, a port, or both; auto takes any free port; its link, with a token, is printed at the start (default: 127.0.0.1:${WEB_PORT})`,
    )
    .option(
      '--yes',
      'share also what one rarely means to: /, folders of the system, a whole home folder, what holds or lies in another share',
    )
    .option(
      '--anew',
      'begin with what is in the folder now, where the share that left last ran on is missing from it (without: refused, in case its disk is not mounted)',
    )
    .option(
      '--once',
      'end with 0 as soon as every peer was met and all hold the same, but for what cannot be held; with 3 where that was not so in time, and what is missing on stderr',
    )
    .option(
      '--dry-run',
      'change nothing, here or there: print what would be fetched, removed, renamed or in conflict here, by what the machines of --ip have; ends with 0 when all were compared, with 3 where not in time',
    )
    .option(
      '--timeout <time>',
      'of --once and --dry-run: 90s, 5m or 2h at most (default: as long as it takes; of --dry-run 10s for a machine that does not answer)',
    )
    .option('--json', 'print every event as one JSON object a line')
    .option('--verbose', 'tell more, and the causes of errors')
    .addHelpText('after', EXAMPLES)
    .action(async (raw: RawRunArguments, command: Command) => {
      if (raw.ip === undefined && raw.discover === undefined && raw.tracker === undefined) refuseWord(command)
      refuseExtra(command, 'join several addresses with commas and without blanks: --ip 10.0.0.7,10.0.0.8')
      await commands.run(raw)
    })
  program
    .command('init')
    .description(
      'ask which folder is kept the same with whom, and write left.toml here and .leftignore in that folder; nothing is written over',
    )
    .option('--yes', 'ask nothing: ./share, with the machines of the local network that hold ./left-secret')
    .allowExcessArguments()
    .action(async (raw: RawInitArguments, command: Command) => {
      refuseExtra(command, 'left init --help shows what there is')
      await commands.init(raw)
    })
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
    .allowExcessArguments()
    .addHelpText('after', SIM_EXAMPLES)
    .action(async (raw: RawSimArguments, command: Command) => {
      refuseExtra(command, 'left sim --help shows what there is')
      await commands.sim(raw)
    })
  program
    .command('identity')
    .description('show who you are to other peers: your fingerprint and the file of your identity')
    .option('--identity <file>', "another file than your user's")
    .option('--passphrase-file <file>', 'holds its passphrase (default: LEFT_PASSPHRASE)')
    .allowExcessArguments()
    .action(async (raw: RawIdentityArguments, command: Command) => {
      refuseExtra(command, 'left identity --help shows what there is')
      await commands.identity(raw)
    })
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
  program
    .command('tracker')
    .description('tell the peers of each group where the others are; runs until it is stopped')
    .option('--port <number>', `UDP port to listen on (default: ${TRACKER_PORT})`)
    .option('--bind <address>', 'listen on this address of this machine only (default: all)')
    .option('--json', 'print every event as one JSON object a line')
    .allowExcessArguments()
    .addHelpText('after', TRACKER_EXAMPLES)
    .action(async (raw: RawTrackerArguments, command: Command) => {
      refuseExtra(command, 'left tracker --help shows what there is')
      await commands.tracker(raw)
    })
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
    .option('--only <attacks>', 'these attacks only, by name, joined by semicolons')
    .allowExcessArguments()
    .action(async (raw: RawSelftestArguments, command: Command) => {
      refuseExtra(command, 'left selftest --help shows what there is')
      await commands.selftest(raw)
    })
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
    .option('--share <folder>', 'the share (default: the one that the current folder is in, else ./share)')
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

/** A word and no address: it was meant for a command. */
function refuseWord(command: Command): void {
  const [word] = command.args
  if (word !== undefined) throw unknownCommand(word, command)
}

function unknownCommand(word: string, { commands }: Command): LeftError {
  const names = commands.map((command) => command.name()).join(', ')
  return new LeftError(
    'usage',
    `there is no command ${quoted(word)}: there are ${names || 'none below this one'}; left --help shows more`,
  )
}

function refuseExtra(command: Command, advice: string): void {
  const extra = command.args[0]
  if (extra !== undefined) throw new LeftError('usage', `${quoted(extra)} is not expected here; ${advice}`)
}

/** Commander's words on one line, without its prefix: `error: unknown option '--prot'\n(Did you mean --port?)`. */
function usageError(error: CommanderError): LeftError {
  const words = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  return new LeftError('usage', `${words}; left --help shows what there is`)
}
