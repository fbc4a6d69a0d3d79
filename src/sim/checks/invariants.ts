// The invariants of a world that has come to rest: every peer has the same (I3), nothing that anybody made is lost (I2),
// nothing is there that nobody made (I9), and LEFT has cleaned up behind itself (I8, I10).

import { type Access, PRIVACY } from '../../base/access.js'
import { dayOf } from '../../base/calendar.js'
import { JOURNAL_PATH, TEMPORARY_FOLDER } from '../../base/own-folder.js'
import { TOMBSTONE_DAYS } from '../../keeper/index/limits.js'
import { FOLDER_TEMPORARY, LINK_TEMPORARY } from '../../pipe/layout.js'
import { decide } from '../../share/decide.js'
import { holds, peerOf, relate } from '../../share/dots.js'
import type { Entry } from '../../share/entry.js'
import { sameEntry } from '../../share/entry-line.js'
import { isOwnPath } from '../../share/path.js'
import type { SnapshotEntry } from '../disk/volume.js'
import { JOURNAL_BYTES_MAX } from '../limits.js'
import { peerName } from '../plan.js'
import { contentsInTrash } from '../shares.js'
import type { World } from '../world.js'

/** A path as a person sees it: links are followed. */
interface Seen {
  readonly kind: 'file' | 'folder' | 'nothing'
  readonly digest: string
  /** Undefined where it is not compared. */
  readonly executable: boolean | undefined
  readonly mtimeMs: number | undefined
  readonly access: Access | undefined
}

/** Breaks the world where one does not hold. */
export function checkAtRest(world: World): void {
  const shares = world.peers.map((_, peer) => shareOf(world, peer))
  checkModel(world, shares)
  checkNotDeleted(world)
  checkEqual(world, shares)
  checkNotHeld(world, shares)
  checkTidy(world, shares)
}

/** Whether every two shares hold the same. */
export function areEqual(world: World): boolean {
  const shares = world.peers.map((_, peer) => shareOf(world, peer))
  return firstDifference(world, shares) === undefined
}

/** Paths of a share that are not LEFT's own. */
export function shareOf(world: World, peer: number): Map<string, Seen> {
  const { disk } = world.peers[peer]!
  const share = new Map<string, Seen>()
  for (const [path, entry] of disk.snapshot())
    if (!isOwnPath(path)) share.set(path, seenAs(world, peer, path, entry))
  return share
}

function seenAs(world: World, peer: number, path: string, entry: SnapshotEntry): Seen {
  const { disk } = world.peers[peer]!
  const access = comparedAccess(world, peer, path)
  if (entry.kind === 'folder') return { kind: 'folder', digest: '', executable: false, mtimeMs: 0, access }
  const bytes = entry.kind === 'link' ? disk.contentOf(path) : entry.bytes
  const stat = disk.unharmed(() => disk.stat(path))
  if (bytes === undefined || stat === undefined) return NOTHING
  const digest = world.history.digestOf(bytes)
  // Only the content behind a link counts: LEFT does not touch the attributes of what the link points at.
  if (entry.kind === 'link')
    return { kind: 'file', digest, executable: undefined, mtimeMs: undefined, access: undefined }
  const executable = stat.access === 'none' ? undefined : stat.executable
  return { kind: 'file', digest, executable, mtimeMs: Math.round(stat.mtimeMs), access }
}

/** Undefined where the disk keeps no modes, where the umask takes more than the peers do, and where nobody told, or only when the file
 *  stood there already: LEFT keeps that as private as it was. */
function comparedAccess(world: World, peer: number, path: string): Access | undefined {
  const { disk } = world.peers[peer]!
  const told = world.catalogues.get(peer)?.get(path)?.access
  if (disk.usualAccess() !== 'all' || told === 'none') return undefined
  const shown = disk.unharmed(() => disk.statLink(path))?.access
  if (shown === undefined || told === undefined) return shown
  const isMorePrivate = PRIVACY[shown] > PRIVACY[told]
  return isMorePrivate && world.privacy.staysPrivate(peer, path, shown) ? undefined : shown
}

const NOTHING: Seen = { kind: 'nothing', digest: '', executable: false, mtimeMs: 0, access: undefined }

const INVARIANTS = { 'nobody-made-it': 'I1', lost: 'I2', 'came-back': 'I5' } as const

function checkModel(world: World, shares: readonly Map<string, Seen>[]): void {
  const standing = shares.map((share, peer) => {
    const files = new Map<string, string>()
    const trash = trashOf(world, peer)
    for (const [path, { kind, digest }] of share) {
      if (kind !== 'file') continue
      // A content that only a send-only peer still holds is out of the others' reach, like what is in a trash.
      if (world.catalogues.get(peer)?.kept(path)) trash.add(digest)
      else files.set(path, digest)
    }
    return { name: peerName(peer), files, trash }
  })
  for (const { type, detail, at, path } of world.history.model.judge(standing)) {
    const peer = standing.findIndex(({ name }) => name === at)
    if (type === 'came-back' && (isCutOff(world, shares, peer, path) || isKeptInVain(world, peer, path)))
      continue
    world.break(INVARIANTS[type], detail)
  }
}

/** Another version stands on machines to which every way leads through one that gives nothing of it on, and on none in reach. What this
 *  machine had last stays, and never went. A deletion needs no place, and gets through. */
function isCutOff(world: World, shares: readonly Map<string, Seen>[], peer: number, path: string): boolean {
  const digestsAt = (machines: Iterable<number>) =>
    [...machines].flatMap((one) => shares[one]!.get(path)?.digest ?? [])
  const inReach = new Set(digestsAt(giversOf(world, peer, path)))
  return digestsAt(shares.keys()).some((digest) => !inReach.has(digest))
}

/** A person replaced what stands here, or made it anew after a deletion that this machine had not carried out, and the only copy of that
 *  went. This machine keeps what it had until the newer version comes, which another one knows and waits for too. What stands here
 *  is told in the version that the newer one has seen: told as an edit of its own it would have come back. */
function isKeptInVain(world: World, peer: number, path: string): boolean {
  const known = world.catalogues.get(peer)?.get(path)
  const bytes = world.peers[peer]!.disk.contentOf(path)
  if (known === undefined || bytes === undefined) return false
  if (world.history.digestOfEntry(known) !== world.history.digestOf(bytes)) return false
  return world.peers.some((_, other) => {
    const newer = world.catalogues.get(other)?.get(path)
    return newer !== undefined && isReplacedBy(known, newer) && waitsForNobody(world, other, path)
  })
}

function isReplacedBy({ version: older }: Entry, { version: newer }: Entry): boolean {
  return relate(older.content, older.seen, newer.content, newer.seen) === 'replaced'
}

/** This machine, those to which a way leads through machines that give on what comes, and their neighbours. A machine does not where
 *  its disk has no place for the path, or where it only sends: it tells of a version and never holds it. */
function giversOf(world: World, peer: number, path: string): ReadonlySet<number> {
  const reached = new Set([peer])
  for (const one of reached)
    for (const other of world.neighboursOf(one))
      if (!refuses(world, other, path) && !isSendOnly(world, other)) reached.add(other)
  return new Set([...reached].flatMap((one) => [one, ...world.neighboursOf(one)]))
}

function trashOf(world: World, peer: number): Set<string> {
  return new Set(contentsInTrash(world.peers[peer]!.disk).map(([, bytes]) => world.history.digestOf(bytes)))
}

/** Checks that no machine tells of a loss of power as its own deletion, though nothing brings the path back where nobody else had
 *  it. Somebody at another machine may have deleted it. And where it had been deleted before and was made anew, that deletion, which
 *  the lost version had seen, comes back from whoever never heard of the version: it was a person's. */
function checkNotDeleted(world: World): void {
  world.peers.forEach(({ witness }, peer) => {
    for (const [path, seen] of world.history.lostPathsOf(peer)) {
      const known = world.catalogues.get(peer)?.get(path)
      if (known?.kind !== 'tombstone' || witness.read(peerOf(known.version.content)) === undefined) continue
      if (holds(seen, known.version.content)) continue
      world.break(
        'I5',
        `${peerName(peer)} tells that ${JSON.stringify(path)}, which a loss of power took, was deleted`,
      )
    }
  })
}

function checkEqual(world: World, shares: readonly Map<string, Seen>[]): void {
  const difference = firstDifference(world, shares)
  if (difference !== undefined) world.break('I3', difference)
}

function firstDifference(world: World, shares: readonly Map<string, Seen>[]): string | undefined {
  const coarsestMs = Math.max(...world.plan.peers.map(({ timestampStepMs }) => timestampStepMs))
  for (const path of new Set(shares.flatMap((share) => [...share.keys()]))) {
    const holders = [...shares.keys()].filter(
      (peer) => (shares[peer]!.get(path) ?? NOTHING) !== NOTHING && !isTakenBackInVain(world, peer, path),
    )
    // Against what one keeps that takes nothing over, it alone is excused: the others are compared with each other.
    const holder = holders.find((peer) => !isKept(world, peer, path)) ?? holders[0]
    if (holder === undefined) continue
    const held = shares[holder]!.get(path)!
    for (let peer = 0; peer < shares.length; peer++) {
      const seen = shares[peer]!.get(path) ?? NOTHING
      const isOneWay = [holder, peer].some((one) => world.plan.peers[one]!.direction !== undefined)
      const isSame = isOneWay ? sameContent(held, seen) : sameSeen(held, seen, coarsestMs)
      if (!isExcused(world, peer, path, seen) && !isSame)
        return `at ${JSON.stringify(path)} ${peerName(holder)} has ${wordsOf(held)}, ${peerName(peer)} ${wordsOf(seen)}`
    }
  }
  return undefined
}

/** Whether this peer only sends, knows what others have there, and its own stands: a file against a folder with something in it
 *  that only they have, since that stays with them whatever is undone (held.ts), and their disks have no place for both. */
function isKept(world: World, peer: number, path: string): boolean {
  return isSendOnly(world, peer) && world.catalogues.get(peer)?.kept(path) !== undefined
}

/** A disk may refuse the path, and where peers do not all know each other, nothing comes through the one that has no place for
 *  it, or that waits for a newer version. The only copy of a version that a peer knows of may be gone. */
function isExcused(world: World, peer: number, path: string, seen: Seen): boolean {
  const isLacking = seen.kind === 'nothing'
  if ((isSendOnly(world, peer) && isLacking) || isKept(world, peer, path)) return true
  if (isLacking && refuses(world, peer, path)) return true
  // A deleted folder stands where something is in it.
  if (isLacking && refusesBelow(world, peer, path)) return true
  if (isLacking && waitsForNobody(world, peer, path)) return true
  if (isTakenBackInVain(world, peer, path)) return true
  if (isMesh(world)) return false
  return world.peers.some(
    (_, other) =>
      refuses(world, other, path) || isSendOnly(world, other) || waitsForNobody(world, other, path),
  )
}

function isMesh(world: World): boolean {
  return world.peers.every((_, one) => world.neighboursOf(one).length === world.peers.length - 1)
}

function refusesBelow(world: World, peer: number, folder: string): boolean {
  return [...world.peers[peer]!.notHeld].some((path) => path.startsWith(`${folder}/`))
}

/** The version that this peer knows, and does not hold, can be had of no machine any more: the only copy went with a share that was
 *  put back, or with a loss of power, or was replaced by one that did; or the last one was replaced on a machine that only
 *  receives, which tells nobody, or in a share that was put back, whose new name has not seen it. The peer cannot tell that from a
 *  machine that is away.
 *  What others have at the path is older, and what the missing version replaced or wins against: placed in its stead, it
 *  would go round as the newest. Nothing is lost by the wait, since that other version stands where it is (I2 looks for it),
 *  and the person is told that the path is not held. What somebody made after the loss is not waited for in vain, but where a
 *  clock went back: it is older by its time, has not seen the missing version, and loses against it. */
export function waitsForNobody(world: World, peer: number, path: string): boolean {
  const { history } = world
  const known = world.catalogues.get(peer)?.get(path)
  if (known === undefined || !world.peers[peer]!.notHeld.has(path)) return false
  const digest = history.digestOfEntry(known)
  if (!history.model.goneAt(path).has(digest) || isToBeHad(world, known)) return false
  return world.peers.every(({ disk }, other) => {
    // On a machine that only receives no edit gets a version: it ends the wait for none.
    if (world.localPathsOf(other).includes(path)) return true
    const bytes = disk.contentOf(path)
    if (bytes === undefined || history.model.isBeforeLoss(path, history.digestOf(bytes))) return true
    const theirs = world.catalogues.get(other)?.get(path)
    return theirs !== undefined && isBeaten(known, theirs)
  })
}

/** Edited on a machine that only receives, where the version that is to replace the edit is on no machine any more, or on none that
 *  could give it. Nobody is told of the edit, and it stands also where its person takes it back: it goes to the trash when what
 *  replaces it is here, not before, since that may be on a machine that is away. The person sees it in the list of local changes. */
export function isTakenBackInVain(world: World, peer: number, path: string): boolean {
  if (!world.localPathsOf(peer).includes(path)) return false
  return waitsForNobody(world, peer, path) || isOutOfReach(world, peer, path)
}

/** The version that this peer knows, and does not hold, stands on no machine that could give it. */
function isOutOfReach(world: World, peer: number, path: string): boolean {
  const known = world.catalogues.get(peer)?.get(path)
  if (known === undefined || !world.peers[peer]!.notHeld.has(path)) return false
  // Whatever path a content stands at, it is given.
  return !isToBeHad(world, known, giversOf(world, peer, path))
}

/** A conflict that the first one wins. */
function isBeaten(known: Entry, theirs: Entry): boolean {
  const decision = decide(known, theirs, { folderHasLiveChildren: false })
  return decision.type === 'keep' && decision.wins
}

/** Whether a file of this content stands in a share of these machines. */
function isToBeHad(world: World, known: Entry, givers: Iterable<number> = world.peers.keys()): boolean {
  const digest = world.history.digestOfEntry(known)
  return [...givers].some((peer) => [...shareOf(world, peer).values()].some((seen) => seen.digest === digest))
}

/** Whether the peer takes nothing over that others make. */
function isSendOnly(world: World, peer: number): boolean {
  return world.plan.peers[peer]!.direction === 'send-only'
}

function refuses(world: World, peer: number, path: string): boolean {
  return world.peers[peer]!.disk.faults.refuses(path)
}

/** Checks entries that are known and not held: nothing of them stands here, and some disk has no
 *  place for them. All peers know the same, whatever they hold. */
function checkNotHeld(world: World, shares: readonly Map<string, Seen>[]): void {
  for (const [number, peer] of world.peers.entries()) {
    for (const path of peer.notHeld) {
      if (isSendOnly(world, number) || isTakenBackInVain(world, number, path)) continue
      if (shares[number]!.has(path))
        world.break('I3', `${peerName(number)} holds ${JSON.stringify(path)} and says that it does not`)
      if (waitsForNobody(world, number, path)) continue
      // The version may have come through a peer that only sends.
      if (!isMesh(world) && world.peers.some((_, other) => isSendOnly(world, other))) continue
      if (!world.peers.some((_, other) => refuses(world, other, path)))
        world.break(
          'I3',
          `${peerName(number)} does not hold ${JSON.stringify(path)}, which every disk has a place for`,
        )
    }
  }
  // A loss or a difference is told before what comes of it.
  if (world.breach !== undefined) return
  // An older version that stands somewhere stays known there while nobody in reach holds the newer one.
  const isStale = (path: string, peer: number) => {
    const standing = new Set(shares.flatMap((share) => share.get(path)?.digest ?? []))
    return standing.size > 1 || waitsForNobody(world, peer, path)
  }
  if (world.peers.some(({ notHeld }, peer) => [...notHeld].some((path) => isStale(path, peer)))) return
  const other = world.peers.findIndex(
    ({ root }, peer) => root !== world.peers[0]!.root && !knowSame(world, 0, peer),
  )
  if (other > 0) world.break('I3', `${peerName(0)} and ${peerName(other)} do not know the same`)
}

/** Whether two peers know the same, but for deletions that one has forgotten: its clock says that they are that old. */
function knowSame(world: World, one: number, other: number): boolean {
  const [ours, theirs] = [one, other].map((peer) => world.catalogues.get(peer)!)
  const paths = [ours!, theirs!].flatMap(({ manifest }) => [...manifest.entries()].map(({ path }) => path))
  return paths.every((path) => {
    const [left, right] = [ours!.get(path), theirs!.get(path)]
    if (left !== undefined && right !== undefined) return sameEntry(left, right)
    const lacking = world.peers[left === undefined ? one : other]!
    const { kind, mtimeMs } = (left ?? right)!
    return kind === 'tombstone' && dayOf(lacking.wallMs()) - dayOf(mtimeMs) > TOMBSTONE_DAYS
  })
}

function sameSeen(left: Seen, right: Seen, coarsestMs: number): boolean {
  if (left.kind !== right.kind || left.digest !== right.digest) return false
  const isMode = same(left.executable, right.executable) && same(left.access, right.access)
  if (left.mtimeMs === undefined || right.mtimeMs === undefined) return isMode
  return isMode && Math.abs(left.mtimeMs - right.mtimeMs) <= coarsestMs
}

/** Times and modes go one way, or none. */
function sameContent(left: Seen, right: Seen): boolean {
  return left.kind === right.kind && left.digest === right.digest
}

function same<T>(left: T | undefined, right: T | undefined): boolean {
  return left === undefined || right === undefined || left === right
}

function wordsOf(seen: Seen): string {
  const access = seen.access === undefined ? '' : ` for ${seen.access}`
  if (seen.kind !== 'file') return seen.kind === 'folder' ? `a folder${access}` : 'nothing'
  return `${seen.digest.slice(0, 8)}${seen.executable ? ' executable' : ''} of ${seen.mtimeMs}${access}`
}

/** Temporaries of one step, besides small files. */
const SHORT_LIVED: readonly string[] = [FOLDER_TEMPORARY, LINK_TEMPORARY]

function checkTidy(world: World, shares: readonly Map<string, Seen>[]): void {
  world.peers.forEach((peer, number) => {
    const { disk } = peer
    // A large file that nobody offers any more is kept for a while, in case somebody comes back with it; and one whose
    // content is in the share by now until the next start, where a death kept it from being tidied up.
    const live = new Set([...shares[number]!.values()].map(({ digest }) => digest))
    for (const name of disk.unharmed(() => disk.list(TEMPORARY_FOLDER).names)) {
      const isShortLived = name.startsWith('small-') || SHORT_LIVED.includes(`${TEMPORARY_FOLDER}/${name}`)
      if (isShortLived || (live.has(name) && !world.died.has(number)))
        world.break('I10', `${peerName(number)} left ${name} in ${TEMPORARY_FOLDER}`)
    }
    const journal = disk.unharmed(() => disk.stat(JOURNAL_PATH))
    if ((journal?.sizeBytes ?? 0) > JOURNAL_BYTES_MAX)
      world.break('I10', `${peerName(number)} has a log of ${journal?.sizeBytes} bytes`)
    for (const [path, bytes] of world.outside[number]!) {
      const now = disk.snapshot('world').get(path)?.bytes
      if (now === undefined || world.history.digestOf(now) !== world.history.digestOf(bytes))
        world.break('I8', `${peerName(number)}: ${path} beside the share was changed`)
    }
  })
}
