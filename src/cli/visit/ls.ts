// `left ls`: what peers hold, as one list. In a share whose peer runs, it lists that peer and those that it names; elsewhere the
// machines that are named, with this user's key. Exit codes: 0 all were listed, 1 some were not, 2 for what is wrong on the command line.

import type { VisitedPeer } from '../../app/options.js'
import { openVisiting } from '../../app/visiting.js'
import { LeftError } from '../../base/errors.js'
import { findShare } from '../../control/find-share.js'
import { ShareView } from '../../control/share-view.js'
import { type Holdings, mergeHoldings } from '../../visit/merge.js'
import { quoted } from '../addresses.js'
import { EXIT_FAILED, EXIT_STOPPED } from '../failure.js'
import { printable } from '../names.js'
import { listingJson, listingLines, type SortKey, sortPaths } from './listing-lines.js'
import { isPlace, parsePlace } from './place.js'
import { printAll } from './print-all.js'
import { askWhomToVisit } from './running-share.js'
import { type RawVisitArguments, type SameKeyAs, visitOptions } from './visit-options.js'

export interface RawLsArguments extends RawVisitArguments {
  readonly share?: string
  readonly long?: boolean
  readonly bytes?: boolean
  readonly sort?: string
}

/** Who is listed, and what of it. */
interface Plan {
  readonly visits: readonly { readonly peer: VisitedPeer; readonly paths: readonly string[] }[]
  readonly like: SameKeyAs | undefined
  readonly nameOf: (path: string) => string
}

/** Answers the exit code. @throws LeftError. */
export async function runLs(words: readonly string[], raw: RawLsArguments): Promise<number> {
  const by = sortKeyOf(raw.sort ?? 'name')
  const folder = process.cwd()
  const { visits, like, nameOf } = await planOf(words, raw, folder)
  const options = visitOptions(
    raw,
    visits.map(({ peer }) => peer),
    folder,
    like,
  )
  const visiting = await openVisiting(options, (note) => say(note))
  const listed: Holdings[] = []
  let isAll = true
  try {
    const ends = await Promise.all(visits.map(({ peer, paths }) => visiting.list(peer, paths)))
    for (const [index, end] of ends.entries()) {
      const { text } = visits[index]!.peer
      if ('failure' in end) {
        say(`${text}: ${end.failure}`)
        isAll = false
        continue
      }
      listed.push({ holder: text, entries: end.entries })
      if (end.untoldCount > 0)
        say(`${text}: ${end.untoldCount} more paths are known there and not held, and listed all the same`)
    }
  } finally {
    await visiting.close()
  }
  const merged = mergeHoldings(listed)
  sortPaths(merged, by)
  const style = {
    isLong: raw.long ?? false,
    inBytes: raw.bytes ?? false,
    holders: listed.map(({ holder }) => holder),
    nameOf,
  }
  await printAll(raw.json ? listingJson(merged) : listingLines(merged, style))
  const isMissing =
    listed.length > 0 && merged.length === 0 && visits.every(({ paths }) => !paths.includes(''))
  if (isMissing) say('nobody who was asked holds anything of that name')
  return isAll && !isMissing ? EXIT_STOPPED : EXIT_FAILED
}

async function planOf(words: readonly string[], raw: RawLsArguments, folder: string): Promise<Plan> {
  const share = shareOf(raw, folder)
  if (share !== undefined && !words.some(isPlace)) {
    const view = new ShareView(share, folder)
    const paths = words.length === 0 ? [''] : words.map((word) => view.pathOf(word))
    const { peers, key } = await askWhomToVisit(share)
    return { visits: peers.map((peer) => ({ peer, paths })), like: key, nameOf: (path) => view.nameOf(path) }
  }
  if (words.length === 0)
    throw new LeftError(
      'usage',
      `${folder} is in no share: name a machine, for example left ls 192.168.56.119`,
    )
  const stray = share === undefined ? undefined : words.find((word) => !isPlace(word))
  if (stray !== undefined)
    throw new LeftError(
      'usage',
      `${quoted(stray)} is a path here and the others are machines: write HOST: for a machine, HOST:PATH for a path there`,
    )
  const visits = new Map<string, { peer: VisitedPeer; paths: string[] }>()
  for (const { peer, path } of words.map(parsePlace)) {
    const key = `${peer.host} ${peer.port}`
    const known = visits.get(key)
    if (known !== undefined) known.paths.push(path)
    else visits.set(key, { peer: { ...peer, isOwn: false }, paths: [path] })
  }
  return { visits: [...visits.values()], like: undefined, nameOf: (path) => path }
}

/** Undefined where none is named and the current folder is in none. */
function shareOf({ share }: RawLsArguments, folder: string): string | undefined {
  if (share !== undefined) return findShare(share, folder)
  try {
    return findShare(undefined, folder)
  } catch (error) {
    if (error instanceof LeftError) return undefined
    throw error
  }
}

function sortKeyOf(text: string): SortKey {
  if (text === 'name' || text === 'size' || text === 'date') return text
  throw new LeftError('usage', `--sort ${quoted(text)} is not one of name, size, date`)
}

function say(words: string): void {
  process.stderr.write(`left: ${printable(words)}\n`)
}
