// `left trash`: what peers deleted or replaced here, listed, given back, and removed for good. The listing is read from the folder
// itself: that costs a running peer nothing, and it is longer than an answer of the control socket may be.

import { emptyStopped, listTrash, restoreStopped } from '../../app/stopped-share.js'
import { LeftError } from '../../base/errors.js'
import { WORK_ANSWER_MS_MAX } from '../../control/limits.js'
import type { Arguments } from '../../control/protocol.js'
import type { ShareView } from '../../control/share-view.js'
import type { TrashEmptied, TrashRestored } from '../../control/trash-results.js'
import { formatBytes, formatCount } from '../format.js'
import { printable, printableName } from '../names.js'
import { formatTime, parseTime } from '../times.js'
import type { AskCommand } from './ask-command.js'

interface TrashListed {
  readonly count: number
  readonly bytes: number
  readonly things: readonly {
    readonly path: string
    readonly kind: string
    readonly bytes: number
    /** ISO 8601, UTC. */
    readonly taken: string
  }[]
}

const AT = {
  flags: '--at <time>',
  description:
    'as the share was then: a date, "2026-11-29 14:30", or so long ago as 90m, 2h, 3d (default: the newest of each path)',
}

export const trashListCommand: AskCommand = {
  name: 'trash list',
  description: 'list what peers deleted or replaced here, the oldest first, and when',
  words: '[path]',
  options: [{ ...AT, description: 'only what restore --at would give back' }],
  asksPeer: false,
  given: (words, view, { at }) => sought(one(words) ?? '.', view, at),
  onFolder: (share, given): TrashListed => {
    const things = listTrash(share, soughtOf(given))
    return {
      count: things.length,
      bytes: things.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      things: things.map(({ path, kind, sizeBytes, takenMs }) => ({
        path,
        kind,
        bytes: sizeBytes,
        taken: new Date(takenMs).toISOString(),
      })),
    }
  },
  lines: (result, view) => {
    const { count, bytes, things } = result as TrashListed
    const lines = things.map((thing) => {
      const name = `${printableName(view.nameOf(thing.path))}${thing.kind === 'folder' ? '/' : ''}`
      const size = thing.kind === 'file' ? formatBytes(thing.bytes) : thing.kind
      return `${formatTime(Date.parse(thing.taken))}  ${size.padStart(9)}  ${name}`
    })
    return [...lines, count === 0 ? 'nothing is in the trash' : `${counted(count)}, ${formatBytes(bytes)}`]
  },
}

export const trashRestoreCommand: AskCommand = {
  name: 'trash restore',
  description:
    'give a file, or all of a folder (. for the current one), back from the trash, here and on the other machines; what stands there by now is never touched',
  words: '<path>',
  options: [AT],
  asksPeer: true,
  answerMsMax: WORK_ANSWER_MS_MAX,
  given: (words, view, { at }) => {
    const path = one(words)
    if (path === undefined)
      throw new LeftError('usage', 'name what to restore: a file, a folder, or . for the current one')
    return sought(path, view, at)
  },
  onFolder: (share, given) => restoreStopped(share, soughtOf(given)),
  lines: (result, view) => restoredLines(result as TrashRestored, view),
  isDone: (result) => {
    const { restored, beside, refused } = result as TrashRestored
    return refused.count === 0 && restored.count + beside.count > 0
  },
}

export const trashEmptyCommand: AskCommand = {
  name: 'trash empty',
  description: 'remove for good what is in the trash',
  words: '',
  options: [
    {
      flags: '--before <time>',
      description: 'only what came into it before: a date, "2026-11-29 14:30", or so long ago as 90m, 2h, 3d',
    },
  ],
  asksPeer: true,
  answerMsMax: WORK_ANSWER_MS_MAX,
  given: (_words, _view, { before }) =>
    before === undefined ? {} : { before: parseTime('--before', before, Date.now()) },
  onFolder: (share, { before }) => emptyStopped(share, before as number | undefined),
  lines: (result) => {
    const { things, bytes } = result as TrashEmptied
    return [things === 0 ? 'nothing was removed' : `removed ${counted(things)}, ${formatBytes(bytes)}`]
  },
}

function sought(word: string, view: ShareView, at: string | undefined): Arguments {
  const path = view.pathOf(word)
  return at === undefined ? { path } : { path, at: parseTime('--at', at, Date.now()) }
}

function soughtOf({ path, at }: Arguments): { readonly path: string; readonly asOfMs: number | undefined } {
  return { path: path as string, asOfMs: at as number | undefined }
}

function one(words: readonly string[]): string | undefined {
  if (words.length > 1) throw new LeftError('usage', 'name one path; quote it where it has blanks')
  return words[0]
}

function restoredLines({ restored, beside, refused }: TrashRestored, view: ShareView): string[] {
  const name = (path: string) => printableName(view.nameOf(path))
  if (restored.count + beside.count + refused.count === 0)
    return ['nothing of that is in the trash; left trash list shows what is']
  return [
    ...restored.first.map((path) => `restored ${name(path)}`),
    ...more(restored),
    ...beside.first.map(
      ({ path, as }) => `restored ${name(path)} as ${name(as)}: something stands there by now`,
    ),
    ...more(beside),
    ...refused.first.map(({ path, reason }) => `left in the trash: ${name(path)}: ${printable(reason)}`),
    ...more(refused),
  ]
}

function more({ count, first }: { readonly count: number; readonly first: readonly unknown[] }): string[] {
  return count > first.length ? [`  and ${formatCount(count - first.length)} more`] : []
}

function counted(count: number): string {
  return count === 1 ? '1 thing' : `${formatCount(count)} things`
}
