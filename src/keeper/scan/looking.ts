// Compares what stands in the share with the catalogue, a folder or a path at a time. Folders and links are recorded at once; a file or
// an absence is armed to settle; what is found on the way is queued. The scanner drives it.

import type { Disk } from '../../base/ports.js'
import { causeOf } from '../../base/reason.js'
import type { Entry } from '../../share/entry.js'
import { IGNORE_FILE } from '../../share/ignore-rules.js'
import { isOwnPath, joinPath } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { isKnownMode, type Signature, sameSignature, signatureOf } from '../index/signature.js'
import type { Absence } from './absence.js'
import type { Findings } from './findings.js'
import { type Ignoring, isRulesFile } from './ignoring.js'
import { Keeping } from './keeping.js'
import type { Locals } from './locals.js'
import type { LookQueue, QueuedFolder } from './look-queue.js'
import type { Missing } from './missing.js'
import type { Moved } from './moved.js'
import type { MovedTrees } from './moved-trees.js'
import type { Recording } from './recording.js'
import type { SameNames } from './same-names.js'
import type { Settling } from './settling.js'
import type { Sighting } from './sight.js'

export interface LookingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly onFolder: (path: string, present: boolean) => void
  readonly queue: LookQueue
  readonly findings: Findings
  readonly ignoring: Ignoring
  readonly sighting: Sighting
  readonly absence: Absence
  readonly settling: Settling
  readonly recording: Recording
  readonly locals: Locals
  readonly moved: Moved
  readonly movedTrees: MovedTrees
  readonly missing: Missing
  readonly sameNames: SameNames
  /** Runs `work`, and takes note of the DiskErrors of each path. */
  readonly guarded: (path: string, work: () => void) => void
}

export class Looking {
  private readonly options: LookingOptions
  private readonly keeping: Keeping

  constructor(options: LookingOptions) {
    this.options = options
    this.keeping = new Keeping(options)
  }

  /** Compares what is in the folder with the catalogue, and queues the folders in it. */
  listFolder({ path: folder, renew }: QueuedFolder, nowMs: number): void {
    const { disk, catalogue, onFolder, sighting, absence, findings, ignoring } = this.options
    const { missing, recording, locals, guarded, queue } = this.options
    if (folder !== '' && sighting.at(folder).type !== 'folder') return
    if (renew) onFolder(folder, false)
    // Watched before it is listed: what appears between the two is hinted at, the other way round it is lost.
    onFolder(folder, true)
    const doubt = absence.handleFolder(folder)
    if (doubt !== undefined) findings.addProblem(doubt.path, doubt.reason, causeOf('unseen', doubt.reason))
    const listing = disk.list(folder)
    if (doubt === undefined && listing.names.length > 1) findings.forgetProblem(folder)
    if (listing.names.length === 0 && catalogue.isRemaining(folder)) findings.addEmptied(folder)
    for (const name of listing.unreadable)
      findings.addProblem(joinPath(folder, name), 'its name is not UTF-8', causeOf('name-not-utf8'))
    ignoring.handleListed(folder, listing.names.includes(IGNORE_FILE), nowMs)
    const present = new Set(listing.names.map((name) => joinPath(folder, name)))
    const absent: Entry[] = []
    // Missing paths first: each may be among what came.
    for (const entry of [...catalogue.manifest.children(folder)]) {
      const { path } = entry
      if (present.has(path)) continue
      if (catalogue.live(path) !== undefined && ignoring.leavesOut(entry)) absent.push(entry)
      else if (doubt !== undefined) recording.hide(entry)
      else if (missing.isAnyKnown(path)) missing.arm(path, nowMs)
    }
    for (const path of present) {
      if (isOwnPath(path)) continue
      guarded(path, () => {
        if (this.look(path, nowMs, 'listed')) queue.addFolder(path, { renew })
      })
    }
    for (const name of locals.namesIn(folder)) {
      const path = joinPath(folder, name)
      if (!present.has(path)) recording.handleLocalGone(path)
    }
    // The entry was left out before it was gone, or it may have been: no deletion.
    for (const entry of absent) recording.leaveOut(entry)
  }

  /** Compares what is at `path` with the catalogue; answers whether it is a folder. `listed`: the folder of the path was listed just now. */
  look(path: string, nowMs: number, when?: 'listed'): boolean {
    const { catalogue, ignoring, sighting, recording, settling, locals } = this.options
    const { missing, moved, movedTrees, sameNames, queue } = this.options
    if (isRulesFile(path)) ignoring.look(path, nowMs)
    if (isOwnPath(path)) return false
    const sight = sighting.at(path, when === 'listed' ? 'trusted' : undefined)
    // A person removed it: whoever knows it yet is told.
    if (sight.type === 'nothing') recording.handleAsideGone(path)
    // Never to be shared: nobody is asked about it.
    if (sight.type === 'ignored' || sight.type === 'withheld') catalogue.aside.drop(path)
    const isKept = catalogue.kept(path) !== undefined || catalogue.aside.has(path)
    if (isKept && this.keeping.isAsKept(path, sight, nowMs)) return sight.type === 'folder'
    const entry = catalogue.live(path)
    if (sight.type !== 'nothing' && sight.type !== 'unshared') recording.show(path)
    switch (sight.type) {
      case 'nothing':
        recording.handleLocalGone(path)
        if (missing.isAnyKnown(path)) missing.arm(path, nowMs)
        else settling.disarm(path)
        return false
      case 'unshared':
      case 'withheld':
        settling.disarm(path)
        locals.delete(path)
        if (entry !== undefined) recording.withhold(entry)
        if (entry !== undefined && sight.type === 'unshared') recording.hide(entry)
        return false
      case 'ignored':
        settling.disarm(path)
        locals.delete(path)
        // A deleted folder that remains is none of ours, and what is in it may be.
        if (entry !== undefined) recording.leaveOut(entry)
        else if (catalogue.isRemaining(path)) recording.leaveOut(catalogue.get(path)!)
        return false
      case 'folder':
        settling.disarm(path)
        moved.handleRecorded(path)
        this.lookAtPlaceOf(path)
        // The folder was deleted, and stays for what is in it.
        if (catalogue.isRemaining(path)) return true
        if (catalogue.get(path)?.kind !== 'folder' && movedTrees.isLeftAlone(path, sight.stat, nowMs))
          return false
        if (entry?.kind !== 'folder') {
          recording.recordFolder(path, sight.stat)
          queue.addFolder(path)
          sameNames.hintOther(path)
        } else if (!isKnownMode(catalogue.mode(path), sight.stat)) recording.recordFolder(path, sight.stat)
        return true
      case 'link':
        settling.disarm(path)
        if (entry?.kind !== 'link' || entry.target !== sight.target) recording.recordLink(path, sight.target)
        return false
      case 'file':
        this.lookAtFile(path, signatureOf(sight.stat), { nowMs, isHinted: when === undefined })
        return false
    }
  }

  private lookAtFile(
    path: string,
    signature: Signature,
    { nowMs, isHinted }: { readonly nowMs: number; readonly isHinted: boolean },
  ): void {
    const { catalogue, settling, locals } = this.options
    const known = catalogue.signature(path)
    if (sameSignature(locals.get(path)?.signature, signature)) {
      settling.disarm(path)
      return
    }
    if (catalogue.live(path)?.kind !== 'file' || !sameSignature(known, signature)) {
      settling.arm(path, signature, nowMs)
      return
    }
    if (isHinted && settling.mayHideChange(signature, nowMs)) {
      catalogue.doubt(path)
      settling.rearm(path, signature, nowMs)
      return
    }
    settling.disarm(path)
    if (!isKnownMode(known?.mode, signature.mode)) catalogue.refreshSignature(path, signature)
  }

  /** A folder is there that was missing, and is nowhere else. */
  private lookAtPlaceOf(path: string): void {
    const { movedTrees, queue } = this.options
    const place = movedTrees.handleRecorded(path)
    if (place !== undefined) queue.hint(place)
  }
}
