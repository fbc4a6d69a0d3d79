// Three peers that were in step, changed their shares apart and meet again: all rows of a table at once, each in a folder of its own.

import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { endpointText } from '../../../harness/peers/endpoints.js'
import type { RecordedPeer, World } from '../world.js'
import { type Act, contentsOf, put, type Tree, treeOf } from './things.js'

export type Name = 'A' | 'B' | 'C'
export const NAMES: readonly Name[] = ['A', 'B', 'C']

export interface Row {
  readonly name: string
  /** On all of them when they part. */
  readonly before?: Tree
  /** Done while no peer runs, first by A, then by B, then by C: C's edits are the newest. */
  readonly A?: readonly Act[]
  readonly B?: readonly Act[]
  readonly C?: readonly Act[]
  /** Stands on all of them in the end. */
  readonly after: Tree
  /** Or this on all of them: it depends on who meets whom first. */
  readonly orAfter?: Tree
  /** Stands on one of them beside it. */
  readonly only?: Partial<Record<Name, Tree>>
  /** By the new path the old one: where nobody did anything it is the file that it was, and was not copied. */
  readonly moved?: Readonly<Record<string, string>>
}

/** One of a row's peers, as a person finds it. */
export interface Seen {
  readonly tree: Tree
  /** Contents that stood there before the meeting, and stand neither in the share nor in the trash. */
  readonly lost: readonly string[]
  /** New paths that are not the files that they were. */
  readonly copied: readonly string[]
}

/** Fewer than a quarter of all files are changed by any of them: no breaker. */
const OTHER_FILES = 200

/** Ends a meeting that does not come to the expected end. */
const MEETING_MS_MAX = 25_000

export type Topology = 'all know each other' | 'B relays between A and C'

export class Meeting {
  private readonly rows: readonly Row[]
  private readonly world: World
  private peers: readonly RecordedPeer[] = []
  /** By row and peer: contents when they parted company, and inodes. */
  private readonly stood = new Map<string, { contents: readonly string[]; inodes: Map<string, number> }>()

  constructor(world: World, rows: readonly Row[]) {
    this.world = world
    this.rows = rows
  }

  /** Ends when every row is as expected and a later change of each peer has arrived at the others; or in vain. */
  async hold(topology: Topology): Promise<void> {
    const { world, rows } = this
    this.peers = await this.group(topology)
    const [a] = this.peers as readonly [RecordedPeer]
    for (let file = 0; file < OTHER_FILES; file++) put(a.path('others', `${file % 20}`, `${file}`), `${file}`)
    for (const row of rows) {
      mkdirSync(a.path(folderOf(row)))
      for (const [path, thing] of Object.entries(row.before ?? {})) put(a.path(folderOf(row), path), thing)
    }
    for (const peer of this.peers) peer.start()
    await world.until('all to be read', () => this.peers.every((peer) => peer.of('scanned').length > 0))
    await world.untilSame(this.peers)
    for (const peer of this.peers) await peer.stop()
    for (const [index, name] of NAMES.entries()) await this.change(name, this.peers[index]!)
    for (const peer of this.peers) peer.start()
    const endMs = performance.now() + MEETING_MS_MAX
    while (!this.isAsExpected() && performance.now() < endMs) await sleep(50)
    // Nothing follows that comes later than this.
    for (const peer of this.peers) writeFileSync(peer.path(`later from ${peer.name}`), peer.name)
    await world.until('later changes to arrive', () =>
      this.peers.every((peer) => NAMES.every((name) => existsSync(peer.path(`later from ${name}`)))),
    )
  }

  seen(row: Row, name: Name): Seen {
    const peer = this.peerOf(name)
    const tree = treeOf(peer.path(folderOf(row)))
    const { contents, inodes } = this.stood.get(key(row, name))!
    const kept = new Set([...contentsOf(tree), ...trashOf(peer, folderOf(row))])
    const isIdle = row[name] === undefined
    const copied = Object.entries(isIdle ? (row.moved ?? {}) : {})
      .filter(([to, from]) => inodeAt(peer.path(folderOf(row), to)) !== inodes.get(from))
      .map(([to]) => to)
    return { tree, lost: contents.filter((content) => !kept.has(content)), copied }
  }

  wanted(row: Row, name: Name): Seen {
    const { after, orAfter, only } = row
    // One answer for all three.
    const isOther = orAfter !== undefined && isDeepStrictEqual(this.seen(row, 'A').tree, orAfter)
    return { tree: { ...(isOther ? orAfter : after), ...only?.[name] }, lost: [], copied: [] }
  }

  private isAsExpected(): boolean {
    return this.rows.every((row) =>
      NAMES.every((name) => {
        try {
          return isDeepStrictEqual(this.seen(row, name), this.wanted(row, name))
        } catch {
          return false // It changed while it was read.
        }
      }),
    )
  }

  private async change(name: Name, peer: RecordedPeer): Promise<void> {
    for (const row of this.rows) {
      const folder = peer.path(folderOf(row))
      const inodes = new Map(Object.keys(row.before ?? {}).map((path) => [path, inodeAt(join(folder, path))]))
      for (const act of row[name] ?? []) act(folder)
      this.stood.set(key(row, name), { contents: contentsOf(treeOf(folder)), inodes })
    }
    // Times of files are compared in milliseconds.
    await sleep(20)
  }

  private async group(topology: Topology): Promise<RecordedPeer[]> {
    if (topology === 'all know each other') return this.world.group(NAMES.join(''))
    const endpoints = await this.world.endpoints(NAMES.length)
    const [a, b, c] = endpoints.map(endpointText) as [string, string, string]
    const others = [[b], [a, c], [b]]
    return NAMES.map((name, index) => this.world.peer(name, endpoints[index]!, others[index]!))
  }

  private peerOf(name: Name): RecordedPeer {
    return this.peers[NAMES.indexOf(name)]!
  }
}

function key(row: Row, name: Name): string {
  return `${name} ${row.name}`
}

function folderOf({ name }: Row): string {
  return name.replace(/[^A-Za-z0-9]+/g, '-')
}

function inodeAt(place: string): number {
  return lstatSync(place, { throwIfNoEntry: false })?.ino ?? 0
}

/** Contents that lie in the trash under a folder of the share. */
function trashOf(peer: RecordedPeer, folder: string): string[] {
  const root = peer.path('.left/trash')
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((slot) => contentsOf(treeOf(join(root, slot, folder))))
}
