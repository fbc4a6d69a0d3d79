// A path that peers edit one after the other and are gone, more of them than a vector has room for: what they leave is folded
// away, and whoever comes back after long loses nothing.

import { describe, expect, test } from 'vitest'
import { decide } from '../../src/share/decide.js'
import { dotOf, dotsOf, peerOf, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import { editContent, NO_MODE } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import { sameEntry } from '../../src/share/entry-line.js'
import { digestOf } from './entries.js'

const PEER_COUNT = 200
const EMPTY = { folderHasLiveChildren: false }

const peerAt = (at: number) => (at + 1).toString(16).padStart(16, '0')

/** Counts go with the clock, here a thousand for each edit. */
function edited(base: Entry | undefined, at: number, text: string, count = 1_000 * (at + 1)): Entry {
  const content = { sizeBytes: 5, digest: digestOf(text), target: '', deletedKind: undefined, mtimeMs: count }
  const edit = { path: 'p', content: { kind: 'file' as const, ...content }, mode: NO_MODE }
  return editContent(base, { ...edit, dot: dotOf(peerAt(at), count) }).entry
}

const history: Entry[] = []
for (let at = 0; at < PEER_COUNT; at++) history.push(edited(history.at(-1), at, `by ${at}`))
const newest = history.at(-1)!

/** Two peers tell each other what they hold until they hold the same; answers what that is, and which contents were kept as
 *  copies. */
function meet(one: Entry, other: Entry): { held: Entry; kept: Set<string> } {
  const held = [one, other]
  const kept = new Set<string>()
  for (let round = 0; round < 4; round++)
    for (const at of [0, 1]) {
      const decision = decide(held[at], held[1 - at]!, EMPTY)
      if (decision.type === 'conflict') kept.add(decision.copy.digest)
      if (decision.type === 'conflict' || decision.type === 'take' || decision.type === 'adopt')
        held[at] = decision.entry
    }
  expect(sameEntry(held[0]!, held[1]!)).toBe(true)
  return { held: held[0]!, kept }
}

function isRemembered(at: number): boolean {
  return at === 0 || at > PEER_COUNT - SEEN_PEERS_MAX
}

describe('two hundred peers that each edited a path and are gone', () => {
  test('leave the counts of the last 63 in its version, and that of the first, who gave it its attributes', () => {
    const peers = dotsOf(newest.version.seen).map(peerOf)
    const remembered = [...history.keys()].filter(isRemembered)
    expect(remembered).toHaveLength(SEEN_PEERS_MAX)
    expect(peers.sort()).toEqual(remembered.map(peerAt).sort())
  })

  test('replace nothing by what they had when they come back, and at worst have it kept as a copy', () => {
    for (const [at, old] of history.slice(0, -1).entries()) {
      const { held, kept } = meet(newest, old)
      expect(held.digest).toBe(newest.digest)
      expect([...kept]).toEqual(isRemembered(at) ? [] : [old.digest])
    }
  })

  test.each([
    ['after the last edit of the others', 1_000 * (PEER_COUNT + 1)],
    ['long before it', undefined],
  ])('lose no edit that they made while they were away, %s', (_, count) => {
    for (const [at, old] of history.slice(0, -1).entries()) {
      const away = edited(old, at, `away ${at}`, count ?? 1_000 * (at + 1) + 1)
      const { held, kept } = meet(newest, away)
      expect(new Set([held.digest, ...kept])).toEqual(new Set([newest.digest, away.digest]))
      expect(dotsOf(held.version.seen).length).toBeLessThanOrEqual(SEEN_PEERS_MAX)
    }
  })
})
