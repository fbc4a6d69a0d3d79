// Small notes that are kept outside of a share, in a folder of the user's state folder: a file each, replaced whole. Whoever
// keeps them goes on without where they cannot be read or written.

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class StateNotes {
  /** The folder need not be there. */
  constructor(private readonly folder: string) {}

  /** Undefined where there is none, or it cannot be read. */
  read(name: string): string | undefined {
    try {
      return readFileSync(join(this.folder, name), 'utf8')
    } catch {
      return undefined
    }
  }

  /** Names of the notes; none where they cannot be listed. */
  names(): string[] {
    try {
      return readdirSync(this.folder)
    } catch {
      return []
    }
  }

  /** Does nothing where it cannot be written. */
  write(name: string, text: string): void {
    const file = join(this.folder, name)
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 })
      writeFileSync(`${file}.new`, text, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    } catch {
      // As said above.
    }
  }
}
