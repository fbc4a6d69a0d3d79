// `left confirm` and `left undo`: what becomes of deletions and replacements that are held because they are so many, and of what was
// changed on a machine that only receives.

import { WORK_ANSWER_MS_MAX } from '../../control/limits.js'
import { formatCount } from '../format.js'
import type { AskCommand } from './ask-command.js'

interface Released {
  readonly own: number
  readonly received: number
  /** Not told by an older peer. */
  readonly local?: number
}

export const confirmCommand: AskCommand = {
  name: 'confirm',
  description:
    'let happen what is held because it deletes or replaces so much: here, and on the other machines',
  words: '',
  asksPeer: true,
  answerMsMax: WORK_ANSWER_MS_MAX,
  given: () => ({}),
  lines: (result) =>
    linesOf(result as Released, {
      local: '',
      own: 'deleted here: the others are told now',
      received: 'deleted or replaced by peers: carried out now, and in the trash here',
    }),
}

export const undoCommand: AskCommand = {
  name: 'undo',
  description:
    'take back what is held because it deletes or replaces so much: what is gone is fetched again; with --receive-only, what was changed here',
  words: '',
  asksPeer: true,
  answerMsMax: WORK_ANSWER_MS_MAX,
  given: () => ({}),
  lines: (result) =>
    linesOf(result as Released, {
      local: 'changed here: what the others have comes in its place',
      own: 'deleted here: fetched again from the others',
      received: 'deleted or replaced by peers: what is here goes back to them',
    }),
}

function linesOf(
  { own, received, local = 0 }: Released,
  words: { own: string; received: string; local: string },
): readonly string[] {
  if (own + received + local === 0) return ['nothing is held']
  return [
    ...(local > 0 ? [`${formatCount(local)} ${words.local}`] : []),
    ...(own > 0 ? [`${formatCount(own)} ${words.own}`] : []),
    ...(received > 0 ? [`${formatCount(received)} ${words.received}`] : []),
  ]
}
