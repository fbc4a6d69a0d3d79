// `left completion` and `left man`: texts that packages install for shells and for man(1). Called by commands.ts.

import type { Command } from 'commander'
import { LeftError } from '../../base/errors.js'
import { bashCompletion } from './bash.js'
import { fishCompletion } from './fish.js'
import { type CommandGrammar, grammarOf } from './grammar.js'
import { manualPage } from './manual.js'
import { zshCompletion } from './zsh.js'

const SHELLS: ReadonlyMap<string, (program: CommandGrammar) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
])

/** @throws LeftError 'usage' for another shell. */
export function completionOf(shell: string, program: Command): string {
  const make = SHELLS.get(shell)
  if (make === undefined)
    throw new LeftError('usage', `left completion needs one of ${[...SHELLS.keys()].join(', ')}`)
  return make(grammarOf(program))
}

export function manualOf(program: Command): string {
  return manualPage(grammarOf(program), program.version() ?? '')
}
