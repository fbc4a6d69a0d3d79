import { beforeEach, describe, expect, test } from 'vitest'
import { hash } from '../../../src/io/hash.js'
import { Catalogue } from '../../../src/keeper/index/catalogue.js'
import { RENEWAL_MS_MIN } from '../../../src/keeper/index/limits.js'
import { OwnEdits } from '../../../src/keeper/index/own-edits.js'
import { Vetting } from '../../../src/keeper/peers/vetting.js'
import {
  countIn,
  countOf,
  type Dot,
  dotOf,
  isSeen,
  peerOf,
  SEEN_PEERS_MAX,
  uniteSeen,
} from '../../../src/share/dots.js'
import { editContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { fileEntry } from '../../share/entries.js'

const OURS = 'a'.repeat(16)
const RENEWED = 'd'.repeat(16)
const START_MS = 1_700_000_000_000

let nowMs: number
let index: SimIndex
let catalogue: Catalogue
let edits: OwnEdits
let vetting: Vetting

/** The process starts, with the index as it is. */
function start(): void {
  catalogue = new Catalogue(hash, index)
  edits = new OwnEdits({
    index,
    firstAuthor: OURS,
    newAuthor: () => RENEWED,
    wallMs: () => nowMs,
    random: () => 0,
  })
  vetting = new Vetting(edits, catalogue)
}

function write(path: string): Entry {
  const content = fileEntry(path)
  const dot = edits.nextDot()
  const { entry } = editContent(catalogue.get(path), { path, content, mode: content, dot })
  catalogue.record(entry, undefined)
  catalogue.commit()
  nowMs += 1_000
  return entry
}

beforeEach(() => {
  nowMs = START_MS
  index = new SimIndex()
  start()
})

const edit = (dot: Dot) => ({ author: peerOf(dot), count: countOf(dot) })
const countOfEntry = (entry: Entry) => countOf(entry.version.content)

describe('a new author', () => {
  test('has its place in a vector that is full, and what that lacked room for is told', () => {
    const acknowledged = write('a')
    expect(vetting.handleClaim(edit(acknowledged.version.content))).toEqual({ type: 'vetted' })
    const others = Array.from({ length: SEEN_PEERS_MAX - 1 }, (_, at) =>
      dotOf((at + 1).toString(16).padStart(16, '0'), at + 1),
    ).join(',')
    const dot = edits.nextDot()
    const version = { content: dot, attributes: dot, seen: uniteSeen(others, dot) }
    catalogue.record({ ...acknowledged, path: 'full', version }, undefined)
    const told = { author: OURS, count: countOf(dot) + 1 }
    expect(vetting.handleClaim(told)).toEqual({ type: 'renewed', entries: 1 })
    const { seen, content } = catalogue.get('full')!.version
    expect(peerOf(content)).toBe(RENEWED)
    expect(isSeen(seen)).toBe(true)
    expect(countIn(seen, OURS)).toBe(countOfEntry(acknowledged))
    expect(catalogue.folded.takeNotices()).toEqual([
      { event: 'note', message: expect.stringContaining('full was edited by more than 64 peers') },
    ])
  })
})

describe('a peer', () => {
  test('that knows nothing of ours, or what we know, may be told of entries', () => {
    const first = write('a')
    expect(vetting.handleClaim({ author: OURS, count: 0 })).toEqual({ type: 'vetted' })
    expect(vetting.handleClaim(edit(first.version.content))).toEqual({ type: 'vetted' })
    expect(edits.author).toBe(OURS)
  })

  test('that does not know in whose name we edit has to say more', () => {
    write('a')
    expect(vetting.handleClaim(undefined)).toEqual({ type: 'unsaid' })
    expect(vetting.handleClaim({ author: 'b'.repeat(16), count: 9e15 })).toEqual({ type: 'unsaid' })
    expect(edits.author).toBe(OURS)
  })

  test('that knows one edit more than we ever made tells that the share was put back', () => {
    const first = write('a')
    const told = { author: OURS, count: countOfEntry(first) + 1 }
    expect(vetting.handleClaim(told)).toEqual({ type: 'renewed', entries: 1 })
    expect(edits.author).toBe(RENEWED)
  })

  test('that knows an edit between two lives tells it too, though we have counted further since', () => {
    const known = write('a')
    // A peer has it.
    expect(vetting.handleClaim(edit(known.version.content))).toEqual({ type: 'vetted' })
    index.commit()
    const backup = index.copy()
    const lost = write('b')
    index.putBack(backup)
    nowMs += 60_000
    start()
    const later = write('c')
    expect(countOfEntry(later)).toBeGreaterThan(countOfEntry(lost))
    expect(vetting.handleClaim(edit(lost.version.content))).toEqual({ type: 'renewed', entries: 1 })
    expect(catalogue.get('a')).toEqual(known)
    const renamed = catalogue.get('c')!
    expect(peerOf(renamed.version.content)).toBe(RENEWED)
    // It has seen what came before the gap, and nothing of what was lost.
    expect(renamed.version.seen).toContain(known.version.content)
    expect(renamed.version.seen).not.toContain(`${OURS}:${countOfEntry(later)}`)
  })

  test('that knows an edit of a life that began before an earlier one of ours has seen neither', () => {
    const known = write('a')
    expect(vetting.handleClaim(edit(known.version.content))).toEqual({ type: 'vetted' })
    index.commit()
    const backup = index.copy()
    nowMs += 120_000
    start()
    const lost = write('b')
    index.putBack(backup)
    // Where the clock was set back, what is counted in the place of what was lost may come before it.
    nowMs -= 60_000
    start()
    const later = write('c')
    nowMs += 120_000
    start()
    expect(countOfEntry(later)).toBeLessThan(countOfEntry(lost))
    expect(vetting.handleClaim(edit(lost.version.content))).toEqual({ type: 'renewed', entries: 1 })
    const renamed = catalogue.get('c')!
    expect(renamed.version.seen).not.toContain(`${OURS}:${countOfEntry(later)}`)
    expect(peerOf(renamed.version.content)).toBe(RENEWED)
  })

  test('that knows no more than before the gap tells nothing', () => {
    const known = write('a')
    nowMs += 60_000
    start()
    write('c')
    expect(vetting.handleClaim(edit(known.version.content))).toEqual({ type: 'vetted' })
  })

  test('is not given the listings of the old name', () => {
    write('a')
    const before = catalogue.manifest.root()
    vetting.handleClaim({ author: OURS, count: 9e15 })
    expect(catalogue.manifest.root().digest).not.toBe(before.digest)
    expect(catalogue.manifest.item(before.digest)).toBeUndefined()
  })

  test.each([
    [RENEWAL_MS_MIN - 1, 'refused'],
    [RENEWAL_MS_MIN, 'renewed'],
  ])('that says so again after %i ms is %s', (laterMs, verdict) => {
    vetting.handleClaim({ author: OURS, count: 9e15 })
    nowMs += laterMs
    expect(vetting.handleClaim({ author: RENEWED, count: 9e15 }).type).toBe(verdict)
  })
})
