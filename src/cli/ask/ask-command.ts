// The shape of a command that asks a running peer; commands.ts has them all.

import type { Arguments } from '../../control/protocol.js'

export interface AskCommand {
  /** The command of the control protocol too. */
  readonly name: string
  readonly description: string
  /** Words behind the name, as commander writes them: '<path>', '[path...]'; empty for none. */
  readonly words: string
  /** What the peer is given. @throws LeftError 'usage'. */
  given(words: readonly string[]): Arguments
  /** The result as a person reads it. */
  lines(result: object): readonly string[]
}
