// `left get PLACE... [DEST]`: files and folders of peers, once, without a share: what one uses scp for. Exit codes: 0 all is there, 1
// something is not (the same command goes on), 2 for what is wrong on the command line.
//
//   DEST is a folder          all arrive in it, under their names
//   DEST is nothing yet       one thing arrives under that name
//   DEST is a file            one file arrives in its place, with --force where it is another

import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { type GetRequest, Getting } from '../../app/getting.js'
import { openVisiting } from '../../app/visiting.js'
import { LeftError } from '../../base/errors.js'
import { isShare } from '../../control/find-share.js'
import { RealDisk } from '../../io/disk.js'
import { nameOf } from '../../share/path.js'
import { quoted } from '../addresses.js'
import { EXIT_FAILED, EXIT_STOPPED } from '../failure.js'
import { formatBytes, formatFiles } from '../format.js'
import { followJobControl } from '../job-control.js'
import { printable } from '../names.js'
import { openView } from '../open-view.js'
import { printLine } from '../printing.js'
import { isPlace, type Place, parsePlace } from './place.js'
import { type RawVisitArguments, visitOptions } from './visit-options.js'

export interface RawGetArguments extends RawVisitArguments {
  readonly force?: boolean
}

/** Where all arrives. */
interface Destination {
  /** Absolute; there. */
  readonly folder: string
  /** The name under which the one thing arrives; undefined for its own. */
  readonly name: string | undefined
}

/** Answers the exit code. @throws LeftError. */
export async function runGet(words: readonly string[], raw: RawGetArguments): Promise<number> {
  const { places, dest } = wordsOf(words)
  const current = process.cwd()
  const destination = destinationOf(dest, places, current)
  refuseShare(destination.folder)
  const peers = places.map(({ peer }) => ({ ...peer, isOwn: false }))
  const options = visitOptions(raw, peers, current)
  const view = await openView({
    json: raw.json ?? false,
    verbose: false,
    stream: process.stdout,
    terminal: process.env.TERM,
    onGone: () => {},
  })
  const restore = () => view.restore()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      restore()
      process.exit(EXIT_FAILED)
    })
  process.once('exit', restore)
  if (view.job !== undefined) followJobControl(view.job)
  const disk = new RealDisk(destination.folder)
  try {
    const visiting = await openVisiting(options, (message) => view.show({ event: 'note', message }))
    try {
      const getting = new Getting({ visiting, disk, replaces: raw.force ?? false, onEvent: view.show })
      for (const [index, place] of places.entries()) {
        const name = destination.name ?? nameOf(place.path)
        const request: GetRequest = { peer: peers[index]!, path: place.path, name }
        await getting.get(request)
        if (getting.failure !== undefined) break
      }
      const { counts, failure } = getting
      const there = counts.there === 0 ? '' : `; ${formatFiles(counts.there)} there already`
      const words = [`got ${formatFiles(counts.files)}, ${formatBytes(counts.bytes)}${there}`]
      if (failure !== undefined) words.push(`${failure}. The same command goes on from here`)
      // Behind what the view has summed up.
      if (!raw.json) view.restore()
      for (const message of words)
        raw.json ? view.show({ event: 'note', message }) : printLine(printable(message))
      return failure === undefined && counts.failed === 0 ? EXIT_STOPPED : EXIT_FAILED
    } finally {
      await visiting.close()
    }
  } finally {
    disk.dispose()
    await view.close()
  }
}

function wordsOf(words: readonly string[]): { places: readonly Place[]; dest: string } {
  const last = words.at(-1)
  const hasDest = last !== undefined && !isPlace(last)
  const named = hasDest ? words.slice(0, -1) : words
  if (named.length === 0)
    throw new LeftError('usage', 'name what to get: HOST:PATH, for example left get lab3:docs/plan.txt')
  const stray = named.find((word) => !isPlace(word))
  if (stray !== undefined)
    throw new LeftError(
      'usage',
      `${quoted(stray)} names no machine: write HOST:PATH; only the last word may be a folder here`,
    )
  return { places: named.map(parsePlace), dest: hasDest ? last : '.' }
}

function destinationOf(dest: string, places: readonly Place[], current: string): Destination {
  const path = resolve(current, dest)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return { folder: realpathSync(path), name: undefined }
  if (places.length > 1)
    throw new LeftError('usage', `${quoted(dest)} is no folder: several things cannot arrive there`)
  if (places[0]!.path === '') {
    if (stat !== undefined)
      throw new LeftError('usage', `${quoted(dest)} is no folder: a whole share cannot arrive there`)
    refuseMissing(dirname(path))
    mkdirSync(path)
    return { folder: realpathSync(path), name: undefined }
  }
  refuseMissing(dirname(path))
  return { folder: realpathSync(dirname(path)), name: basename(path) }
}

function refuseMissing(folder: string): void {
  if (!existsSync(folder))
    throw new LeftError('usage', `the folder ${quoted(folder)} is not there: make it first`)
}

/** Temporary files would be shared, and a share has its own way to get things. */
function refuseShare(folder: string): void {
  for (let at = folder; ; at = dirname(at)) {
    if (isShare(at))
      throw new LeftError(
        'usage',
        `${quoted(folder)} is in the share ${quoted(at)}: get it to another folder and move it there`,
      )
    if (at === dirname(at)) return
  }
}
