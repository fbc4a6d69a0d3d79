// `left why`: one path, here and at each peer, and why it is not the same yet.

import { LeftError } from '../../base/errors.js'
import type { ShareView } from '../../control/share-view.js'
import type { EntryResult, WhyBelow, WhyPeer, WhyReason, WhyResult } from '../../control/why-results.js'
import { formatBytes, formatCount, formatDuration } from '../format.js'
import { WHY_BELOW_MAX } from '../limits.js'
import { fitted, printable, printableName } from '../names.js'
import { formatTime } from '../times.js'
import type { AskCommand } from './ask-command.js'
import { STATE_WORDS } from './state-words.js'

export const whyCommand: AskCommand = {
  name: 'why',
  description:
    'show how one path stands here and at each peer, why it is not the same yet, since when, and what would change that',
  words: '[path]',
  asksPeer: true,
  given: (words, view) => {
    if (words.length > 1) throw new LeftError('usage', 'name one path; quote it where it has blanks')
    return { path: view.pathOf(words[0] ?? '.') }
  },
  lines: (result, view) => whyLines(result as WhyResult, view, new Date()),
}

export function whyLines(result: WhyResult, view: ShareView, now: Date): string[] {
  const { path, here, peers, reasons, below } = result
  const columns = Math.max(4, ...peers.map(({ address }) => printable(address).length))
  const nameOf = nameOfAuthor(result)
  const row = (who: string, words: string) => `  ${fitted(who, columns)}  ${words}`
  return [
    path === '' ? printableName(view.share) : printableName(view.nameOf(path)),
    ...(path === '' ? [] : [row('here', hereWords(here, nameOf))]),
    ...peers.map((peer) =>
      row(printable(peer.address), path === '' ? STATE_WORDS[peer.state] : peerWords(peer, nameOf)),
    ),
    '',
    verdict(result),
    ...reasons.flatMap((reason) => reasonLines(reason, now)),
    ...belowLines(below, view, now),
  ]
}

function verdict({ isKnown, isSame, reasons }: WhyResult): string {
  if (!isKnown) return 'nothing is known of it, here or at a peer that answers'
  if (isSame) return 'the same here and there'
  return reasons.length === 0 ? 'nothing keeps it back here' : 'not the same everywhere:'
}

/** Says by which machine an edit is: its address is what a person knows. */
function nameOfAuthor({ here, peers }: WhyResult): (author: string) => string {
  return (author) => {
    if (author === here.peer) return 'this machine'
    const peer = peers.find(({ peer }) => peer === author)
    return peer === undefined ? `peer ${printable(author)}` : printable(peer.address)
  }
}

function hereWords({ known, isHeld, wanted }: WhyResult['here'], nameOf: (author: string) => string): string {
  if (known === null && wanted === null) return 'nothing is known of it'
  const parts = known === null ? [] : [entryWords(known, nameOf), ...(isHeld ? [] : ['not held'])]
  if (wanted !== null) parts.push(`to come: ${entryWords(wanted, nameOf)}`)
  return parts.join('; ')
}

function peerWords(
  { state, isAnswered, known, isHeld }: WhyPeer,
  nameOf: (author: string) => string,
): string {
  if (!isAnswered) return STATE_WORDS[state]
  if (known === null) return 'nothing is known of it there'
  const words = entryWords(known, nameOf)
  return isHeld === false ? `${words}; not held` : words
}

function entryWords(
  { kind, deletedKind, bytes, mtimeMs, author }: EntryResult,
  nameOf: (author: string) => string,
): string {
  const what = kind === 'tombstone' ? `deleted ${printable(deletedKind ?? 'entry')}` : printable(kind)
  const parts = [kind === 'file' ? `${what}, ${formatBytes(bytes)}` : what]
  if (mtimeMs !== null) parts.push(formatTime(mtimeMs))
  return `${parts.join(', ')}, by ${nameOf(author)}`
}

function reasonLines(reason: WhyReason, now: Date): string[] {
  const { address, remedy } = reason
  const who = address === null ? 'here' : printable(address)
  return [`  ${who}: ${reasonWords(reason, now)}`, ...(remedy === '' ? [] : [`    ${printable(remedy)}`])]
}

function reasonWords({ code, words, since, again }: WhyReason, now: Date): string {
  const age = since === null ? '' : ` for ${formatDuration(Math.max(0, now.getTime() - Date.parse(since)))}`
  const next =
    again === null ? '' : `; again in ${formatDuration(Math.max(0, Date.parse(again) - now.getTime()))}`
  return `${printable(words)} (${printable(code)}${age}${next})`
}

function belowLines({ count, first }: WhyResult['below'], view: ShareView, now: Date): string[] {
  if (count === 0) return []
  const shown = first.slice(0, WHY_BELOW_MAX)
  const line = ({ path, reasons: [reason] }: WhyBelow) =>
    `  ${printableName(view.nameOf(path))}${reason === undefined ? '' : `: ${reasonWords(reason, now)}`}`
  const rest = count - shown.length
  return [
    '',
    `kept back in it: ${formatCount(count)}`,
    ...shown.map(line),
    ...(rest > 0 ? [`  and ${formatCount(rest)} more`] : []),
  ]
}
