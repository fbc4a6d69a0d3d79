// Keeps the notes of recover/witness.ts in the user's state folder, one file for each share by its author: times that it was
// opened, and where.

import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Witness, WitnessNote } from '../base/witness-port.js'
import { isSamePeerAt } from './share-mark.js'
import { StateNotes } from './state-notes.js'

/** `$XDG_STATE_HOME/left`, else `~/.local/state/left`; on Windows `%LOCALAPPDATA%\left`. It may not be there yet. */
export function stateFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = environment
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'left')
  return join(XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'left')
}

/** In the state folder: a file for each share. */
export const WITNESS_FOLDER = 'shares'

const NOTE = /^left-share 1 ([1-9][0-9]{0,15}) (.+)\n$/s

export class WitnessFolder implements Witness {
  private readonly notes: StateNotes
  private readonly share: string

  /** `share` is absolute. */
  constructor(folder: string, share: string) {
    this.notes = new StateNotes(join(folder, WITNESS_FOLDER))
    this.share = realpathSync(share)
  }

  read(author: string): WitnessNote | undefined {
    const [, opened, place] = NOTE.exec(this.notes.read(author) ?? '') ?? []
    if (opened === undefined || place === undefined) return undefined
    return { opened: Number(opened), isAlsoElsewhere: isSamePeerAt(place, this.share) }
  }

  write(author: string, opened: number): void {
    this.notes.write(author, `left-share 1 ${opened} ${this.share}\n`)
  }
}
