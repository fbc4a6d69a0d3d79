// The witness port: notes about a share that are kept outside of it (src/keeper/recover/witness.ts has their meaning). Its real body
// is src/io/witness.ts, its simulated one src/sim/peer/witness.ts.

export interface WitnessNote {
  /** Times that the share was opened. */
  readonly opened: number
  /** Whether it was last opened in another place, and is still there too. */
  readonly isAlsoElsewhere: boolean
}

export interface Witness {
  /** Undefined where nothing was noted of this author, or the note cannot be read. */
  read(author: string): WitnessNote | undefined
  /** Does nothing where it cannot be written: counts that peers tell show a share that was put back, too. */
  write(author: string, opened: number): void
}
