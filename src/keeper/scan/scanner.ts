// Finds out what changed in the share: folders are listed, what looks different waits until it has settled, is read
// and hashed, and then stands in the catalogue with a new version. Hints of a watch only say where to look first;
// the truth is the scan. One bounded step at a time; the keeper drives it.
//
//     hint ─▶ look ──┐ differs            same for SETTLE_MS           digest
//                    ├────────▶ settling ───────────────────▶ hashing ───────▶ catalogue
//     scan ─▶ list ──┘              ▲      changed meanwhile      │
//                                   └─────────────────────────────┘

import { earliest } from '../../base/earliest.js'
import type { Digest, Hash } from '../../base/item.js'
import { BLOCK_BYTES, DIGEST_BYTES, FILE_BYTES_MAX } from '../../base/limits.js'
import { type Disk, DiskError, type FileStat } from '../../base/ports.js'
import type { LinkPolicy } from '../../pipe/settings.js'
import type { Entry } from '../../share/entry.js'
import { checkPath, isOwnPath, joinPath, ownFoldersWithin, parentOf, SHARE_MARK } from '../../share/path.js'
import { bumpVersion, type PeerId } from '../../share/version.js'
import { DueQueue } from '../due-queue.js'
import type { Catalogue } from '../index/catalogue.js'
import { isKeptTime, type Signature, sameSignature, signatureOf } from '../index/signature.js'
import { SETTLE_MS, SETTLE_MS_MAX, STEP_BYTES, STEP_FILES } from '../limits.js'
import { HashJob } from './hashing.js'
import { FOLDER_DEPTH_MAX, HASH_CHUNK_BLOCKS } from './limits.js'
import { ReadAhead } from './read-ahead.js'

export interface ScannerOptions {
  readonly disk: Disk
  readonly hash: Hash
  readonly catalogue: Catalogue
  readonly peer: PeerId
  readonly links: LinkPolicy
  readonly wallMs: () => number
  readonly onChanged: (entry: Entry) => void
  readonly onProblem: (path: string, reason: string) => void
  /** A folder is there (or no longer) and its changes should be hinted at. */
  readonly onFolder: (path: string, present: boolean) => void
}

/** What is at a path, seen with the link policy; 'nothing' too for what is not shared. */
type Sight =
  | { readonly type: 'nothing' }
  /** It is there and never shared: what the catalogue knows of it stands, and its content is not given. */
  | { readonly type: 'withheld' }
  | { readonly type: 'folder'; readonly stat: FileStat }
  | { readonly type: 'file'; readonly stat: FileStat }
  | { readonly type: 'link'; readonly target: string }

interface Candidate {
  /** Undefined while it is the disappearance that has to settle. */
  readonly signature: Signature | undefined
  /** How long it must stay the same. */
  readonly settleMs: number
  /** When it was first seen to differ from the catalogue. */
  readonly sinceMs: number
  /** By its own times it has been the same for long enough already: it is read without another look. */
  readonly isRipe: boolean
}

export class Scanner {
  private readonly options: ScannerOptions
  private readonly foldersToList: string[] = []
  private readonly queuedFolders = new Set<string>()
  /** Of the queued ones, those whose names may stand for other folders by now than the ones that are watched. */
  private readonly foldersToRenew = new Set<string>()
  private readonly pathsToLook = new Set<string>()
  private readonly settling = new Map<string, Candidate>()
  private readonly due = new DueQueue()
  private readonly ahead: ReadAhead
  private job: HashJob | undefined
  private readonly buffer = new Uint8Array(HASH_CHUNK_BLOCKS * BLOCK_BYTES)
  private readonly troubled = new Set<string>()

  constructor(options: ScannerOptions) {
    this.options = options
    this.ahead = new ReadAhead(options.disk, options.hash)
  }

  /** Nothing to list, look at, hash or wait for. */
  get idle(): boolean {
    return !this.busy && this.settling.size === 0
  }

  /** There is work for the next step now. */
  get busy(): boolean {
    return this.foldersToList.length > 0 || this.pathsToLook.size > 0 || this.job !== undefined
  }

  /** Reads the whole share again. */
  scanAll(): void {
    this.queueFolder('')
  }

  /** Something may have changed at `path` (or anywhere in it, where it is a folder). */
  hint(path: string): void {
    this.ahead.handleHint(path)
    if (path === '') this.queueFolder('')
    else if (!isOwnPath(path)) this.pathsToLook.add(path)
  }

  pollTimeout(): number | undefined {
    return earliest(this.due.nextDueMs(), this.ahead.pollTimeout())
  }

  /** Does one bounded piece of work; answers whether there is more right now. */
  step(nowMs: number): boolean {
    let files = 0
    for (const path of this.pathsToLook) {
      if (files++ >= STEP_FILES) return true
      this.pathsToLook.delete(path)
      this.guarded(path, () => {
        if (this.look(path, nowMs)) this.queueFolder(path, { renew: true })
      })
    }
    if (this.hashSome(nowMs)) return true
    const folder = this.foldersToList.pop()
    if (folder !== undefined) {
      this.queuedFolders.delete(folder)
      this.guarded(folder, () => this.listFolder(folder, nowMs))
    }
    if (!this.busy) this.readSomeAhead(nowMs)
    return this.busy || (this.pollTimeout() ?? Number.POSITIVE_INFINITY) <= nowMs
  }

  /** Whether what stands at `path` is what the catalogue says, so that it may be replaced. */
  matches(path: string): boolean {
    const entry = this.options.catalogue.live(path)
    const sight = this.sightOf(path)
    if (entry === undefined) return sight.type === 'nothing' && this.options.disk.statLink(path) === undefined
    if (entry.kind === 'file' && sight.type === 'file') {
      return sameSignature(this.options.catalogue.signature(path), signatureOf(sight.stat))
    }
    return entry.kind === sight.type && (sight.type !== 'link' || sight.target === entry.target)
  }

  /** Whether this path is never read nor written: the user's own secrets, and LEFT's own folder of another share. */
  isWithheld(path: string): boolean {
    return this.sightOf(path).type === 'withheld'
  }

  /** A folder that is hinted at has just come: made by a person or by us, or moved here in the place of another one,
   *  with all that is in it. */
  private queueFolder(path: string, { renew }: { renew: boolean } = { renew: false }): void {
    if (renew) this.foldersToRenew.add(path)
    if (this.queuedFolders.has(path)) return
    this.queuedFolders.add(path)
    this.foldersToList.push(path)
  }

  private listFolder(folder: string, nowMs: number): void {
    const { disk, catalogue, onFolder } = this.options
    const renew = this.foldersToRenew.delete(folder)
    if (folder !== '' && this.sightOf(folder).type !== 'folder') return
    if (renew) onFolder(folder, false)
    // Watched before it is listed: what appears between the two is hinted at, the other way round it is lost.
    onFolder(folder, true)
    const listing = disk.list(folder)
    for (const name of listing.unreadable) this.problem(joinPath(folder, name), 'its name is not UTF-8')
    const present = new Set<string>()
    for (const name of listing.names) {
      const path = joinPath(folder, name)
      if (isOwnPath(path)) continue
      present.add(path)
      this.guarded(path, () => {
        if (this.look(path, nowMs)) this.queueFolder(path, { renew })
      })
    }
    for (const entry of catalogue.manifest.children(folder)) {
      if (entry.kind !== 'tombstone' && !present.has(entry.path)) this.arm(entry.path, undefined, nowMs)
    }
  }

  /** Compares what is at `path` with the catalogue; answers whether it is a folder. */
  private look(path: string, nowMs: number): boolean {
    const { catalogue } = this.options
    const sight = this.sightOf(path)
    const entry = catalogue.live(path)
    switch (sight.type) {
      case 'nothing':
        if (entry !== undefined) this.arm(path, undefined, nowMs)
        else this.disarm(path)
        return false
      case 'withheld':
        this.disarm(path)
        if (entry !== undefined) this.withhold(entry)
        return false
      case 'folder':
        this.disarm(path)
        if (entry?.kind !== 'folder') {
          this.commit(
            path,
            { kind: 'folder', sizeBytes: 0, mtimeMs: 0, executable: false, digest: '', target: '' },
            undefined,
          )
          this.queueFolder(path)
        }
        return true
      case 'link':
        this.disarm(path)
        if (entry?.kind !== 'link' || entry.target !== sight.target) {
          this.commit(
            path,
            { kind: 'link', sizeBytes: 0, mtimeMs: 0, executable: false, digest: '', target: sight.target },
            undefined,
          )
        }
        return false
      case 'file':
        if (entry?.kind === 'file' && sameSignature(catalogue.signature(path), signatureOf(sight.stat)))
          this.disarm(path)
        else this.arm(path, signatureOf(sight.stat), nowMs)
        return false
    }
  }

  private sightOf(path: string): Sight {
    const { disk, links } = this.options
    const fault = checkPath(path)
    if (fault !== undefined) {
      this.problem(path, `its path cannot be shared (${fault})`)
      return { type: 'nothing' }
    }
    if (this.isInOtherShare(path)) {
      this.problem(path, OTHER_SHARE_REASON)
      return { type: 'withheld' }
    }
    const own = disk.statLink(path)
    if (own === undefined) {
      this.troubled.delete(path)
      return { type: 'nothing' }
    }
    if (own.kind !== 'link') return this.sightOfContent(path, own)
    if (links === 'skip') return { type: 'nothing' }
    const target = disk.readLink(path)
    if (links === 'keep') return { type: 'link', target }
    // A link that a peer made stays one: followed, it would share whatever file of ours the peer names.
    const known = this.options.catalogue.live(path)
    if (known?.kind === 'link' && known.target === target) return { type: 'link', target }
    const pointed = disk.stat(path)
    if (pointed === undefined) {
      this.problem(path, 'it is a link to nothing')
      return { type: 'nothing' }
    }
    if (pointed.kind === 'folder' && this.isCycle(path, pointed)) {
      this.problem(path, 'it is a link to a folder that holds it')
      return { type: 'nothing' }
    }
    return this.sightOfContent(path, pointed)
  }

  private isInOtherShare(path: string): boolean {
    return ownFoldersWithin(path).some((folder) => {
      const mark = this.options.disk.statLink(joinPath(folder, SHARE_MARK))
      return mark?.kind === 'file'
    })
  }

  private sightOfContent(path: string, stat: FileStat): Sight {
    if (stat.kind === 'folder') return { type: 'folder', stat }
    if (stat.kind === 'private') {
      this.problem(path, PRIVATE_REASON)
      return { type: 'withheld' }
    }
    if (stat.kind === 'file') {
      if (stat.sizeBytes <= FILE_BYTES_MAX) return { type: 'file', stat }
      this.problem(path, `it is larger than ${FILE_BYTES_MAX} bytes, the most that one file may have`)
    } else {
      this.problem(path, 'it is neither a file nor a folder')
    }
    return { type: 'nothing' }
  }

  /** Whether a folder that a link points at is one of those that the link is in, or the share itself. */
  private isCycle(path: string, pointed: FileStat): boolean {
    let folder = parentOf(path)
    for (let depth = 0; depth < FOLDER_DEPTH_MAX; depth++) {
      const stat = this.options.disk.stat(folder)
      if (stat !== undefined && stat.inode === pointed.inode && stat.device === pointed.device) return true
      if (folder === '') return false
      folder = parentOf(folder)
    }
    return true
  }

  /** Something that differs from the catalogue was seen at the path. */
  private arm(path: string, signature: Signature | undefined, nowMs: number): void {
    const before = this.settling.get(path)
    if (before !== undefined && sameSignature(before.signature, signature)) return
    const settleMs = settleAgainMs(before, nowMs)
    const restMs = settleMs - this.quietMs(signature, settleMs)
    const sinceMs = before?.sinceMs ?? nowMs
    this.settling.set(path, { signature, settleMs, sinceMs, isRipe: restMs === 0 })
    this.due.set(path, nowMs + restMs)
    // What changes again and again is read once, when it has come to rest.
    if (settleMs === SETTLE_MS) this.ahead.handleArmed(path, signature, restMs, nowMs)
    else this.ahead.forget(path)
  }

  /** A file changed while it was read. Its times may be too coarse to tell, so they say nothing of how long ago. */
  private rearm(path: string, signature: Signature | undefined, nowMs: number): void {
    const before = this.settling.get(path)
    const settleMs = settleAgainMs(before, nowMs)
    const sinceMs = before?.sinceMs ?? nowMs
    this.settling.set(path, { signature, settleMs, sinceMs, isRipe: false })
    this.due.set(path, nowMs + settleMs)
  }

  /** How long a file has been as it is now, by its own timestamps; at most `settleMs`, and 0 where the clock
   *  that stamped it and ours disagree. */
  private quietMs(signature: Signature | undefined, settleMs: number): number {
    if (signature === undefined) return 0
    const quietMs = this.options.wallMs() - Math.max(signature.mtimeMs, signature.ctimeMs)
    return quietMs < 0 ? 0 : Math.min(quietMs, settleMs)
  }

  private disarm(path: string): void {
    if (!this.settling.delete(path)) return
    this.due.delete(path)
    this.ahead.forget(path)
  }

  private readSomeAhead(nowMs: number): void {
    let budgetBytes = STEP_BYTES
    for (let files = 0; files < STEP_FILES && budgetBytes > 0; files++) {
      const path = this.ahead.pollPath(nowMs)
      if (path === undefined) return
      this.guarded(path, () => {
        budgetBytes -= Math.max(this.ahead.read(path, this.buffer), 1)
      })
    }
  }

  private hashSome(nowMs: number): boolean {
    let budgetBytes = STEP_BYTES
    for (let files = 0; files < STEP_FILES && budgetBytes > 0; files++) {
      if (this.job === undefined) {
        const path = this.due.take(nowMs)
        if (path === undefined) return false
        this.guarded(path, () => this.handleDue(path, nowMs))
        continue
      }
      const { job } = this
      budgetBytes -= Math.max(job.signature.sizeBytes, 1)
      this.guarded(job.path, () => this.stepJob(job, nowMs))
    }
    return true
  }

  private handleDue(path: string, nowMs: number): void {
    const candidate = this.settling.get(path)
    if (candidate === undefined) return
    if (candidate.isRipe && candidate.signature !== undefined) {
      // Whether it is still what was seen is what the job ends with.
      this.job = new HashJob(this.options.disk, this.options.hash, path, candidate.signature)
      return
    }
    const sight = this.sightOf(path)
    const signature = sight.type === 'file' ? signatureOf(sight.stat) : undefined
    if (!sameSignature(signature, candidate.signature)) {
      this.arm(path, signature, nowMs)
      return
    }
    const digest = this.ahead.take(path)
    if (signature !== undefined && digest !== undefined) {
      this.settling.delete(path)
      this.commitFile(path, signature, digest)
      return
    }
    if (signature !== undefined) {
      this.job = new HashJob(this.options.disk, this.options.hash, path, signature)
      return
    }
    this.settling.delete(path)
    if (sight.type === 'nothing') this.bury(path)
    else this.look(path, nowMs)
  }

  private stepJob(job: HashJob, nowMs: number): void {
    const result = job.step(this.buffer, STEP_BYTES)
    if (result.type === 'more') return
    this.closeJob()
    if (result.type === 'changed') {
      const sight = this.sightOf(job.path)
      this.rearm(job.path, sight.type === 'file' ? signatureOf(sight.stat) : undefined, nowMs)
      return
    }
    this.settling.delete(job.path)
    if (result.list.length > DIGEST_BYTES) this.options.catalogue.putList(result.digest, result.list)
    this.commitFile(job.path, job.signature, result.digest)
  }

  private commitFile(path: string, signature: Signature, digest: Digest): void {
    const { sizeBytes, executable } = signature
    const mtimeMs = Math.round(signature.mtimeMs)
    this.commit(path, { kind: 'file', sizeBytes, mtimeMs, executable, digest, target: '' }, signature)
  }

  /** A new version of our own making, unless it says nothing new. */
  private commit(
    path: string,
    seen: Omit<Entry, 'path' | 'version'>,
    signature: Signature | undefined,
  ): void {
    const { catalogue, peer, onChanged } = this.options
    this.troubled.delete(path)
    const before = catalogue.get(path)
    const same =
      before !== undefined &&
      before.kind === seen.kind &&
      before.digest === seen.digest &&
      isKeptTime(seen.mtimeMs, before.mtimeMs) &&
      before.executable === seen.executable &&
      before.target === seen.target
    if (same) {
      if (signature !== undefined) catalogue.refreshSignature(path, signature)
      return
    }
    if (before?.kind === 'folder' && seen.kind !== 'folder') this.buryInside(path)
    const entry: Entry = { path, ...seen, version: bumpVersion(before?.version ?? '', peer) }
    catalogue.record(entry, signature)
    onChanged(entry)
  }

  private bury(path: string): void {
    const entry = this.options.catalogue.live(path)
    if (entry === undefined) return
    if (entry.kind === 'folder') this.buryInside(path)
    this.buryOne(entry)
  }

  private buryInside(folder: string): void {
    const { catalogue, onFolder } = this.options
    for (const entry of [...catalogue.manifest.children(folder)]) {
      if (entry.kind === 'folder') this.buryInside(entry.path)
      if (entry.kind !== 'tombstone') this.buryOne(entry)
    }
    onFolder(folder, false)
  }

  /** Of what is in a folder too. */
  private withhold(entry: Entry): void {
    const { catalogue, onFolder } = this.options
    catalogue.doubt(entry.path)
    if (entry.kind !== 'folder') return
    onFolder(entry.path, false)
    for (const child of [...catalogue.manifest.children(entry.path)]) this.withhold(child)
  }

  private buryOne(entry: Entry): void {
    const { catalogue, peer, wallMs, onChanged } = this.options
    const tombstone: Entry = {
      path: entry.path,
      kind: 'tombstone',
      sizeBytes: 0,
      mtimeMs: Math.round(wallMs()),
      executable: false,
      digest: '',
      target: '',
      version: bumpVersion(entry.version, peer),
    }
    catalogue.record(tombstone, undefined)
    onChanged(tombstone)
  }

  /** Runs `work`; what the disk refuses is said once and the path is left as it is until it changes. */
  private guarded(path: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (this.job?.path === path) this.closeJob()
      this.disarm(path)
      // What vanished since it was seen, or became something else, is found so by the next look.
      if (error.code === 'missing' || error.code === 'changed-kind') this.pathsToLook.add(path)
      else this.problem(path, reasonOf(error))
    }
  }

  private closeJob(): void {
    this.job?.close()
    this.job = undefined
  }

  private problem(path: string, reason: string): void {
    if (this.troubled.has(path)) return
    this.troubled.add(path)
    this.options.onProblem(path, reason)
  }
}

/** How long what has changed once more must stay the same. The making of a file and the first writes into it come one after
 *  the other and are one change; what still changes after that is being written for longer. */
function settleAgainMs(before: Candidate | undefined, nowMs: number): number {
  if (before === undefined || nowMs - before.sinceMs < SETTLE_MS) return SETTLE_MS
  return Math.min(2 * before.settleMs, SETTLE_MS_MAX)
}

export const PRIVATE_REASON =
  'it is or holds your identity, the peers that you trust or your secret: that is never shared, and no peer writes it'

export const OTHER_SHARE_REASON = "it is left's own folder of another share: that is never shared"

function reasonOf(error: DiskError): string {
  if (error.code === 'private') return PRIVATE_REASON
  if (error.code === 'denied') return 'it cannot be read (permission denied)'
  return `it cannot be read (${error.message})`
}
