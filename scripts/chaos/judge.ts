// The invariants once the faults have stopped and everything has come to rest; the real world's sibling of
// src/sim/checks/invariants.ts. Answers what does not, as lines for a person.

import { closeSync, lstatSync, openSync, readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathIn } from '../../src/keeper/trash/names.js'
import { digestsOf, type History } from './history.js'
import { digestOf } from './person.js'

export interface Seen {
  readonly kind: 'file' | 'folder'
  readonly digest: string
  readonly executable: boolean
  readonly mtimeMs: number
  /** A link, or behind one: LEFT leaves the target of a link as it is. */
  readonly isLinked: boolean
}

export type Snapshot = ReadonlyMap<string, Seen>

export interface Trashed {
  readonly path: string
  readonly digest: string
}

export interface Share {
  readonly name: string
  readonly folder: string
}

/** Times are kept to the millisecond; a fraction may round either way. */
const TIME_MS_OFF_MAX = 1

const OWN_FOLDER = '.left'
const TRASH_FOLDER = '.left/trash'

/** Reads shares, and a file only again where it looks different. */
export class Reader {
  private readonly digests = new Map<string, string>()

  read(share: string): Snapshot {
    const snapshot = new Map<string, Seen>()
    this.walk(share, '', false, snapshot)
    return snapshot
  }

  /** The files in the trash of a share, each with the path that it had. */
  trash(share: string): readonly Trashed[] {
    const snapshot = new Map<string, Seen>()
    this.walk(join(share, TRASH_FOLDER), '', false, snapshot)
    return [...snapshot].flatMap(([place, { kind, digest }]) =>
      kind === 'file' ? [{ path: pathIn(`${TRASH_FOLDER}/${place}`), digest }] : [],
    )
  }

  private walk(share: string, folder: string, isLinked: boolean, snapshot: Map<string, Seen>): void {
    for (const name of namesIn(join(share, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (path === OWN_FOLDER) continue
      try {
        const place = join(share, path)
        const isBehind = isLinked || lstatSync(place).isSymbolicLink()
        const stat = statSync(place)
        const facts = { executable: (stat.mode & 0o100) !== 0, mtimeMs: stat.mtimeMs, isLinked: isBehind }
        if (stat.isDirectory()) {
          snapshot.set(path, { kind: 'folder', digest: '', ...facts })
          this.walk(share, path, isBehind, snapshot)
        } else if (stat.isFile()) {
          snapshot.set(path, { kind: 'file', digest: this.digestOf(place, stat), ...facts })
        }
      } catch (error) {
        // Gone meanwhile, a link to nothing, or not to be read.
        if ((error as NodeJS.ErrnoException).code === undefined) throw error
      }
    }
  }

  private digestOf(place: string, stat: Stats): string {
    const key = `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
    const known = this.digests.get(key)
    if (known !== undefined) return known
    const fd = openSync(place, 'r')
    try {
      const digest = digestOf(fd)
      this.digests.set(key, digest)
      return digest
    } finally {
      closeSync(fd)
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Where shares differ that should be the same, at most `limit` lines. */
export function differencesOf(
  shares: readonly { readonly name: string; readonly snapshot: Snapshot }[],
  history: History,
  limit = 20,
): { readonly path: string; readonly peers: readonly string[]; readonly text: string }[] {
  const lines: { path: string; peers: readonly string[]; text: string }[] = []
  const standing = new Set(
    shares.flatMap(({ snapshot }) => [...snapshot.values()].map(({ digest }) => digest)),
  )
  for (const path of new Set(shares.flatMap(({ snapshot }) => [...snapshot.keys()]))) {
    // A peer that knows of a version whose only copy is gone waits for it, and takes no older one in its stead.
    const isGone = [...history.givenUpAt(path)].some((digest) => !standing.has(digest))
    const counting = shares.filter(
      ({ snapshot }) => !isBehindLink(snapshot, path) && !(isGone && snapshot.get(path) === undefined),
    )
    const [first, ...others] = counting
    if (first === undefined) continue
    for (const other of others) {
      if (isSame(first.snapshot.get(path), other.snapshot.get(path))) continue
      const text = `${JSON.stringify(path)}: ${first.name} has ${wordsOf(first.snapshot.get(path))}, ${other.name} ${wordsOf(other.snapshot.get(path))}`
      lines.push({ path, peers: [first.name, other.name], text })
      break
    }
    if (lines.length >= limit) break
  }
  return lines
}

/** Nothing is written through a link. */
function isBehindLink(snapshot: Snapshot, path: string): boolean {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1))
    if (snapshot.get(path.slice(0, slash))?.isLinked === true) return true
  return false
}

function isSame(left: Seen | undefined, right: Seen | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  if (left.kind !== right.kind || left.digest !== right.digest) return false
  if (left.kind === 'folder' || left.isLinked || right.isLinked) return true
  return left.executable === right.executable && Math.abs(left.mtimeMs - right.mtimeMs) <= TIME_MS_OFF_MAX
}

function wordsOf(seen: Seen | undefined): string {
  if (seen === undefined) return 'nothing'
  const link = seen.isLinked ? ' (link)' : ''
  if (seen.kind === 'folder') return `a folder${link}`
  return `${seen.digest.slice(0, 10)}${seen.executable ? ' executable' : ''} of ${seen.mtimeMs}${link}`
}

/** Contents that nobody made, contents that are lost, and deleted ones that came back. */
export function faultsOf(
  shares: readonly {
    readonly name: string
    readonly snapshot: Snapshot
    readonly trash: readonly Trashed[]
  }[],
  history: History,
): string[] {
  const standing = shares.map(({ name, snapshot, trash }) => ({
    name,
    files: digestsOf(snapshot),
    unwritable: new Set([...snapshot.keys()].filter((path) => isBehindLink(snapshot, path))),
    trash: new Set(trash.map(({ digest }) => digest)),
  }))
  return history.judge(standing).map(({ detail }) => detail)
}

/** Faults in a share whose peer has been stopped in order. */
export function untidyOf({ name, folder }: Share): string[] {
  const own = join(folder, OWN_FOLDER)
  // Begun files of large contents are kept for a week, in case somebody comes back with them.
  const left = namesIn(join(own, 'tmp')).filter((file) => !/^[0-9a-f]{64}$/.test(file))
  const locks = namesIn(own).filter((file) => file.startsWith('lock'))
  return [...left.map((file) => `tmp/${file}`), ...locks].map(
    (file) => `${name} left ${OWN_FOLDER}/${file} behind`,
  )
}
