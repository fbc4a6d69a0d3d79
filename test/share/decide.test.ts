import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Decision, decide, sameContent } from '../../src/share/decide.js'
import type { Entry, EntryKind } from '../../src/share/entry.js'
import { sameEntry } from '../../src/share/entry-line.js'
import { conflictPath } from '../../src/share/path.js'
import { bumpVersion, compareVersions, joinVersions } from '../../src/share/version.js'
import { arbitraryVersion, digestOf, entryOf, fileEntry, PEERS, versionOf } from './entries.js'

const OURS = '0123456789abcdef'
const EMPTY = { localFolderHasLiveChildren: false, peer: OURS }
const FULL = { localFolderHasLiveChildren: true, peer: OURS }

const older = versionOf(0)
const newer = versionOf(0, 1)
const elsewhere = versionOf(0, 2)
const file = (attributes: Partial<Entry> = {}) => fileEntry('p', attributes)
const folder = (attributes: Partial<Entry> = {}) => entryOf('folder', 'p', attributes)
const link = (attributes: Partial<Entry> = {}) => entryOf('link', 'p', attributes)
const tombstone = (attributes: Partial<Entry> = {}) => entryOf('tombstone', 'p', attributes)

describe('deciding on a file of a peer', () => {
  test('one that is not here is taken', () => {
    expect(decide(undefined, file(), EMPTY)).toEqual({ type: 'take', entry: file(), replaces: undefined })
  })

  test('the same again is kept', () => {
    expect(decide(file(), file(), EMPTY)).toEqual({ type: 'keep' })
  })

  test('a newer version is taken in place of ours, an older one is not', () => {
    const ours = file({ version: older })
    const theirs = file({ version: newer, digest: digestOf(1), mtimeMs: 1 })
    expect(decide(ours, theirs, EMPTY)).toEqual({ type: 'take', entry: theirs, replaces: 'file' })
    expect(decide(theirs, ours, EMPTY)).toEqual({ type: 'keep' })
  })

  test('equal content is adopted, the versions joined, with the newest time and its executable bit', () => {
    const ours = file({ version: newer, mtimeMs: 1, executable: true })
    const theirs = file({ version: elsewhere, mtimeMs: 2, executable: false })
    const both = file({ version: joinVersions(newer, elsewhere), mtimeMs: 2, executable: false })
    expect(decide(ours, theirs, EMPTY)).toEqual({ type: 'adopt', entry: both })
    expect(decide(theirs, ours, EMPTY)).toEqual({ type: 'adopt', entry: both })
  })

  test('a newer version of equal content brings its metadata, an older time too', () => {
    const ours = file({ version: older, mtimeMs: 9 })
    const theirs = file({ version: newer, mtimeMs: 1, executable: true })
    expect(decide(ours, theirs, EMPTY)).toEqual({ type: 'adopt', entry: theirs })
    expect(decide(theirs, ours, EMPTY)).toEqual({ type: 'keep' })
  })

  test('of two edits the newest wins, and only who holds the loser keeps it and joins the versions', () => {
    const early = file({ version: newer, mtimeMs: 1, digest: digestOf(1) })
    const late = file({ version: elsewhere, mtimeMs: 2, digest: digestOf(2) })
    expect(decide(early, late, EMPTY)).toEqual({
      type: 'conflict',
      winner: 'remote',
      entry: { ...late, version: joinVersions(newer, elsewhere) },
      loser: early,
      keptAs: conflictPath(early),
    })
    expect(decide(late, early, EMPTY)).toEqual({
      type: 'conflict',
      winner: 'local',
      entry: late,
      loser: early,
      keptAs: conflictPath(early),
    })
  })

  test('of two edits at one time the larger digest wins', () => {
    const [small, large] = ['0', 'f'].map((digit) => digit.repeat(64)) as [string, string]
    const decision = decide(
      file({ version: newer, digest: small }),
      file({ version: elsewhere, digest: large }),
      EMPTY,
    )
    expect(decision).toMatchObject({ type: 'conflict', winner: 'remote' })
  })

  test('different content under one version is a conflict', () => {
    const ours = file({ digest: digestOf(1), mtimeMs: 1 })
    const theirs = file({ digest: digestOf(2), mtimeMs: 2 })
    expect(decide(ours, theirs, EMPTY)).toMatchObject({ type: 'conflict', winner: 'remote', entry: theirs })
    expect(decide(theirs, ours, EMPTY)).toMatchObject({ type: 'conflict', winner: 'local', entry: theirs })
  })

  test('links with different targets are different content', () => {
    const ours = link({ version: newer, target: 'a' })
    const theirs = link({ version: elsewhere, target: 'b' })
    expect(decide(ours, theirs, EMPTY)).toMatchObject({ type: 'conflict', winner: 'remote', loser: ours })
    expect(decide(theirs, ours, EMPTY)).toMatchObject({ type: 'conflict', winner: 'local' })
  })
})

describe('deciding where something was deleted', () => {
  test('a deletion elsewhere leaves what is here, and nothing where nothing was', () => {
    expect(decide(file({ version: older }), tombstone({ version: newer }), EMPTY)).toEqual({ type: 'keep' })
    expect(decide(file({ version: newer }), tombstone({ version: older }), EMPTY)).toEqual({ type: 'keep' })
    expect(decide(undefined, tombstone(), EMPTY)).toEqual({ type: 'keep' })
  })

  test('what was deleted here does not come back by a version that the deletion has seen', () => {
    for (const kind of ['file', 'folder', 'link'] as const) {
      const theirs = entryOf(kind, 'p', { version: older })
      expect(decide(tombstone({ version: newer }), theirs, EMPTY)).toEqual({ type: 'keep' })
      expect(decide(tombstone({ version: older }), theirs, EMPTY)).toEqual({ type: 'keep' })
    }
  })

  test('a version made after our deletion is taken', () => {
    const theirs = file({ version: newer })
    expect(decide(tombstone({ version: older }), theirs, EMPTY)).toEqual({
      type: 'take',
      entry: theirs,
      replaces: undefined,
    })
  })

  test('an edit that had not seen the deletion wins over it on both sides', () => {
    const edited = file({ version: newer, mtimeMs: 1 })
    const deleted = tombstone({ version: elsewhere, mtimeMs: 2 })
    const entry = { ...edited, version: joinVersions(newer, elsewhere) }
    expect(decide(deleted, edited, EMPTY)).toEqual({ type: 'take', entry, replaces: undefined })
    expect(decide(edited, deleted, EMPTY)).toEqual({ type: 'adopt', entry })
  })

  test('two deletions become one', () => {
    const ours = tombstone({ version: newer, mtimeMs: 1 })
    const theirs = tombstone({ version: elsewhere, mtimeMs: 2 })
    const both = tombstone({ version: joinVersions(newer, elsewhere), mtimeMs: 2 })
    expect(decide(ours, theirs, EMPTY)).toEqual({ type: 'adopt', entry: both })
    expect(decide(theirs, ours, EMPTY)).toEqual({ type: 'adopt', entry: both })
  })
})

describe('deciding between a folder and a file', () => {
  test('of two edits the folder wins and the file is kept', () => {
    const ours = file({ version: newer, mtimeMs: 9 })
    const theirs = folder({ version: elsewhere })
    expect(decide(ours, theirs, EMPTY)).toMatchObject({ type: 'conflict', winner: 'remote', loser: ours })
    for (const facts of [EMPTY, FULL]) {
      expect(decide(theirs, ours, facts)).toMatchObject({ type: 'conflict', winner: 'local', entry: theirs })
    }
  })

  test('a newer folder takes the place of a file, a newer file that of an empty folder', () => {
    const newFolder = folder({ version: newer })
    expect(decide(file({ version: older }), newFolder, EMPTY)).toEqual({
      type: 'take',
      entry: newFolder,
      replaces: 'file',
    })
    const newFile = file({ version: newer })
    expect(decide(folder({ version: older }), newFile, EMPTY)).toEqual({
      type: 'take',
      entry: newFile,
      replaces: 'folder',
    })
  })

  test('a folder with something in it stays where a newer file wants its place, and the file is kept', () => {
    const ours = folder({ version: older })
    const theirs = file({ version: newer })
    const decision = decide(ours, theirs, FULL)
    const reasserted = folder({ version: bumpVersion(older, OURS) })
    expect(decision).toMatchObject({ type: 'conflict', winner: 'local', entry: reasserted, loser: theirs })
    const conflict = { type: 'conflict', winner: 'remote', loser: theirs }
    expect(decide(theirs, reasserted, EMPTY)).toMatchObject(conflict)
    // Nor may what comes in the folder's place be taken for something that has seen the file.
    const next = file({ version: bumpVersion(reasserted.version, OURS), mtimeMs: theirs.mtimeMs + 1 })
    expect(decide(theirs, { ...next, digest: digestOf('next') }, EMPTY)).toMatchObject(conflict)
  })

  test('a folder whose own entry has not come yet stays', () => {
    expect(decide(undefined, file(), FULL)).toEqual({ type: 'keep' })
    expect(decide(tombstone({ version: older }), file({ version: newer }), FULL)).toEqual({ type: 'keep' })
    expect(decide(undefined, folder(), FULL)).toMatchObject({ type: 'take' })
  })
})

const arbitraryState: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom<EntryKind>('file', 'file', 'folder', 'link', 'tombstone'),
    content: fc.nat(3),
    mtimeMs: fc.nat(3),
    executable: fc.boolean(),
    version: arbitraryVersion,
  })
  .map((drawn) => stateOf(drawn))

function stateOf(drawn: {
  kind: EntryKind
  content: number
  mtimeMs: number
  executable: boolean
  version: string
}): Entry {
  const { kind, content, mtimeMs, executable, version } = drawn
  if (kind === 'file') return file({ digest: digestOf(content), mtimeMs, executable, version })
  if (kind === 'folder') return folder({ version })
  return kind === 'link'
    ? link({ target: `to ${content}`, mtimeMs, version })
    : tombstone({ mtimeMs, version })
}

/** The local entry after the decision was carried out. */
function stateAfter(local: Entry | undefined, decision: Decision): Entry | undefined {
  return decision.type === 'keep' ? local : decision.entry
}

describe('whatever the two sides hold', () => {
  test('deciding again on the same changes nothing', () => {
    fc.assert(
      fc.property(
        fc.option(arbitraryState, { nil: undefined }),
        arbitraryState,
        fc.boolean(),
        (local, remote, full) => {
          const facts = { localFolderHasLiveChildren: full && local?.kind === 'folder', peer: OURS }
          const once = stateAfter(local, decide(local, remote, facts))
          const twice = stateAfter(once, decide(once, remote, facts))
          expect(twice).toEqual(once)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('a version never goes back', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, fc.boolean(), (local, remote, full) => {
        const entry = stateAfter(local, decide(local, remote, full ? FULL : EMPTY))!
        expect(['equal', 'after']).toContain(compareVersions(entry.version, local.version))
      }),
      { numRuns: 1000 },
    )
  })

  test('both sides of a conflict choose the same winner, and one of them keeps the loser', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (ours, theirs) => {
        fc.pre(compareVersions(ours.version, theirs.version) === 'concurrent')
        const here = decide(ours, theirs, EMPTY)
        const there = decide(theirs, ours, EMPTY)
        if (here.type !== 'conflict' || there.type !== 'conflict') return
        expect(there.winner).not.toBe(here.winner)
        expect(there.loser).toEqual(here.loser)
        expect(there.keptAs).toBe(here.keptAs)
        const keeper = here.winner === 'remote' ? here : there
        const winnersSide = here.winner === 'remote' ? there : here
        expect(keeper.entry.version).toBe(joinVersions(ours.version, theirs.version))
        expect(sameContent(keeper.entry, winnersSide.entry)).toBe(true)
        // The winner's side then finds equal content with a version that has seen its own.
        expect(decide(winnersSide.entry, keeper.entry, EMPTY)).toEqual({ type: 'adopt', entry: keeper.entry })
      }),
      { numRuns: 1000 },
    )
  })

  test('what is replaced is older than what replaces it, or kept', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, fc.boolean(), (local, remote, full) => {
        const decision = decide(local, remote, {
          localFolderHasLiveChildren: full && local.kind === 'folder',
          peer: OURS,
        })
        if (decision.type === 'take' && local.kind !== 'tombstone')
          expect(compareVersions(remote.version, local.version)).toBe('after')
        if (decision.type === 'adopt') expect(sameContent(decision.entry, local)).toBe(true)
        if (decision.type === 'take') expect(local.kind === 'folder' && full).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })
})

/** Peers that edit one path and tell each other, in any order; each keeps losers in a set of its own. */
class Gossip {
  readonly states: (Entry | undefined)[]
  readonly kept = new Set<string>()
  readonly edits: Entry[] = []
  readonly deletions: Entry[] = []

  constructor(
    peerCount: number,
    private readonly foldersAreFull: boolean,
  ) {
    this.states = Array.from({ length: peerCount }, () => undefined)
  }

  edit(
    peer: number,
    drawn: { kind: EntryKind; content: number; mtimeMs: number; executable: boolean },
  ): void {
    const before = this.states[peer]
    if (drawn.kind === 'tombstone' && (before === undefined || before.kind === 'tombstone')) return
    const version = bumpVersion(before?.version ?? '', PEERS[peer]!)
    const entry = stateOf({ ...drawn, version })
    this.states[peer] = entry
    ;(entry.kind === 'tombstone' ? this.deletions : this.edits).push(entry)
  }

  tell(from: number, to: number): void {
    const remote = this.states[from]
    if (remote === undefined || from === to) return
    const local = this.states[to]
    const decision = decide(local, remote, {
      localFolderHasLiveChildren: this.foldersAreFull && local?.kind === 'folder',
      peer: PEERS[to]!,
    })
    if (decision.type === 'conflict' && decision.winner === 'remote')
      this.kept.add(contentKey(decision.loser))
    this.states[to] = stateAfter(local, decision)
  }

  tellAll(): boolean {
    const before = [...this.states]
    for (let from = 0; from < this.states.length; from++) {
      for (let to = 0; to < this.states.length; to++) this.tell(from, to)
    }
    return before.some((entry, index) => {
      const now = this.states[index]
      return entry === undefined || now === undefined ? entry !== now : !sameEntry(entry, now)
    })
  }
}

function contentKey(entry: Entry): string {
  return `${entry.kind} ${entry.digest} ${entry.target}`
}

describe('gossip', () => {
  const peerCount = 4
  const arbitraryPeer = fc.nat(peerCount - 1)
  const arbitraryEdit = fc.record({
    step: fc.constant('edit' as const),
    peer: arbitraryPeer,
    drawn: fc.record({
      kind: fc.constantFrom<EntryKind>('file', 'file', 'file', 'folder', 'link', 'tombstone'),
      content: fc.nat(4),
      mtimeMs: fc.nat(3),
      executable: fc.boolean(),
    }),
  })
  const arbitraryTelling = fc.record({
    step: fc.constant('tell' as const),
    from: arbitraryPeer,
    to: arbitraryPeer,
  })
  const arbitrarySteps = fc.array(fc.oneof(arbitraryEdit, arbitraryTelling, arbitraryTelling), {
    maxLength: 24,
  })

  test('of any peers in any order ends, in one state of what is live, with no edit lost', () => {
    fc.assert(
      fc.property(arbitrarySteps, fc.boolean(), (steps, foldersAreFull) => {
        const gossip = new Gossip(peerCount, foldersAreFull)
        for (const step of steps) {
          if (step.step === 'edit') gossip.edit(step.peer, step.drawn)
          else gossip.tell(step.from, step.to)
        }
        let rounds = 0
        while (gossip.tellAll()) expect(++rounds).toBeLessThan(10)

        const live = gossip.states.filter((entry) => entry !== undefined && entry.kind !== 'tombstone')
        const [first] = live
        for (const entry of live) {
          expect(sameContent(entry!, first!)).toBe(true)
          expect(entry!.version).toBe(first!.version)
        }
        // An edit is there still, or kept, or was overwritten by an edit or a deletion that had seen it.
        for (const edit of gossip.edits) {
          const isThere = live.some((entry) => sameContent(entry!, edit))
          const isKept = gossip.kept.has(contentKey(edit))
          const isSeen = [...gossip.edits, ...gossip.deletions].some(
            (later) => compareVersions(later.version, edit.version) === 'after',
          )
          // A folder has no content of its own to lose: what is in it has paths of its own.
          expect(isThere || isKept || isSeen || edit.kind === 'folder').toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('never brings back what was deleted, unless by an edit that had not seen the deletion', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const gossip = new Gossip(peerCount, false)
        for (const step of steps) {
          if (step.step === 'edit') {
            gossip.edit(step.peer, step.drawn)
            continue
          }
          const before = gossip.states[step.to]
          gossip.tell(step.from, step.to)
          const now = gossip.states[step.to]
          if (before?.kind !== 'tombstone' || now?.kind === 'tombstone') continue
          const unseen = gossip.edits.filter((edit) =>
            ['after', 'concurrent'].includes(compareVersions(edit.version, before.version)),
          )
          // Often the edit itself; else what won against it, which its peer then holds in a version that has seen both.
          expect(unseen).not.toEqual([])
        }
      }),
      { numRuns: 1000 },
    )
  })
})
