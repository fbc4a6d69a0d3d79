// `left why`: one path, here and at each peer, and why it is not the same yet.

import { LeftError } from '../../base/errors.js'
import type { ShareView } from '../../control/share-view.js'
import type { EntryResult, WhyReason, WhyResult } from '../../control/why-results.js'
import { formatBytes, formatDuration } from '../format.js'
import { fitted, printable, printableName } from '../names.js'
import { formatTime } from '../times.js'
import type { AskCommand } from './ask-command.js'

export const whyCommand: AskCommand = {
  name: 'why',
  description: 'show one path here and at each peer, why it is not the same yet, and what would change that',
  words: '[path]',
  asksPeer: true,
  given: (words, view) => {
    if (words.length > 1) throw new LeftError('usage', 'name one path; quote it where it has blanks')
    return { path: view.pathOf(words[0] ?? '.') }
  },
  lines: (result, view) => whyLines(result as WhyResult, view, new Date()),
}

export function whyLines(
  { path, isSame, here, peers, reasons }: WhyResult,
  view: ShareView,
  now: Date,
): string[] {
  const name = path === '' ? printableName(view.share) : printableName(view.nameOf(path))
  const columns = Math.max(4, ...peers.map(({ address }) => printable(address).length))
  const rows = [['here', hereWords(here)], ...peers.map((peer) => [printable(peer.address), peer.state])]
  return [
    name,
    ...rows.map(([who, words]) => `  ${fitted(who!, columns)}  ${words}`),
    '',
    ...(isSame ? ['the same here and there'] : ['not the same yet']),
    ...reasons.flatMap((reason) => reasonLines(reason, now)),
  ]
}

function hereWords({ known, isHeld, wanted }: WhyResult['here']): string {
  if (known === null && wanted === null) return 'nothing is known of it'
  const parts = known === null ? [] : [entryWords(known), ...(isHeld ? [] : ['not held'])]
  if (wanted !== null) parts.push(`to come: ${entryWords(wanted)}`)
  return parts.join(', ')
}

function entryWords({ kind, deletedKind, bytes, mtimeMs, author }: EntryResult): string {
  const what = kind === 'tombstone' ? `deleted ${printable(deletedKind ?? 'entry')}` : printable(kind)
  const parts = [kind === 'file' ? `${what}, ${formatBytes(bytes)}` : what]
  if (mtimeMs !== null) parts.push(formatTime(mtimeMs))
  return `${parts.join(', ')} (by ${printable(author)})`
}

function reasonLines({ address, words, remedy, since, again }: WhyReason, now: Date): string[] {
  const who = address === null ? 'here' : printable(address)
  const age = since === null ? '' : `, for ${formatDuration(Math.max(0, now.getTime() - Date.parse(since)))}`
  const next =
    again === null ? '' : `; tried again in ${formatDuration(Math.max(0, Date.parse(again) - now.getTime()))}`
  return [
    `  ${who}${age}: ${printable(words)}${next}`,
    ...(remedy === '' ? [] : [`    ${printable(remedy)}`]),
  ]
}
