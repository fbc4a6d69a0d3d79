// `left pause`, `left resume` and `left rescan`: what a running peer does now.

import { LeftError } from '../../base/errors.js'
import type { PauseResult } from '../../control/pause-results.js'
import type { PauseStatus } from '../../control/status.js'
import { formatCount } from '../format.js'
import { printable } from '../names.js'
import type { AskCommand } from './ask-command.js'

export const pauseCommand: AskCommand = {
  name: 'pause',
  description:
    'exchange nothing with a peer, named as in left peers, or with any, until left resume or the next start; the others hear why',
  words: '[peer]',
  asksPeer: true,
  given: (words) => ({ peer: one(words) }),
  lines: (result) => [pauseWords((result as PauseResult).pause)],
}

export const resumeCommand: AskCommand = {
  name: 'resume',
  description: 'end what left pause began: with one peer, or with all',
  words: '[peer]',
  asksPeer: true,
  given: (words) => ({ peer: one(words) }),
  lines: (result) => [pauseWords((result as PauseResult).pause)],
}

export const rescanCommand: AskCommand = {
  name: 'rescan',
  description: 'read a file, a folder or the whole share again now, and try again what was refused there',
  words: '[path]',
  asksPeer: true,
  given: (words, view) => {
    if (words.length > 1) throw new LeftError('usage', 'name one path; quote it where it has blanks')
    return { path: words[0] === undefined ? '' : view.pathOf(words[0]) }
  },
  lines: (result) => {
    const { retried } = result as { readonly retried: number }
    const again =
      retried === 0
        ? ''
        : `; ${formatCount(retried)} refused before ${retried === 1 ? 'is' : 'are'} tried again`
    return [`it is read now${again}: left status shows what comes of it`]
  },
}

/** For a person. */
export function pauseWords(pause: PauseStatus | null): string {
  if (pause === null) return 'nothing is paused'
  if (pause.isAll) return 'paused with all peers: left resume goes on'
  return `paused with ${pause.peers.map(printable).join(', ')}: left resume goes on`
}

function one(words: readonly string[]): string {
  if (words.length > 1) throw new LeftError('usage', 'name one peer, or none for all; left peers lists them')
  return words[0] ?? ''
}
