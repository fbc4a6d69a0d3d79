// Wants whose content is in a file that is about to be replaced: a log that is rotated, files that change names among each other. They
// get a second name of it once what replaces it is ready, and not before: two paths with one file behind them are for a moment only.
// Placements owns it.

import { DiskError } from '../../base/ports.js'
import type { Standing } from '../place/moving.js'
import type { Placing } from '../place/placing.js'
import { MOVE_WAIT_MS } from './limits.js'
import type { Temporaries } from './temporaries.js'
import type { Want, Wants } from './wants.js'

export interface LinksOptions {
  readonly placing: Placing
  readonly wants: Wants
  readonly temporaries: Temporaries
}

export class Links {
  private readonly options: LinksOptions
  private readonly waiting = new Set<Want>()

  constructor(options: LinksOptions) {
    this.options = options
  }

  add(want: Want): void {
    this.waiting.add(want)
  }

  has(want: Want): boolean {
    return this.waiting.has(want)
  }

  /** When one has waited for long enough. */
  pollTimeout(): number | undefined {
    for (const { startedMs } of this.waiting) return startedMs + MOVE_WAIT_MS
    return undefined
  }

  /** Second names for those whose files are replaced by what is `ready`, or by each other. Made before any of them is replaced: files
   *  that changed names among each other are a circle. `refused`: they are to be had by another way. */
  take(
    ready: ReadonlySet<Want>,
    nowMs: number,
  ): { readonly links: ReadonlyMap<Want, Standing>; readonly refused: readonly Want[] } {
    const { wants } = this.options
    const links = new Map<Want, Standing>()
    const refused: Want[] = []
    if (this.waiting.size === 0) return { links, refused }
    const due = new Set([...this.waiting].filter((want) => wants.get(want.remote.path) === want))
    this.waiting.clear()
    for (let size = -1; size !== due.size; ) {
      size = due.size
      for (const want of due) {
        const instead = this.replacing(want)
        if (instead !== undefined && (ready.has(instead) || due.has(instead))) continue
        due.delete(want)
        if (instead?.remote.kind === 'file' && nowMs < want.startedMs + MOVE_WAIT_MS) this.waiting.add(want)
        else refused.push(want)
      }
    }
    for (const want of due) {
      const link = this.linkFor(want)
      if (link === undefined) refused.push(want)
      else links.set(want, link)
    }
    return { links, refused }
  }

  /** The want that takes the place of the file that has the content. */
  private replacing({ move }: Want): Want | undefined {
    return move?.type === 'link' ? this.options.wants.get(move.from) : undefined
  }

  private linkFor({ move, remote }: Want): Standing | undefined {
    const { placing, temporaries } = this.options
    if (move?.type !== 'link') return undefined
    return ifThere(() => placing.moving.linkFor(remote, move.from, temporaries.nextName()))
  }
}

/** Runs `work`; undefined on a DiskError: what a disk refuses to look at, or to give a second name, is not moved. */
export function ifThere<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    return undefined
  }
}
