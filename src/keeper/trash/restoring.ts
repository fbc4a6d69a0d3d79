// Looks for what the trash holds, gives it back and empties it, for the commands of a person: with a disk of the share, whether
// LEFT runs on it or not. A thing that comes back is an edit of the share like any other, which the next look of LEFT finds. Each is a
// generator that yields where somebody else may have a turn; `finish` runs one to its end.

import { TRASH_FOLDER } from '../../base/own-folder.js'
import { type Disk, DiskError, type DiskErrorCode } from '../../base/ports.js'
import type {
  EmptiedTrash,
  ListedTrash,
  RestoredFromTrash,
  Sample,
  TrashSought,
} from '../../pipe/commands.js'
import { SAMPLE_MAX } from '../../pipe/limits.js'
import { isWithin, joinPath, parentOf, restoredPath } from '../../share/path.js'
import { SWEEP_STEP_NAMES } from './limits.js'
import { contentsOf, lookAt, openTo, slotsOn, type Trashed } from './walking.js'

export type { Trashed } from './walking.js'

export function finish<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const next = work.next()
    if (next.done === true) return next.value
  }
}

/** Finds things in the trash, those taken in first at the front. Folders that only lead to something are left out. */
export function* lookFor(disk: Disk, { path, asOfMs }: TrashSought): Generator<undefined, Trashed[]> {
  const things: Trashed[] = []
  for (const slot of slotsOn(disk)) {
    const inSlot: Trashed[] = []
    const parents = new Set<string>()
    for (const thing of contentsOf(disk, slot)) {
      if (thing === undefined) yield undefined
      else {
        parents.add(parentOf(thing.place))
        inSlot.push(thing)
      }
    }
    for (const thing of inSlot)
      if (isWithin(thing.path, path) && !(thing.kind === 'folder' && parents.has(thing.place)))
        things.push(thing)
  }
  things.sort((left, right) => left.takenMs - right.takenMs)
  return asOfMs === undefined ? things : [...firstOfEach(things, asOfMs).values()]
}

/** Lists the trash for a person: what was taken in last at the front. */
export function* list(disk: Disk, sought: TrashSought): Generator<undefined, ListedTrash> {
  const things = yield* lookFor(disk, sought)
  const first = things
    .slice(-SAMPLE_MAX)
    .reverse()
    .map(({ path, kind, sizeBytes, takenMs }) => ({ path, kind, bytes: sizeBytes, takenMs }))
  return { count: things.length, first, bytes: things.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}

/** Gives back the newest thing of each path, or the one of a time. Nothing that stands in the share is touched: a thing that was
 *  asked for by its very path comes back beside it, any other stays in the trash. */
export function* restore(
  disk: Disk,
  sought: TrashSought,
  onBack: (path: string) => void = () => {},
): Generator<undefined, RestoredFromTrash> {
  const things = yield* lookFor(disk, sought)
  const restored = new Sampled<string>()
  const beside = new Sampled<{ readonly path: string; readonly as: string }>()
  const refused = new Sampled<{ readonly path: string; readonly reason: string }>()
  let count = 0
  // The last of several things of one path stays in the map, which is the newest.
  for (const thing of new Map(things.map((thing) => [thing.path, thing])).values()) {
    if (++count % SWEEP_STEP_NAMES === 0) yield undefined
    const { path } = thing
    try {
      const as = giveBack(disk, thing, path === sought.path)
      if (as === path) restored.add(path)
      else beside.add({ path, as })
      onBack(as)
      removeEmptied(disk, parentOf(thing.place))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      refused.add({ path, reason: REASONS[error.code] ?? error.message })
    }
  }
  return { restored: restored.sample(), beside: beside.sample(), refused: refused.sample() }
}

/** Removes what LEFT has put there, or what of that was taken in before a time. */
export function* emptyTrash(
  disk: Disk,
  beforeMs = Number.POSITIVE_INFINITY,
): Generator<undefined, EmptiedTrash> {
  let things = 0
  let bytes = 0
  for (const { place, kind, sizeBytes, takenMs } of yield* lookFor(disk, EVERYTHING)) {
    if (takenMs >= beforeMs) continue
    try {
      if (kind === 'folder') disk.removeFolder(place)
      else disk.removeFile(place)
      things++
      bytes += sizeBytes
      removeEmptied(disk, parentOf(place))
    } catch (error) {
      // A thing stays where somebody else put something into it, or nobody may remove it.
      if (!(error instanceof DiskError)) throw error
    }
    if (things % SWEEP_STEP_NAMES === 0) yield undefined
  }
  return { things, bytes }
}

const EVERYTHING: TrashSought = { path: '', asOfMs: undefined }

const REASONS: Readonly<Partial<Record<DiskErrorCode, string>>> = {
  exists: 'something stands there by now; named by its own path it comes back beside that',
  'changed-kind': 'a file stands in the place of its folder by now',
  link: 'a link stands in the place of its folder by now',
  missing: 'it is gone from the trash',
}

function firstOfEach(things: readonly Trashed[], sinceMs: number): Map<string, Trashed> {
  const chosen = new Map<string, Trashed>()
  for (const thing of things)
    if (thing.takenMs >= sinceMs && !chosen.has(thing.path)) chosen.set(thing.path, thing)
  return chosen
}

/** Answers the path that it has now. Throws a DiskError, 'exists' where something stands in its place. */
function giveBack(disk: Disk, thing: Trashed, mayStandBeside: boolean): string {
  const { path, place, kind, takenMs } = thing
  if (kind === 'folder') {
    const standing = disk.statLink(path)
    if (standing !== undefined && standing.kind !== 'folder') throw new DiskError('exists', `${path} exists`)
    makeFolders(disk, path, thing)
    disk.removeFolder(place)
    return path
  }
  makeFolders(disk, parentOf(path), thing)
  try {
    disk.moveNew(place, path)
    return path
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'exists' || !mayStandBeside) throw error
    const beside = restoredPath(path, takenMs)
    disk.moveNew(place, beside)
    return beside
  }
}

/** Makes missing folders. Users who could look into one when something of it was taken in can again; into any other, its owner alone. */
function makeFolders(disk: Disk, path: string, thing: Trashed): void {
  const slot = thing.place.slice(0, -thing.path.length)
  let folder = ''
  for (const name of path === '' ? [] : path.split('/')) {
    folder = joinPath(folder, name)
    if (disk.statLink(folder) !== undefined) continue
    disk.makeFolder(folder, 'private')
    openTo(disk, folder, lookAt(disk, `${slot}${folder}`)?.access ?? 'owner')
  }
}

/** Folders of the trash that led to a thing, and its slot, where nothing is left in them. */
function removeEmptied(disk: Disk, place: string): void {
  try {
    for (let folder = place; folder !== TRASH_FOLDER; folder = parentOf(folder)) disk.removeFolder(folder)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

/** The first few of many, and how many there are. */
class Sampled<T> {
  private readonly first: T[] = []
  private count = 0

  add(each: T): void {
    this.count++
    if (this.first.length < SAMPLE_MAX) this.first.push(each)
  }

  sample(): Sample<T> {
    return { count: this.count, first: this.first }
  }
}
