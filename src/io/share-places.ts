// Keeps in the user's state folder where each peer id of this machine was last used, one file for each. A share whose id is in
// use in another folder too is a copy of that one, and a folder in which an id was used last and that shows no share, or another one,
// may be a disk that is not mounted. Called by src/app/replica.ts and src/app/share-folder.ts.

import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { PLACES_LOOKED_AT_MAX } from './limits.js'
import { isSamePeerAt } from './share-mark.js'
import { StateNotes } from './state-notes.js'

/** In the state folder. */
export const PLACES_FOLDER = 'places'

const NOTE = /^left-place 1 (.+)\n$/s

export class SharePlaces {
  private readonly notes: StateNotes
  private readonly share: string

  /** `state` is the state folder (witness.ts), which may not be there; `share` is absolute. */
  constructor(state: string, share: string) {
    this.notes = new StateNotes(join(state, PLACES_FOLDER))
    this.share = realpathSync(share)
  }

  /** The other folder in which this peer id of the share was last used, where it is still there with that id. Undefined where
   *  the notes cannot be read. */
  elsewhere(peer: string): string | undefined {
    const place = this.placeOf(peer)
    return place !== undefined && isSamePeerAt(place, this.share) ? place : undefined
  }

  /** The id is in use here. Nothing is noted where the state folder cannot be written: no copy on this machine is noticed then. */
  write(peer: string): void {
    if (this.placeOf(peer) !== this.share) this.notes.write(peer, `left-place 1 ${this.share}\n`)
  }

  private placeOf(peer: string): string | undefined {
    return placeIn(this.notes, peer)
  }
}

/** Peer ids that were last used in this place, which need not be there: an absolute path through no links. */
export function peersLastAt(place: string, state: string): string[] {
  const notes = new StateNotes(join(state, PLACES_FOLDER))
  const peers = notes.names().slice(0, PLACES_LOOKED_AT_MAX)
  return peers.filter((peer) => placeIn(notes, peer) === place)
}

function placeIn(notes: StateNotes, peer: string): string | undefined {
  return NOTE.exec(notes.read(peer) ?? '')?.[1]
}
