// `left conflicts`: files that two machines changed without knowing of each other, with both sides, and the choice between them.

import { LeftError } from '../../base/errors.js'
import { TRASH_FOLDER } from '../../base/own-folder.js'
import type { ConflictsListed, ConflictsSettled, SideResult } from '../../control/conflict-results.js'
import type { ShareView } from '../../control/share-view.js'
import { quoted } from '../addresses.js'
import { formatBytes, formatCount } from '../format.js'
import { printable, printableName } from '../names.js'
import { formatTime } from '../times.js'
import type { AskCommand } from './ask-command.js'

export const conflictsCommand: AskCommand = {
  name: 'conflicts',
  description: 'list files that two machines changed at once, with both sides',
  words: '[path]',
  asksPeer: true,
  given: (words, view) => {
    if (words.length > 1) throw new LeftError('usage', 'name one path; quote it where it has blanks')
    return { path: view.pathOf(words[0] ?? '.') }
  },
  lines: (result, view) => {
    const { count, first } = result as ConflictsListed
    if (count === 0) return ['no conflict copies are kept']
    const lines = first.flatMap(({ path, this: standing, others }) => [
      printableName(view.nameOf(path)),
      standing === null ? '  this   deleted' : `  this   ${sideWords(standing, view)}`,
      ...others.first.map((side) => `  other  ${sideWords(side, view)}`),
      ...(others.count > others.first.length
        ? [`  and ${formatCount(others.count - others.first.length)} more`]
        : []),
    ])
    const rest = count - first.length
    if (rest > 0) lines.push(`and ${formatCount(rest)} more; left conflicts <path> shows those of a folder`)
    return [...lines, '', 'left conflicts keep <path> this|other|both settles one']
  },
}

export const conflictsKeepCommand: AskCommand = {
  name: 'conflicts keep',
  description:
    'settle a conflict: keep this (what stands at the path), the other (the copy, named by its own path where there are several) or both (the copy gets a name of its own); what is not kept goes to the trash',
  words: '<path> <this|other|both>',
  asksPeer: true,
  given: ([path, choice, ...extra], view) => {
    if (path === undefined || choice === undefined || extra.length > 0)
      throw new LeftError('usage', 'name one path and what to keep: left conflicts keep notes.txt this')
    if (choice !== 'this' && choice !== 'other' && choice !== 'both')
      throw new LeftError('usage', `${quoted(choice)} is none of this, other and both`)
    return { path: view.pathOf(path), choice }
  },
  lines: (result, view) => {
    const { settled, refused } = result as ConflictsSettled
    return [
      ...settled.map(({ path, as }) => {
        const name = printableName(view.nameOf(path))
        if (as.startsWith(`${TRASH_FOLDER}/`)) return `${name} is in the trash`
        return `${name} is ${printableName(view.nameOf(as))} now`
      }),
      ...refused.map(
        ({ path, reason }) => `not settled: ${printableName(view.nameOf(path))}: ${printable(reason)}`,
      ),
    ]
  },
  isDone: (result) => (result as ConflictsSettled).refused.length === 0,
}

function sideWords({ path, kind, bytes, mtimeMs, author }: SideResult, view: ShareView): string {
  const size = kind === 'file' ? formatBytes(bytes) : kind
  const name = printableName(view.nameOf(path))
  return `${formatTime(mtimeMs)}  ${printable(size).padStart(9)}  ${name}  (by peer ${printable(author)})`
}
