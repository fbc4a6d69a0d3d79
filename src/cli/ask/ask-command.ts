// The shape of a command of a person about a share: one that asks a running peer, or looks at the folder itself. commands.ts has
// them all.

import type { Arguments } from '../../control/protocol.js'
import type { ShareView } from '../../control/share-view.js'

export interface AskCommand {
  /** Its words on the command line: 'status', or 'trash restore'. In the control protocol a dash joins them. */
  readonly name: string
  readonly description: string
  /** Words behind the name, as commander writes them: '<path>', '[path...]'; empty for none. */
  readonly words: string
  /** Beside `--share` and `--json`, as commander writes them. */
  readonly options?: readonly { readonly flags: string; readonly description: string }[]
  /** Whether a running peer is asked. Where not, or where none runs, `onFolder` does it. */
  readonly asksPeer: boolean
  /** The folder need be no share yet. */
  readonly isShareOptional?: boolean
  /** How long the answer may take; ANSWER_MS_MAX unless given. */
  readonly answerMsMax?: number
  /** Parses the arguments that the peer is given. @throws LeftError 'usage'. */
  given(words: readonly string[], view: ShareView, raw: RawAskArguments): Arguments
  /** Carries it out on the folder of the share. Missing where only a running peer can. @throws LeftError. */
  onFolder?(share: string, given: Arguments): object | Promise<object>
  /** The result as a person reads it. */
  lines(result: object, view: ShareView): readonly string[]
  /** Whether all was done that was asked for, as it is unless this says otherwise. */
  isDone?(result: object): boolean
}

/** The options of every such command as texts, and those of some. */
export interface RawAskArguments {
  readonly share?: string
  readonly json?: boolean
  readonly at?: string
  readonly before?: string
  readonly watch?: boolean
  readonly since?: string
  readonly ip?: string
  readonly port?: string
  readonly bind?: string
}
