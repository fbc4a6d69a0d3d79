// Finds which wants are to be had from a file of this share that leaves its path, so that it is moved and neither copied nor
// fetched. Decides; placements.ts carries out. The wants own it.
//
//     a deletion that is wanted too names the wanted path    its file is moved there
//     another content is wanted where the file stands        it gets its second name when that is put in place

import type { Entry } from '../../share/entry.js'

/** How the content of a want is to be had without a copy. */
export type Move<W> =
  | { readonly type: 'move'; readonly removal: W }
  | { readonly type: 'link'; readonly from: string }

interface Moveable {
  readonly remote: Entry
  readonly isMoveRefused: boolean
}

export class Moves<W extends Moveable> {
  /** Deletions that are wanted, by the path to which they say that the content was moved. */
  private readonly removals = new Map<string, W>()

  add(want: W): void {
    const { kind, target } = want.remote
    if (kind === 'tombstone' && target !== '') this.removals.set(target, want)
  }

  delete(want: W): void {
    const { target } = want.remote
    if (this.removals.get(target) === want) this.removals.delete(target)
  }

  /** The move by which this want can be had. `holder`: a path that holds its content, and `atHolder` what is wanted there. */
  moveFor(want: W, holder: string | undefined, atHolder: W | undefined): Move<W> | undefined {
    if (want.isMoveRefused) return undefined
    const removal = this.removals.get(want.remote.path)
    if (removal !== undefined) return { type: 'move', removal }
    if (holder === undefined || atHolder?.remote.kind !== 'file') return undefined
    return atHolder.remote.digest === want.remote.digest ? undefined : { type: 'link', from: holder }
  }
}
