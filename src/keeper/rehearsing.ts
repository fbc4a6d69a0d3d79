// Foretells what would become of the entries of peers, and does none of it: for a dry run. It asks the parts that decide in a keeper
// that runs, in their order (receiving.ts): ignore rules, links that are refused, the direction, `decideHere`, and the breaker. Where
// several peers tell of one path, each is decided against what the ones before it would have left there.

import type { Deed, ForetoldDeed } from '../pipe/deeds.js'
import type { Direction, LinkPolicy } from '../pipe/settings.js'
import { copyOf, type Decision, decide } from '../share/decide.js'
import { peerOf } from '../share/dots.js'
import { mtimeOf, sameContent } from '../share/edit.js'
import type { Content, Entry, EntryKind } from '../share/entry.js'
import { type Breaker, type Origin, PEERS } from './breaker/breaker.js'
import { deletionsFirst, refusalReason } from './comparing.js'
import type { Catalogue } from './index/catalogue.js'
import { decideHere } from './place/deciding.js'
import { EMPTIED_ENTRIES_MIN } from './scan/limits.js'
import type { Scanner } from './scan/scanner.js'

export interface RehearsingOptions {
  readonly catalogue: Catalogue
  /** It has read the share. */
  readonly scanner: Pick<Scanner, 'leavesOut' | 'locals'>
  readonly breaker: Pick<Breaker, 'exceeds' | 'isTripped' | 'isOn' | 'trustsConfirmed'>
  readonly links: LinkPolicy
  readonly direction: Direction
}

/** What would stand at a path. */
interface Plan {
  readonly entry: Entry
  readonly deed: Deed
  readonly peers: string[]
  /** Peer ids and authors that count as those who take something away; none where nothing is taken. */
  readonly origins: readonly Origin[]
}

export class Rehearsing {
  private readonly options: RehearsingOptions
  private readonly plans = new Map<string, Plan>()

  constructor(options: RehearsingOptions) {
    this.options = options
  }

  /** What a peer knows otherwise than this share does. `name` is what deeds call the peer. */
  handleListed(entries: readonly Entry[], { peer, name }: { peer: string; name: string }): void {
    for (const entry of deletionsFirst(entries)) this.consider(entry, peer, name)
  }

  /** All that would be done, by path. */
  deeds(): readonly ForetoldDeed[] {
    this.keepFolders()
    this.joinMoves()
    this.holdLosses()
    return [...this.plans.values()]
      .map(({ deed, peers }) => ({ ...deed, peers }))
      .sort((left, right) => (left.path < right.path ? -1 : 1))
  }

  private consider(remote: Entry, peer: string, name: string): void {
    const { path } = remote
    const plan = this.plans.get(path)
    if (plan !== undefined && sameContent(plan.entry, remote) && !plan.peers.includes(name))
      plan.peers.push(name)
    const reason = this.reasonAgainst(remote)
    if (reason !== undefined) {
      if (plan === undefined) this.put(remote, { deed: 'leave', path, reason }, [name])
      return
    }
    if (plan === undefined || plan.deed.deed === 'leave') this.considerFirst(remote, peer, name)
    else this.considerNext(plan, remote, peer, name)
  }

  private considerFirst(remote: Entry, peer: string, name: string): void {
    const { catalogue } = this.options
    const decision = decideHere(catalogue, remote)
    const deed = this.deedOf(decision, remote)
    if (deed === undefined) return
    const stays = decision.type === 'keep' ? catalogue.get(remote.path) : undefined
    const entry = 'entry' in decision ? decision.entry : (stays ?? remote)
    this.put(entry, deed, [name], this.originsOf(decision, remote, peer))
  }

  /** Another peer has told of the path, and nothing of that is here: a conflict between the two is theirs. */
  private considerNext(plan: Plan, remote: Entry, peer: string, name: string): void {
    const decision = decide(plan.entry, remote, { folderHasLiveChildren: false })
    if (decision.type === 'adopt') this.plans.set(remote.path, { ...plan, entry: decision.entry })
    if (decision.type !== 'take' && decision.type !== 'remove' && decision.type !== 'conflict') return
    const entry = decision.type === 'conflict' ? remote : decision.entry
    const taken: Decision =
      entry.kind === 'tombstone'
        ? { type: 'remove', entry, replaces: 'file', folded: '' }
        : { type: 'take', entry, replaces: 'file', folded: '' }
    const { deed: before } = plan
    const isConflict = before.deed === 'conflict' && before.stands === 'theirs'
    const deed = isConflict ? { ...before, bytes: entry.sizeBytes } : this.deedOf(taken, remote)
    if (deed === undefined) this.plans.delete(remote.path)
    else this.put(entry, deed, [name], this.originsOf(taken, remote, peer))
  }

  private put(entry: Entry, deed: Deed, peers: string[], origins: readonly Origin[] = []): void {
    this.plans.set(entry.path, { entry, deed, peers, origins })
  }

  /** Why nothing is done about it, whatever is decided. */
  private reasonAgainst(remote: Entry): string | undefined {
    const { scanner, links, catalogue, direction } = this.options
    const { path, kind } = remote
    if (kind !== 'tombstone' && scanner.leavesOut(remote)) return 'ignore rules leave it out'
    const refusal = refusalReason(remote, links)
    if (refusal !== undefined) return refusal
    if (catalogue.isMissing(path) || catalogue.kept(path) !== undefined)
      return 'a change of it is held: left status'
    if (direction !== 'send-only') return undefined
    const isTold = kind !== 'tombstone' || catalogue.live(path) !== undefined
    return isTold ? 'with --send-only nothing of others is taken' : undefined
  }

  /** Undefined where nobody would see a difference. */
  private deedOf(decision: Decision, remote: Entry): Deed | undefined {
    const { path } = remote
    const ours = this.ours(path)
    const live = this.options.catalogue.live(path)
    switch (decision.type) {
      case 'keep':
        if (!decision.wins || ours === undefined || remote.kind === 'tombstone') return undefined
        return { deed: 'conflict', path, stands: 'ours', kept: copyOf(remote).path, bytes: 0 }
      case 'adopt':
        return live !== undefined && isTouched(live, decision.entry) ? { deed: 'touch', path } : undefined
      case 'take':
        return this.taking(decision.entry)
      case 'remove':
        return ours && { deed: 'remove', path, kind: ours.kind, bytes: ours.sizeBytes }
      case 'conflict': {
        const { sizeBytes } = decision.entry
        return { deed: 'conflict', path, stands: 'theirs', kept: decision.copy.path, bytes: sizeBytes }
      }
      case 'defend':
      case 'hold':
        return { deed: 'leave', path, reason: 'a folder stands there, with something in it' }
    }
  }

  private taking(entry: Entry): Deed | undefined {
    const { path, sizeBytes: bytes, digest } = entry
    const ours = this.ours(path)
    if (ours !== undefined && sameContent(ours, entry)) return undefined
    const crosses = bytes > 0 && (digest === '' || this.options.catalogue.holderOf(digest) === undefined)
    const kind = entry.kind as Exclude<EntryKind, 'tombstone'>
    return { deed: 'fetch', path, kind, bytes, crosses, replaces: ours !== undefined }
  }

  /** What stands at the path now, also where it is told to nobody. */
  private ours(path: string): Content | undefined {
    return this.options.scanner.locals.get(path) ?? this.options.catalogue.live(path)
  }

  private originsOf(decision: Decision, remote: Entry, peer: string): readonly Origin[] {
    const { catalogue, breaker } = this.options
    const ours = catalogue.live(remote.path)
    const takes = decision.type === 'remove' || (decision.type === 'take' && decision.replaces !== undefined)
    if (!takes || ours === undefined || ours.kind === 'folder') return []
    if (remote.confirmed && breaker.trustsConfirmed) return []
    const author = peerOf(remote.version.content)
    return author === peer ? [peer, PEERS] : [peer, author, PEERS]
  }

  /** A folder stays while something in it does. */
  private keepFolders(): void {
    const folders = [...this.plans.values()].filter(
      ({ deed }) => deed.deed === 'remove' && deed.kind === 'folder',
    )
    for (const { entry } of folders.sort((left, right) => (left.entry.path < right.entry.path ? 1 : -1)))
      if (this.isSomethingLeftIn(entry.path)) this.plans.delete(entry.path)
  }

  private isSomethingLeftIn(folder: string): boolean {
    const { catalogue } = this.options
    for (const { path, kind } of catalogue.manifest.children(folder))
      if (kind !== 'tombstone' && catalogue.isHeld(path) && this.plans.get(path)?.deed.deed !== 'remove')
        return true
    return false
  }

  /** A deletion that names where the content is now, and the content there, are one rename. */
  private joinMoves(): void {
    const renames = new Map<string, string>()
    for (const { entry, deed, peers } of [...this.plans.values()]) {
      const to = entry.kind === 'tombstone' ? entry.target : ''
      const ours = this.options.catalogue.live(entry.path)
      const there = this.plans.get(to)
      if (deed.deed !== 'remove' || there?.deed.deed !== 'fetch' || ours === undefined) continue
      if (!sameContent(ours, there.entry)) continue
      renames.set(entry.path, to)
      this.plans.delete(entry.path)
      const { sizeBytes: bytes } = ours
      this.put(there.entry, { deed: 'rename', from: entry.path, path: to, bytes }, peers)
    }
    for (const [from, to] of renames) if (isWithFolder(from, to, renames)) this.plans.delete(to)
  }

  /** As the gate does: where an origin takes too much, nothing that it takes goes. */
  private holdLosses(): void {
    const { breaker } = this.options
    if (!breaker.isOn) return
    const counts = new Map<Origin, number>()
    const losses = [...this.plans.values()].filter(
      ({ deed, origins }) => origins.length > 0 && deed.deed !== 'rename',
    )
    for (const { origins } of losses)
      for (const origin of origins) counts.set(origin, (counts.get(origin) ?? 0) + 1)
    const emptied = this.isEmptied()
    const isOver = (origin: Origin) =>
      breaker.isTripped(origin) || breaker.exceeds(origin, counts.get(origin) ?? 0)
    for (const { entry, deed, peers, origins } of losses)
      if (emptied || origins.some(isOver)) {
        const what = deed.deed === 'remove' ? 'remove' : 'replace'
        this.put(entry, { deed: 'hold', path: entry.path, what }, peers)
      }
  }

  /** Whether all that is at the top of the share would go, and it is more than one thing. */
  private isEmptied(): boolean {
    const { catalogue } = this.options
    let count = 0
    for (const { path, kind } of catalogue.manifest.children('')) {
      if (kind === 'tombstone' || !catalogue.isHeld(path)) continue
      if (this.plans.get(path)?.deed.deed !== 'remove') return false
      count++
    }
    return count >= EMPTIED_ENTRIES_MIN
  }
}

/** Whether it is renamed because the folder that it is in is. */
function isWithFolder(from: string, to: string, renames: ReadonlyMap<string, string>): boolean {
  const [fromFolder, toFolder] = [from, to].map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  return (
    from.slice(fromFolder!.length) === to.slice(toFolder!.length) && renames.get(fromFolder!) === toFolder
  )
}

function isTouched(ours: Entry, entry: Entry): boolean {
  if (entry.kind !== 'file') return false
  return (
    mtimeOf(ours) !== mtimeOf(entry) || ours.executable !== entry.executable || ours.access !== entry.access
  )
}
