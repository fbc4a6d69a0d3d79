// A share that a person puts back to an older copy, LEFT's own folder and index in it, and what that means for the history.

import { isCopyOf } from '../judge/copies.js'
import { isOwnPath } from '../share/path.js'
import type { Standings } from './checks/privacy.js'
import type { ResumptionCopy } from './checks/resumption.js'
import type { SimDisk } from './disk/disk.js'
import type { SnapshotEntry } from './disk/volume.js'
import type { ShareMemory } from './history.js'
import type { IndexCopy } from './peer/index.js'
import { unstoppedIn } from './power-loss.js'
import { contentsInTrash, contentsOn, loseOnlyCopy } from './shares.js'
import type { World } from './world.js'

export interface ShareCopy {
  readonly entries: ReadonlyMap<string, SnapshotEntry>
  readonly index: IndexCopy
  /** Where the machine is put back, and not the share alone. */
  readonly witness: ReadonlyMap<string, number> | undefined
  readonly standings: Standings
  readonly memory: ShareMemory
  readonly resumption: ResumptionCopy
}

/** LEFT is stopped, or has committed what it told. */
export function copyOf(world: World, number: number, isOfMachine: boolean): ShareCopy {
  const { disk, index, witness } = world.peers[number]!
  return {
    entries: disk.snapshot(),
    index: index.copy(),
    witness: isOfMachine ? witness.copy() : undefined,
    standings: world.privacy.copyOf(number),
    memory: { ...world.history.model.memoryOf(number, world.nowMs), unstoppedIn: unstoppedIn(world, number) },
    resumption: world.resumptions[number]!.copy(),
  }
}

/** LEFT is stopped. What only this share held is given up with it; what another one holds is still somebody's. */
export function putBack(world: World, number: number, copy: ShareCopy): void {
  const peer = world.peers[number]!
  const { disk } = peer
  const { history } = world
  const before = contentsOn(disk)
  const trashed = contentsInTrash(disk)
  const forgotten = new Set([...foldersOn(disk), ...history.model.removedAt(number)])
  const { capacityBytes } = disk
  disk.capacityBytes = undefined
  disk.unharmed(() => {
    const paths = [...disk.snapshot()].sort(([left], [right]) => (left < right ? 1 : -1))
    for (const [path, { kind }] of paths) {
      if (kind === 'folder') disk.removeFolder(path)
      else disk.removeFile(path)
    }
    for (const [path, entry] of [...copy.entries].sort(([left], [right]) => (left < right ? -1 : 1)))
      write(disk, path, entry)
  })
  disk.capacityBytes = capacityBytes
  disk.settle()
  peer.index.putBack(copy.index)
  if (copy.witness !== undefined) peer.witness.putBack(copy.witness)
  world.privacy.putBack(number, copy.standings)
  world.resumptions[number]!.putBack(copy.resumption)
  const after = contentsOn(disk)
  history.putBack(number, copy.memory, after, world.nowMs)
  // A folder, or a deletion, may have taken the place of a version that others know.
  for (const path of [...foldersOn(disk), ...history.model.removedAt(number)]) forgotten.delete(path)
  for (const path of forgotten) loseOnlyCopy(world, path)
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const was = before.get(path)
    const is = after.get(path)
    const digest = was && history.digestOf(was)
    const isElsewhere = world.peers.some(
      ({ disk: other }, index) => index !== number && holds(world, other, path, digest),
    )
    const stays = is !== undefined && history.digestOf(is) === digest
    if (digest !== undefined && !stays && !isElsewhere) {
      history.model.lost(number, path, digest)
      loseOnlyCopy(world, path)
    }
  }
  // LEFT itself puts there what was changed on a machine that only receives, and what loses against ten others.
  for (const [path, bytes] of trashed)
    if (!world.peers.some((peer) => holdsAnywhere(world, peer.disk, bytes)))
      history.model.lost(number, path, history.digestOf(bytes))
  for (const [path] of disk.snapshot()) {
    const inode = disk.unharmed(() => disk.statLink(path))?.inode
    if (inode === undefined || isOwnPath(path)) continue
    world.editors[number]!.inodes.add(inode)
  }
}

function write(disk: SimDisk, path: string, { kind, bytes, target, mode, mtimeMs }: SnapshotEntry): void {
  if (kind === 'folder') {
    disk.makeFolder(path)
    disk.chmod(path, mode)
  } else if (kind === 'link') disk.makeLink(path, target)
  else disk.putFile(path, bytes ?? new Uint8Array(0), { mode, mtimeMs })
}

function foldersOn(disk: SimDisk): string[] {
  const entries = [...disk.snapshot()].filter(([path]) => !isOwnPath(path))
  return entries.flatMap(([path, { kind }]) => (kind === 'folder' ? [path] : []))
}

function holdsAnywhere(world: World, disk: SimDisk, bytes: Uint8Array): boolean {
  const digest = world.history.digestOf(bytes)
  const standing = [...contentsOn(disk).values(), ...contentsInTrash(disk).map(([, trashed]) => trashed)]
  return standing.some((other) => world.history.digestOf(other) === digest)
}

/** A copy of a conflict stands for the path that it is a copy of. */
function holds(world: World, disk: SimDisk, path: string, digest: string | undefined): boolean {
  if (digest === undefined) return false
  for (const [other, bytes] of contentsOn(disk))
    if ((other === path || isCopyOf(other, path)) && world.history.digestOf(bytes) === digest) return true
  return false
}
