// How ours is kept in the place of a peer's change that the breaker stopped (keeper/breaker), and what ends that: the entry at the path is
// the peer's, and ours stands beside it until it counts again or goes. Only the keeping and its end; `Stopped` says what is kept.
// The catalogue owns it.
//
//     ours ── keep ──▶ the peer's, ours kept ─┬─ takeBack ──▶ ours again
//                        ▲             │      └─ drop ──▶ the peer's alone
//                        └──── renew, replace, refresh

import { assert } from '../../base/assert.js'
import type { Digest } from '../../base/item.js'
import { BLOCK_BYTES } from '../../base/limits.js'
import type { Entry } from '../../share/entry.js'
import type { Kept } from './index-line.js'
import { packLooks, unpackLooks } from './packed-looks.js'
import type { Records } from './records.js'

export class KeptEntries {
  constructor(private readonly records: Records) {}

  /** A peer's `entry` is known from now on, and not carried out: ours stays where it is. */
  keep(entry: Entry): void {
    const { manifest, contents, notHeld, hidden, stopped } = this.records
    const { path } = entry
    const ours = manifest.get(path)
    const isLive = ours !== undefined && ours.kind !== 'tombstone' && !notHeld.has(path)
    assert(isLive, 'only what stands is kept')
    const kept = { entry: ours, ...unpackLooks(manifest.note(path)) }
    // Its list stays for when it counts again.
    contents.await(ours.digest)
    contents.unhold(ours)
    hidden.delete(path)
    stopped.deleteMissing(path)
    manifest.set(entry)
    this.records.authorCounts.handleSeen(entry.version)
    stopped.keep(kept, entry)
    if (entry.kind !== 'tombstone') notHeld.add(path)
    this.records.put(entry)
    this.records.handleChanged(entry)
  }

  /** Ours counts again as if the change of the peer, which is answered, had not been told. */
  takeBack(path: string): Entry | undefined {
    const { manifest, contents, notHeld, stopped } = this.records
    const kept = stopped.deleteKept(path)
    if (kept === undefined) return undefined
    const known = manifest.get(path)
    notHeld.delete(path)
    const { entry, mode } = kept
    contents.handleCame(entry.digest)
    const hasList =
      entry.sizeBytes <= BLOCK_BYTES || contents.blockList(entry.digest as Digest)?.list !== undefined
    manifest.set(entry, packLooks({ signature: hasList ? kept.signature : undefined, mode }))
    contents.hold(entry)
    this.records.put(entry)
    this.records.handleChanged(entry)
    return known
  }

  /** More is told of the change of the peer, or has been seen by it. */
  renew(entry: Entry): void {
    const { manifest, authorCounts } = this.records
    manifest.set(entry)
    authorCounts.handleSeen(entry.version)
    this.records.put(entry)
    this.records.handleChanged(entry)
  }

  /** A content of another peer takes the place of the change; ours is kept on. */
  replace(entry: Entry): void {
    const { stopped, notHeld } = this.records
    stopped.keep(stopped.kept(entry.path)!, entry)
    notHeld.add(entry.path)
    this.renew(entry)
  }

  /** Ours is gone: the change of the peer is all there is. */
  drop(path: string): void {
    const { stopped, manifest } = this.records
    if (stopped.deleteKept(path) !== undefined) this.records.put(manifest.get(path)!)
  }

  /** Renews what is kept at the path, which was looked at again. */
  refresh(path: string, kept: Kept): void {
    const { stopped, manifest } = this.records
    if (stopped.refresh(path, kept)) this.records.put(manifest.get(path)!)
  }
}
