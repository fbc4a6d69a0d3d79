// Tells the history what a loss of power did to one share. Damage to what a person had not synced is the person's own;
// damage to what LEFT had put there is left for LEFT to mend, and the invariants find it where LEFT does not.

import type { Journal } from '../journal/journal.js'
import type { Catalogue } from '../keeper/index/catalogue.js'
import { CHECKPOINT_STOP_FILES_MAX } from '../keeper/place/limits.js'
import { isStopped } from '../keeper/recover/recovery.js'
import type { Entry } from '../share/entry.js'
import { isOwnPath } from '../share/path.js'
import type { Privacy } from './checks/privacy.js'
import type { SimDisk } from './disk/disk.js'
import type { Editor } from './edits.js'
import type { History, ShareMemory } from './history.js'
import type { SimPeer } from './peer/peer.js'
import { peerName } from './plan.js'
import { isHeldAnywhere, loseOnlyCopy } from './shares.js'
import type { Trace } from './trace.js'

export interface PowerLossScene {
  readonly nowMs: number
  readonly peers: readonly SimPeer[]
  readonly editors: readonly Editor[]
  readonly history: History
  readonly privacy: Privacy
  readonly trace: Trace
  readonly catalogues: ReadonlyMap<number, Catalogue>
  readonly journals: ReadonlyMap<number, Journal<Entry>>
}

/** Runs `lose` and compares the share before and after it. */
export function recordPowerLoss(
  scene: PowerLossScene,
  { peer, wasOpen }: { peer: number; wasOpen: boolean },
  lose: () => void,
): void {
  const { history, nowMs } = scene
  const { disk } = scene.peers[peer]!
  const { inodes } = scene.editors[peer]!
  history.model.handlePowerLoss(peer, nowMs, unstoppedIn(scene, peer) === undefined)
  const before = shareOn(disk)
  lose()
  const after = shareOn(disk)
  const known = scene.catalogues.get(peer)
  const knownPaths = [...(known?.manifest.entries() ?? [])].map(({ path }) => path)
  for (const path of new Set([...before.keys(), ...after.keys(), ...knownPaths])) {
    const was = before.get(path)
    const is = after.get(path)
    const digest = digestIn(history, was)
    // A person replaced or removed what LEFT had told of, and it may not have looked since: that may count as damage, or as lost, now.
    const told = known?.live(path)
    if (told?.kind === 'file' && told.digest !== digest && !isHeldElsewhere(scene, peer, path, told.digest))
      loseOnlyCopy(scene, path)
    if (was === undefined && is === undefined) continue
    if (was !== undefined && is !== undefined && digest === digestIn(history, is)) continue
    // A path that LEFT did not know is no deletion that it could tell.
    if (is === undefined && wasOpen && told !== undefined)
      history.lostInPowerCut(peer, path, told.version.seen)
    scene.trace.say(
      () =>
        `${peerName(peer)} lost power: ${JSON.stringify(path)} ${digest?.slice(0, 8)} is ${is === undefined ? 'gone' : `${is.bytes?.length ?? 0} other bytes`}`,
    )
    const own = was === undefined || was.isLink || inodes.has(was.inode)
    // The file behind a link has no time that would tell what happened to the link: that counts as a person's edit.
    const heldElsewhere = !was?.isLink && isHeldElsewhere(scene, peer, path, digest)
    // Not synced here and lost elsewhere before: then it is nowhere, and nobody could have kept it.
    const isUnseen = own && digest !== undefined && history.model.isUnseenEdit(peer, path, digest, nowMs)
    if (digest !== undefined && (!heldElsewhere || isUnseen)) history.model.lost(peer, path, digest)
    if (digest !== undefined && !heldElsewhere) loseOnlyCopy(scene, path)
    // A rename of a person's that was undone may bring back what LEFT had put there, and nobody could have synced.
    const isFolder = is !== undefined && is.bytes === undefined
    if (isFolder) {
      history.placedFolder(peer, path)
      // A rename that was undone: the folder keeps what its person opened it to under its other name.
      for (const [from, { bytes, inode }] of before)
        if (bytes === undefined && inode === is.inode) scene.privacy.handleMovedBack(from, path)
    } else if (own || (is !== undefined && (is.isLink || inodes.has(is.inode)))) {
      history.damaged(peer, path, digest, is?.bytes, nowMs)
      // The rest of the file is as open as this disk shows it, though another file of that content may be private.
      scene.privacy.handleEdited(peer, path)
    } else if (is?.bytes !== undefined)
      history.model.broughtBack(peer, path, history.digestOf(is.bytes), nowMs)
  }
}

/** LEFT has opened an older copy of its share, and cannot know of all that happened before the copy was taken. */
export function recordOpenedCopy(
  scene: PowerLossScene,
  { peer, known, copy }: { peer: number; known: Catalogue; copy: ShareMemory },
): void {
  const { history } = scene
  const { bootName } = scene.peers[peer]!
  // A person wrote over what peers know from the time after the copy: to the share under its new name the edit has not seen that.
  for (const [path, digest] of history.model.changedUnseen(peer)) {
    const isNews = digest !== undefined && digestKnown(history, known.live(path)) !== digest
    if (isNews && !isHeldAnywhere(scene, path, digest)) loseOnlyCopy(scene, path)
  }
  // A deletion that it had not seen cannot be told from what a loss of power took.
  if (copy.unstoppedIn === undefined || copy.unstoppedIn === bootName) return
  for (const path of history.model.removedAt(peer))
    if (known.get(path)?.kind !== 'tombstone') history.model.takeRemovalBack(peer, path)
}

/** The run of the machine that LEFT ended in, where its log does not tell of an orderly stop and need not. */
export function unstoppedIn(
  { peers, journals }: Pick<PowerLossScene, 'peers' | 'journals'>,
  number: number,
): string | undefined {
  const { disk, endedInOrder } = peers[number]!
  const journal = journals.get(number)
  if (journal === undefined || isStopped(journal.boot)) return undefined
  const isBusy = journal.placing.length > 0 || journal.placedSinceCheckpoint.size > CHECKPOINT_STOP_FILES_MAX
  return endedInOrder && !isBusy && disk.capacityBytes === undefined ? undefined : journal.boot
}

function digestKnown(history: History, entry: Entry | undefined): string | undefined {
  return entry === undefined ? undefined : history.digestOfEntry(entry)
}

function isHeldElsewhere(
  { peers, history }: PowerLossScene,
  peer: number,
  path: string,
  digest: string | undefined,
): boolean {
  return isHeldAnywhere({ history, peers: peers.filter((_, other) => other !== peer) }, path, digest)
}

function digestIn(history: History, seen: Seen | undefined): string | undefined {
  return seen?.bytes === undefined ? undefined : history.digestOf(seen.bytes)
}

/** Links are followed; LEFT's own folder is left out. */
function shareOn(disk: SimDisk): Map<string, Seen> {
  const share = new Map<string, Seen>()
  for (const [path, { kind }] of disk.snapshot()) {
    if (isOwnPath(path)) continue
    const bytes = disk.contentOf(path)
    const inode = disk.unharmed(() => disk.stat(path))?.inode
    if (inode !== undefined) share.set(path, { bytes, inode, isLink: kind === 'link' })
  }
  return share
}

interface Seen {
  /** Undefined for a folder. */
  readonly bytes: Uint8Array | undefined
  readonly inode: number
  readonly isLink: boolean
}
