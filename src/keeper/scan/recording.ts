// Enters what was seen into the catalogue with a new version of our own, unless it says nothing new. The scanner owns this.

import { morePrivate, PRIVACY } from '../../base/access.js'
import type { Digest } from '../../base/item.js'
import type { Direction } from '../../pipe/settings.js'
import { holds } from '../../share/dots.js'
import {
  changeMode,
  confirmRemoval,
  editContent,
  type Made,
  mtimeOf,
  NO_MODE,
  removeContent,
  restoreContent,
  sameContent,
  sameMode,
  touch,
  unite,
} from '../../share/edit.js'
import type { Content, Entry, Mode } from '../../share/entry.js'
import { joinPath, parentOf } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import type { OwnEdits } from '../index/own-edits.js'
import { isKeptTime, modeOf, type Signature } from '../index/signature.js'
import type { Findings } from './findings.js'
import type { Locals } from './locals.js'
import { type Moved, movedFolder } from './moved.js'

export interface RecordingOptions {
  readonly catalogue: Catalogue
  readonly edits: OwnEdits
  readonly wallMs: () => number
  readonly onFolder: (path: string, present: boolean) => void
  readonly findings: Findings
  readonly moved: Moved
  /** Given on a machine that only receives. */
  readonly locals: Locals | undefined
  readonly direction: Direction
}

export class Recording {
  private readonly options: RecordingOptions

  constructor(options: RecordingOptions) {
    this.options = options
  }

  recordFolder(path: string, mode: Mode): void {
    this.record(path, { ...NO_CONTENT, kind: 'folder' }, modeOf({ ...mode, executable: false }), undefined)
  }

  recordLink(path: string, target: string): void {
    this.record(path, { ...NO_CONTENT, kind: 'link', target }, NO_MODE, undefined)
  }

  recordFile(path: string, signature: Signature, digest: Digest): void {
    const { sizeBytes, mode } = signature
    const mtimeMs = Math.round(signature.mtimeMs)
    const content: Content = { ...NO_CONTENT, kind: 'file', sizeBytes, mtimeMs, digest }
    this.record(path, content, mode, signature)
  }

  /** A new version of our own making, unless it says nothing new. `seen`: the mode that the disk shows. */
  private record(path: string, content: Content, seen: Mode, signature: Signature | undefined): void {
    const { catalogue, findings, locals } = this.options
    findings.forgetProblem(path)
    if (locals !== undefined) {
      this.recordLocal(path, content, { seen, signature, locals })
      return
    }
    const restored = catalogue.stoppedPaths.isUndone(path) ? this.restored(path) : undefined
    const aside = catalogue.aside.get(path)
    const kept = catalogue.kept(path) ?? aside
    if (kept !== undefined && sameContent(kept.entry, content)) {
      // Mode and time of what is kept are a person's edits all the same, for when it counts again.
      const isReplaced = isOtherFile(kept.signature, signature)
      const known = { mode: kept.mode, isHeld: true }
      const entry = this.edited(kept.entry, path, content, { seen, known, isReplaced })
      const refreshed = { entry, signature, mode: signature?.mode ?? seen }
      if (aside === undefined) catalogue.keptEntries.refresh(path, refreshed)
      else catalogue.aside.refresh(path, refreshed)
      return
    }
    // An edit of what was set aside is on top of it, and stands in folders that count.
    this.takeUp(path)
    // An edit of what was kept is on top of that, and has not seen the change that was stopped.
    const stopped = catalogue.keptEntries.takeBack(path)
    const known = catalogue.get(path)
    // An edit has seen nothing of what is not held, and would replace it at those who have it.
    const unheld =
      known === undefined || catalogue.isHeld(path) || sameContent(known, content) ? undefined : known
    // A person who deleted a version here had it, though the breaker told nobody of that.
    const before = unheld === undefined ? known : catalogue.givenUp(path)
    const isReplaced = isOtherFile(catalogue.signature(path), signature)
    const shown = { mode: catalogue.mode(path), isHeld: catalogue.isHeld(path) }
    const entry = this.edited(before, path, content, { seen, known: shown, isReplaced })
    if (entry === before) {
      this.recordKnown(entry, seen, signature)
      if (restored !== undefined) findings.addChange(entry)
      return
    }
    // Things of ours may have stood in a folder that is known and not held.
    const wasFolder = before?.kind === 'folder' || catalogue.hasStandingBelow(path)
    if (wasFolder && content.kind !== 'folder') this.markDeletedInside(path)
    catalogue.record(entry, signature, seen)
    this.options.moved.handleRecorded(path)
    const isUnseen = unheld !== undefined && !holds(entry.version.seen, unheld.version.content)
    findings.addChange(entry, stopped ?? (isUnseen ? unheld : undefined))
    this.findWider(entry, seen)
  }

  /** What stands is what is known. */
  private recordKnown(entry: Entry, seen: Mode, signature: Signature | undefined): void {
    const { catalogue, findings } = this.options
    const { path } = entry
    if (!catalogue.isHeld(path)) {
      catalogue.record(entry, signature, seen)
      findings.addHeld(path)
    } else if (signature !== undefined) catalogue.refreshSignature(path, signature)
    else if (seen.access !== 'none') catalogue.refreshMode(path, seen)
    this.findWider(entry, seen)
  }

  /** A peer closed it while it was not here to be closed: its deletion was held, or nobody could look. A machine that only sends
   *  takes no mode over. */
  private findWider({ path, access }: Entry, seen: Mode): void {
    const { findings, direction } = this.options
    if (direction === 'send-only' || seen.access === 'none') return
    if (PRIVACY[access] > PRIVACY[seen.access]) findings.addWider(path)
  }

  /** Nothing that is changed here gets a version. What a peer has stands; where its content is another one, it is not held. */
  private recordLocal(
    path: string,
    content: Content,
    {
      seen,
      signature,
      locals,
    }: { readonly seen: Mode; readonly signature: Signature | undefined; readonly locals: Locals },
  ): void {
    const { catalogue, findings } = this.options
    const kept = catalogue.kept(path)
    if (kept !== undefined && sameContent(kept.entry, content)) {
      catalogue.keptEntries.refresh(path, { ...kept, signature, mode: signature?.mode ?? seen })
      return
    }
    // An edit of what was kept is local to the change that was stopped. Kept on under the former content, it would be replaced as that.
    this.dropKept(path)
    const aside = catalogue.aside.get(path)
    if (aside !== undefined && sameContent(aside.entry, content)) {
      catalogue.aside.refresh(path, { ...aside, signature, mode: signature?.mode ?? seen })
      return
    }
    catalogue.aside.drop(path)
    const known = catalogue.get(path)
    if (known !== undefined && known.kind !== 'tombstone' && sameContent(known, content)) {
      locals.delete(path)
      this.recordKnown(known, seen, signature)
      return
    }
    const live = catalogue.live(path)
    if (live?.kind === 'folder' || kept?.entry.kind === 'folder')
      for (const child of [...catalogue.manifest.children(path)]) this.miss(child.path, locals)
    if (live !== undefined) catalogue.release(path)
    if (locals.set(path, content, signature)) findings.addHeld(path)
  }

  /** Nothing is at the path any more, on a machine that only receives. */
  private miss(path: string, locals: Locals): void {
    const { catalogue, findings } = this.options
    this.dropKept(path)
    for (const child of [...catalogue.manifest.children(path)]) this.miss(child.path, locals)
    for (const name of locals.namesIn(path)) this.miss(joinPath(path, name), locals)
    const known = catalogue.get(path)
    // The path was edited here before it went.
    if (locals.delete(path)) {
      if (known !== undefined && !catalogue.isHeld(path)) catalogue.record(known, undefined)
      findings.addHeld(path)
    }
    if (catalogue.live(path) === undefined || catalogue.isMissing(path)) return
    catalogue.stopDeletion(path)
    findings.addHeld(path)
  }

  /** Records that a change made here is gone from its path by a person's hand. */
  handleLocalGone(path: string): void {
    const { locals } = this.options
    if (locals?.get(path) !== undefined) this.miss(path, locals)
  }

  /** A folder that was made here where peers deleted one stands, as on their disks, for what is in it that they have. Answers whether it is
   *  one. */
  leaveRemaining(path: string): boolean {
    const { catalogue, findings, locals } = this.options
    if (locals?.get(path)?.kind !== 'folder') return false
    if (catalogue.get(path)?.kind !== 'tombstone' || !catalogue.hasHeldBelow(path)) return false
    catalogue.setRemaining(path, true)
    findings.addHeld(path)
    return locals.delete(path)
  }

  /** The same entry where nothing is new: the same content with another time was touched. */
  private edited(
    before: Entry | undefined,
    path: string,
    content: Content,
    {
      seen,
      known,
      isReplaced,
    }: { seen: Mode; known: { mode: Mode | undefined; isHeld: boolean }; isReplaced: boolean },
  ): Entry {
    const { edits } = this.options
    const isEdited = before === undefined || !sameContent(before, content)
    const isSameKind = before?.kind === content.kind
    // Whoever made the very content that was not held chose who may read it.
    const isMade = isEdited || !known.isHeld
    const mode = isSameKind
      ? editedMode(before, { seen, known: known.mode, isMade, isReplaced: isMade && isReplaced })
      : seen
    if (isEdited) return this.entryOf(editContent(before, { path, content, mode, dot: edits.nextDot() }))
    const isTimed = isKeptTime(content.mtimeMs, mtimeOf(before))
    const isMode = sameMode(before, mode)
    if (isTimed && isMode) return before
    const dot = edits.nextDot()
    const entry = isMode ? before : this.entryOf(changeMode(before, dot, mode))
    return isTimed ? entry : this.entryOf(touch(entry, dot, content.mtimeMs))
  }

  private entryOf({ entry, folded }: Made): Entry {
    this.options.catalogue.folded.add(entry.path, folded)
    return entry
  }

  /** Nothing is at the path any more: a deletion of ours. */
  markDeleted(path: string): void {
    const { catalogue, locals } = this.options
    if (locals !== undefined) {
      this.miss(path, locals)
      return
    }
    const entry = catalogue.live(path)
    this.dropKept(path, 'told')
    const isFolder = entry?.kind === 'folder' || catalogue.hasStandingBelow(path)
    const target = isFolder ? this.markDeletedInside(path) : ''
    catalogue.setRemaining(path, false)
    if (entry !== undefined) this.markOneDeleted(entry, target)
  }

  /** Forgets what a peer deleted or replaced, and was kept here all the same: it is gone by a person's hand. `told`: peers are told of that. */
  dropKept(path: string, isTold?: 'told'): void {
    const { catalogue, findings } = this.options
    const kept = catalogue.kept(path)
    if (kept === undefined) return
    catalogue.keptEntries.drop(path)
    if (isTold !== undefined) this.handleLoserRemoved(kept.entry)
    findings.addDropped(path)
    if (kept.entry.kind !== 'folder') return
    for (const child of [...catalogue.manifest.children(path)]) this.dropKept(child.path, isTold)
  }

  /** What was kept as the loser of a conflict was removed by a person who had it: the winner has replaced it from now on.
   *  Peers remember the loser, and one of them may edit the winner and lose against it. */
  private handleLoserRemoved(loser: Entry): void {
    const { catalogue } = this.options
    const winner = catalogue.get(loser.path)!
    if (holds(winner.version.seen, loser.version.content)) return
    const winning = { content: 'local', attributes: 'local' } as const
    catalogue.keptEntries.renew(this.entryOf(unite(winner, loser, winning)))
  }

  /** A person says that what was deleted here is to be deleted everywhere, much as it is. */
  confirmDeleted(path: string): void {
    const entry = this.options.catalogue.live(path)
    if (entry !== undefined) this.markOneDeleted(entry, '', { isConfirmed: true })
  }

  /** Makes what was kept against a change of a peer an edit on top of that. */
  restoreKept(path: string): void {
    const entry = this.restored(path)
    if (entry !== undefined) this.options.findings.addChange(entry)
  }

  private restored(path: string): Entry | undefined {
    const { catalogue, edits } = this.options
    const kept = catalogue.kept(path)
    const stopped = catalogue.keptEntries.takeBack(path)
    if (kept === undefined || stopped === undefined) return undefined
    const entry = this.entryOf(restoreContent(kept.entry, stopped, edits.nextDot()))
    catalogue.record(entry, catalogue.signature(path), catalogue.mode(path))
    return entry
  }

  /** Lets what was set aside at the path and in the folders above it count again. Answers whether anything was. */
  takeUp(path: string): boolean {
    const { catalogue } = this.options
    if (catalogue.aside.size === 0) return false
    let isAny = false
    for (let at = path; at !== ''; at = parentOf(at)) if (catalogue.takeUp(at)) isAny = true
    return isAny
  }

  /** Nothing stands any more where something was set aside. */
  handleAsideGone(path: string): void {
    const { catalogue, locals } = this.options
    // A machine that only receives tells of no deletion.
    if (locals !== undefined) catalogue.aside.drop(path)
    else catalogue.takeUp(path)
  }

  /** A person says that what was set aside is to be everywhere, whoever has deleted it. */
  confirmAside(path: string): void {
    const { catalogue, edits, findings } = this.options
    if (!catalogue.takeUp(path)) return
    const known = catalogue.get(path)!
    const content = { ...known, mtimeMs: mtimeOf(known) }
    const entry = this.entryOf(editContent(known, { path, content, mode: known, dot: edits.nextDot() }))
    catalogue.record(entry, catalogue.signature(path), catalogue.mode(path))
    findings.addChange(entry)
  }

  /** Answers where the folder is now, by the first thing in it that was moved. */
  private markDeletedInside(folder: string): string {
    const { catalogue, onFolder } = this.options
    let target = ''
    for (const entry of [...catalogue.manifest.children(folder)]) {
      const isFolder = entry.kind === 'folder' || catalogue.hasStandingBelow(entry.path)
      const below = isFolder ? this.markDeletedInside(entry.path) : ''
      this.dropKept(entry.path, 'told')
      catalogue.setRemaining(entry.path, false)
      if (entry.kind === 'tombstone' || !catalogue.isHeld(entry.path)) continue
      const part = this.markOneDeleted(entry, below)
      if (target === '') target = movedFolder(entry.path, part)
    }
    onFolder(folder, false)
    return catalogue.live(target)?.kind === 'folder' ? target : ''
  }

  /** The entry is there and not shared: neither it nor what is in it is given. */
  withhold(entry: Entry): void {
    const { catalogue, onFolder } = this.options
    catalogue.doubt(entry.path)
    if (entry.kind !== 'folder') return
    onFolder(entry.path, false)
    for (const child of [...catalogue.manifest.children(entry.path)]) this.withhold(child)
  }

  /** Rules leave the entry out from now on, with all that is in it: it stays where it is and is known, and is not held. */
  leaveOut(entry: Entry): void {
    this.release(entry)
    this.options.findings.addReleased(entry.path)
  }

  private release(entry: Entry): void {
    const { catalogue, onFolder } = this.options
    const isFolder = entry.kind === 'folder' || catalogue.isRemaining(entry.path)
    catalogue.release(entry.path)
    if (!isFolder) return
    onFolder(entry.path, false)
    for (const child of [...catalogue.manifest.children(entry.path)]) this.release(child)
  }

  /** Hides an entry that cannot be seen now, with all that is in it: it stands, and is not given. */
  hide(entry: Entry): void {
    const { catalogue, findings } = this.options
    if (catalogue.setHidden(entry.path, true)) findings.addHeld(entry.path)
    if (entry.kind === 'folder')
      for (const child of [...catalogue.manifest.children(entry.path)]) this.hide(child)
  }

  /** Something stands at the path again. */
  show(path: string): void {
    const { catalogue, findings } = this.options
    if (catalogue.setHidden(path, false)) findings.addHeld(path)
  }

  /** `folderNow`: of a folder, where it is now. Answers where the content is, '' where nothing tells. */
  private markOneDeleted(entry: Entry, folderNow: string, { isConfirmed } = { isConfirmed: false }): string {
    const { catalogue, edits, wallMs, findings, moved } = this.options
    const target = entry.kind === 'folder' ? folderNow : moved.targetOf(entry)
    const dot = edits.nextDot()
    const removed = this.entryOf(removeContent(entry, dot, Math.round(wallMs()), target))
    const tombstone = isConfirmed ? this.entryOf(confirmRemoval(removed, dot)) : removed
    catalogue.record(tombstone, undefined)
    moved.handleRecorded(entry.path)
    findings.addChange(tombstone)
    return target
  }
}

/** Whether another file stands there than the one that was known. */
function isOtherFile(known: Signature | undefined, seen: Signature | undefined): boolean {
  return known !== undefined && seen !== undefined && known.inode !== seen.inode
}

const NO_CONTENT = { sizeBytes: 0, mtimeMs: 0, digest: '', target: '', deletedKind: undefined } as const

/** The mode that an entry has from now on. Only a change of the mode that was `known` is an edit: the disk may show less than
 *  the entry says, because of the umask, and where it keeps no modes it shows none. */
function editedMode(
  before: Entry,
  {
    seen,
    known,
    isMade,
    isReplaced,
  }: { seen: Mode; known: Mode | undefined; isMade: boolean; isReplaced: boolean },
): Mode {
  if (seen.access === 'none') return before
  const isUntold = before.access === 'none'
  if (known === undefined || known.access === 'none') {
    // The index of format 1 did not tell who may read, and an entry of it has not been told.
    return {
      access: isMade ? morePrivate(seen.access, before.access) : before.access,
      executable: isMade || isUntold ? seen.executable : before.executable,
    }
  }
  // The mode of the entry could not be set on the file that was there (a link's, somebody else's): it was never this one's. Less
  // access may be the umask's doing, which takes no executable bit from the owner.
  const isOpener = isReplaced && PRIVACY[known.access] < PRIVACY[before.access]
  const keepsAccess = seen.access === known.access && !(isUntold && isMade) && !isOpener
  const keepsExecutable = seen.executable === known.executable && !isReplaced
  return {
    access: keepsAccess ? before.access : seen.access,
    executable: keepsExecutable ? before.executable : seen.executable,
  }
}
