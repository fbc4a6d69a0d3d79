// Peers that edit one path in every way and tell each other, in any order. The explorer goes through small worlds whole
// (test/share/explorer); these are larger ones, by chance, with all fields of an entry.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { copyOf, type Decision, decide } from '../../src/share/decide.js'
import { type Dot, dotOf, holds, holdsAll } from '../../src/share/dots.js'
import { changeMode, editContent, NO_MODE, removeContent, sameContent, touch } from '../../src/share/edit.js'
import type { Access, Content, Entry } from '../../src/share/entry.js'
import { decodeEntry, encodeEntry, sameEntry } from '../../src/share/entry-line.js'
import { digestOf, PEERS } from './entries.js'

const EMPTY = { folderHasLiveChildren: false }
const PEER_COUNT = PEERS.length

type Act = 'write' | 'make-folder' | 'make-link' | 'touch' | 'chmod' | 'confirm' | 'delete'

interface Edit {
  readonly act: Act
  readonly content: number
  readonly mtimeMs: number
  readonly access: Access
  readonly executable: boolean
}

const arbitraryEdit: fc.Arbitrary<Edit> = fc.record({
  act: fc.constantFrom<Act>(
    'write',
    'write',
    'write',
    'make-folder',
    'make-link',
    'touch',
    'chmod',
    'confirm',
    'delete',
  ),
  content: fc.nat(4),
  mtimeMs: fc.nat(3),
  access: fc.constantFrom<Access>('owner', 'group', 'all'),
  executable: fc.boolean(),
})

/** Undefined where nobody could make that edit of what stands there. */
function edited(base: Entry | undefined, edit: Edit, dot: Dot): Entry | undefined {
  const { act, mtimeMs, access, executable } = edit
  const bare = { sizeBytes: 0, digest: '', target: '', deletedKind: undefined, mtimeMs } as const
  const made = (content: Content, mode: Pick<Entry, 'access' | 'executable'>) =>
    editContent(base, { path: 'p', content, mode, dot }).entry
  const isLive = base !== undefined && base.kind !== 'tombstone'
  switch (act) {
    case 'write': {
      const content: Content = { ...bare, kind: 'file', sizeBytes: 1, digest: digestOf(edit.content) }
      return made(content, { access, executable })
    }
    case 'make-folder':
      return made({ ...bare, kind: 'folder', mtimeMs: 0 }, { access, executable: false })
    case 'make-link':
      return made({ ...bare, kind: 'link', target: `to ${edit.content}` }, NO_MODE)
    case 'touch':
      return isLive && base.kind !== 'folder' ? touch(base, dot, mtimeMs).entry : undefined
    case 'chmod':
      if (!isLive || base.kind === 'link') return undefined
      return changeMode(base, dot, { access, executable: executable && base.kind === 'file' }).entry
    case 'confirm': {
      if (base?.kind !== 'tombstone') return undefined
      const removed = removeContent(base, dot, mtimeMs).entry
      return { ...removed, confirmed: true }
    }
    case 'delete':
      return isLive ? removeContent(base, dot, mtimeMs).entry : undefined
  }
}

/** Each peer keeps losers in a set of its own. */
class Gossip {
  readonly states: (Entry | undefined)[] = PEERS.map(() => undefined)
  readonly kept = new Set<string>()
  /** New contents, deletions too. */
  readonly edits: Entry[] = []
  private count = 0

  edit(peer: number, edit: Edit): void {
    const before = this.states[peer]
    const entry = edited(before, edit, dotOf(PEERS[peer]!, ++this.count))
    if (entry === undefined) return
    this.states[peer] = entry
    if (entry.version.content !== before?.version.content) this.edits.push(entry)
  }

  tell(from: number, to: number): Decision | undefined {
    const remote = this.states[from]
    if (remote === undefined || from === to) return undefined
    const decision = decide(this.states[to], remote, EMPTY)
    if (decision.type === 'conflict') this.kept.add(contentKey(decision.copy))
    this.states[to] = stateAfter(this.states[to], decision)
    return decision
  }

  tellAll(): boolean {
    const before = [...this.states]
    for (let from = 0; from < PEER_COUNT; from++) for (let to = 0; to < PEER_COUNT; to++) this.tell(from, to)
    return before.some((entry, at) => {
      const now = this.states[at]
      return entry === undefined || now === undefined ? entry !== now : !sameEntry(entry, now)
    })
  }
}

/** The local entry after the decision was carried out. */
function stateAfter(local: Entry | undefined, decision: Decision): Entry | undefined {
  if (decision.type === 'keep') return local
  return decision.type === 'defend' ? decision.folder : decision.entry
}

function contentKey(entry: Entry): string {
  return `${entry.kind} ${entry.digest} ${entry.target}`
}

type GossipStep =
  | { readonly step: 'edit'; readonly peer: number; readonly edit: Edit }
  | { readonly step: 'tell'; readonly from: number; readonly to: number }

const arbitraryPeer = fc.nat(PEER_COUNT - 1)
const arbitraryTelling = fc.record({
  step: fc.constant('tell' as const),
  from: arbitraryPeer,
  to: arbitraryPeer,
})
const arbitrarySteps: fc.Arbitrary<GossipStep[]> = fc.array(
  fc.oneof(
    fc.record({ step: fc.constant('edit' as const), peer: arbitraryPeer, edit: arbitraryEdit }),
    arbitraryTelling,
    arbitraryTelling,
  ),
  { maxLength: 24 },
)

function play(steps: readonly GossipStep[]): Gossip {
  const gossip = new Gossip()
  for (const step of steps) {
    if (step.step === 'edit') gossip.edit(step.peer, step.edit)
    else gossip.tell(step.from, step.to)
  }
  return gossip
}

/** Two entries that peers could hold at one time. */
const arbitraryPair = fc
  .tuple(arbitrarySteps, arbitraryPeer, arbitraryPeer)
  .map(([steps, left, right]) => {
    const { states } = play(steps)
    return [states[left], states[right]] as const
  })
  .filter((pair): pair is readonly [Entry, Entry] => pair.every((entry) => entry !== undefined))

describe('gossip', () => {
  test('of any peers in any order ends in one entry, with no edit lost', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const gossip = play(steps)
        let rounds = 0
        while (gossip.tellAll()) expect(++rounds).toBeLessThan(10)
        const [first] = gossip.states
        for (const entry of gossip.states) expect(entry).toEqual(first)
        for (const edit of gossip.edits) {
          // A folder has no content of its own to lose, and a deletion none at all.
          if (edit.kind === 'folder' || edit.kind === 'tombstone') continue
          const isThere = first !== undefined && sameContent(first, edit)
          const isKept = gossip.kept.has(contentKey(edit))
          expect(isThere || isKept || isOverwritten(edit, gossip.edits)).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('makes entries that have a line, and copies that do', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        for (const entry of play(steps).states) {
          if (entry === undefined) continue
          for (const each of [entry, copyOf(entry)])
            expect(decodeEntry(encodeEntry(each))).toEqual({ ok: true, value: each })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('never brings back what was deleted, unless by an edit that had not seen the deletion', () => {
    fc.assert(
      fc.property(arbitrarySteps, (steps) => {
        const gossip = new Gossip()
        for (const step of steps) {
          if (step.step === 'edit') {
            gossip.edit(step.peer, step.edit)
            continue
          }
          const before = gossip.states[step.to]
          gossip.tell(step.from, step.to)
          const now = gossip.states[step.to]
          if (before?.kind !== 'tombstone' || now?.kind === 'tombstone') continue
          expect(holds(before.version.seen, now!.version.content)).toBe(false)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

/** Whether an edit or a deletion has seen it, or an equal content written apart. */
function isOverwritten(edit: Entry, edits: readonly Entry[]): boolean {
  const equals = edits.filter((other) => sameContent(other, edit))
  return edits.some((later) =>
    equals.some(
      ({ version }) =>
        later.version.content !== version.content && holds(later.version.seen, version.content),
    ),
  )
}

describe('whatever the two sides hold', () => {
  test('deciding again on the same changes nothing', () => {
    fc.assert(
      fc.property(arbitraryPair, fc.boolean(), ([local, remote], full) => {
        const facts = { folderHasLiveChildren: full && local.kind === 'folder' }
        const once = stateAfter(local, decide(local, remote, facts))
        expect(stateAfter(once, decide(once, remote, facts))).toEqual(once)
      }),
      { numRuns: 1_000 },
    )
  })

  test('what was seen is never forgotten', () => {
    fc.assert(
      fc.property(arbitraryPair, ([local, remote]) => {
        const entry = stateAfter(local, decide(local, remote, EMPTY))!
        expect(holdsAll(entry.version.seen, local.version.seen)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test('both sides of a conflict choose the same winner, and one of them keeps the loser', () => {
    fc.assert(
      fc.property(arbitraryPair, ([ours, theirs]) => {
        const here = decide(ours, theirs, EMPTY)
        if (here.type !== 'conflict') return
        expect(decide(theirs, ours, EMPTY)).toEqual({ type: 'keep', wins: true })
        expect(here.copy).toEqual(copyOf(ours))
        expect(sameContent(here.entry, theirs)).toBe(true)
        // The winner's side then finds equal content that has seen its own.
        expect(decide(theirs, here.entry, EMPTY)).toMatchObject({ type: 'adopt', entry: here.entry })
      }),
      { numRuns: 1_000 },
    )
  })

  test('what is replaced has been seen by what replaces it, or is kept', () => {
    fc.assert(
      fc.property(arbitraryPair, ([local, remote]) => {
        const decision = decide(local, remote, EMPTY)
        if (decision.type === 'adopt') expect(sameContent(decision.entry, local)).toBe(true)
        if (decision.type !== 'take' && decision.type !== 'remove') return
        if (local.kind !== 'tombstone') expect(holds(remote.version.seen, local.version.content)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
