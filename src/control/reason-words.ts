// Words of each reason, for a person: what keeps a path, or a peer, from being in step, and what would change that. README.md has the
// same table, with how each comes about.

import type { Cause, ReasonCode } from '../base/reason.js'

interface Words {
  readonly words: string
  /** '' where time alone is needed. */
  readonly remedy: string
}

const WORDS: Readonly<Record<ReasonCode, Words>> = {
  settling: {
    words: 'it changed a moment ago, and is told when it has been the same for a while',
    remedy: '',
  },
  ignored: {
    words: 'ignore rules leave it out',
    remedy: 'change that line; it counts as soon as it is saved',
  },
}

export function wordsOf({ code, detail }: Cause): string {
  const { words } = WORDS[code]
  return detail === '' ? words : `${words}: ${detail}`
}

export function remedyOf({ code }: Pick<Cause, 'code'>): string {
  return WORDS[code].remedy
}
