// `left confirm` and `left undo`: what becomes of deletions and replacements that are held because they are so many, of what was
// changed on a machine that only receives, and of what no peer knows since this machine was away for long.

import { WORK_ANSWER_MS_MAX } from '../../control/limits.js'
import { formatCount } from '../format.js'
import type { AskCommand } from './ask-command.js'

interface Released {
  readonly own: number
  readonly received: number
  /** Not told by an older peer. */
  readonly local?: number
  readonly away?: number
  readonly staying?: number
}

export const confirmCommand: AskCommand = {
  name: 'confirm',
  description:
    'let happen what is held because it deletes or replaces so much: here, and on the other machines; keep what no other one knows since this machine was away for long',
  words: '',
  asksPeer: true,
  answerMsMax: WORK_ANSWER_MS_MAX,
  given: () => ({}),
  lines: (result) =>
    linesOf(result as Released, {
      local: '',
      own: 'deleted here: the others are told now',
      received: 'deleted or replaced by peers: carried out now, and in the trash here',
      away: 'known to no peer since this machine was away: kept, and the others are told now',
    }),
}

export const undoCommand: AskCommand = {
  name: 'undo',
  description:
    'take back what is held because it deletes or replaces so much: what is gone is fetched again; with --receive-only, what was changed here; move to the trash what no other machine knows since this one was away for long',
  words: '',
  asksPeer: true,
  answerMsMax: WORK_ANSWER_MS_MAX,
  given: () => ({}),
  lines: (result) =>
    linesOf(result as Released, {
      local: 'changed here: what the others have comes in its place',
      own: 'deleted here: fetched again from the others',
      received: 'deleted or replaced by peers: what is here goes back to them',
      away: 'known to no peer since this machine was away: in the trash now',
    }),
}

function linesOf(
  { own, received, local = 0, away = 0, staying = 0 }: Released,
  words: { own: string; received: string; local: string; away: string },
): readonly string[] {
  if (own + received + local + away + staying === 0) return ['nothing is held']
  return [
    ...(local > 0 ? [`${formatCount(local)} ${words.local}`] : []),
    ...(own > 0 ? [`${formatCount(own)} ${words.own}`] : []),
    ...(received > 0 ? [`${formatCount(received)} ${words.received}`] : []),
    ...(away > 0 ? [`${formatCount(away)} ${words.away}`] : []),
    ...(staying > 0 ? [`${formatCount(staying)} ${STAYING}`] : []),
  ]
}

const STAYING =
  'held since this machine was away stay so: no peer was compared yet, or they are in use, or --receive-only'
