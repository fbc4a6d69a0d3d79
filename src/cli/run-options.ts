// The options of `left` without a command, which keeps a share the same. Values are checked in arguments.ts, where their
// messages are; help-groups.ts gives the headings.

import type { Command } from 'commander'
import { DEFAULT_PORT, TRACKER_PORT, TRASH_DAYS_MIN, WEB_PORT } from '../base/limits.js'
import { WINDOW_BLOCKS_MAX } from './limits.js'

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

export function addRunOptions(program: Command): Command {
  return program
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
      `serve a page for a browser, at an address of this machine, a port, or both; auto takes any free port; its link, with a token, is printed at the start and by left page (default: 127.0.0.1:${WEB_PORT})`,
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
}
