// Edits of one author that somebody knows. Each of two peers tells the other how much of its own it knows, when a session
// begins and with each state: whoever hears of a count that it does not remember was put back to an older copy.

export interface KnownEdits {
  /** 16 lowercase hexadecimal characters: in whose name the edits are, as the one that tells of them last heard. */
  readonly author: string
  /** The highest count of that author that is known; 0 where none is. At most 2^53 - 1. */
  readonly count: number
}
