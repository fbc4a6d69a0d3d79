// Each set of rules in every order of messages. Good rules have no fault; for each tempting rule there is a shortest
// counterexample. `explorer.long.test.ts` goes through the larger worlds.

import { describe, expect, test } from 'vitest'
import type { Entry } from '../../../src/share/entry.js'
import { explore } from './explore.js'
import {
  deletedContent,
  previousContent,
  type Variant,
  variantOfDots,
  versionVectors,
} from './obvious-rules.js'
import { type RestoreOptions, RestoreWorld } from './restore-world.js'
import { type Change, dotsAndSeen, type Rules } from './rules.js'
import { seedOfRun, walkOften } from './walk.js'
import { World, type WorldOptions } from './world.js'

const STATES_MAX = 500_000
const TWO_PEERS: WorldOptions = { peerCount: 2, editCountMax: 3, startsWithFile: true, mtimes: 'ends' }
const THREE_PEERS: WorldOptions = { peerCount: 3, editCountMax: 2, startsWithFile: true, mtimes: 'gaps' }
const THREE_CREATE: WorldOptions = {
  peerCount: 3,
  editCountMax: 3,
  startsWithFile: false,
  mtimes: 'gaps',
  changes: ['write', 'touch'],
}

const PEERS = ['a', 'b', 'c'].map((letter) => letter.repeat(16))

function write(content: string, mtimeMs: number): Change {
  return { type: 'write', content, mtimeMs }
}

/** Each peer gets what the next one held before any of these messages arrived. */
function crossed<E>(rules: Rules<E>, held: readonly E[]): E[] {
  return held.map((entry, at) => rules.meet(entry, held[(at + 1) % held.length]!).entry ?? entry)
}

function faultOf<E>(rules: Rules<E>, options: WorldOptions): string | undefined {
  return explore(new World(rules, options), STATES_MAX).fault
}

describe('dots and seen', () => {
  test.each<[string, number, WorldOptions]>([
    ['two peers, two edits of every kind', 1_449, { ...TWO_PEERS, editCountMax: 2 }],
    ['three peers that hold a file, two edits', 4_006, THREE_PEERS],
    ['three peers that hold nothing, two edits', 676, { ...THREE_PEERS, startsWithFile: false }],
    [
      'three peers that are edited between deciding and placing',
      13_599,
      { ...THREE_PEERS, placing: 'decides-again' },
    ],
  ])('end equal and lose no edit: %s', (_, stateCount, options) => {
    const result = explore(new World(dotsAndSeen, options), STATES_MAX)
    expect(result.fault).toBeUndefined()
    expect(result.complete).toBe(true)
    expect(result.stateCount).toBe(stateCount)
  })

  test('end equal and lose no edit in random runs of four peers and six edits', () => {
    const seed = seedOfRun()
    console.log(`LEFT_EXPLORER_SEED=${seed} replays these walks`)
    expect(walkOften(dotsAndSeen, { seed, count: 400 })).toBeUndefined()
    expect(walkOften(versionVectors, { seed, count: 400 })).toMatch(/^LEFT_EXPLORER_SEED=\d+: /)
  })

  test('lose an edit where a peer does not decide again before it places', () => {
    expect(faultOf(dotsAndSeen, { ...TWO_PEERS, placing: 'as-decided' })).toMatchInlineSnapshot(`
      "lost content: edit 2
      a: writes c1 at -1, holds [file c1 -1048576 all a:2,f:1/0/1]
      b decides to place [file c1 -1048576 all a:2,f:1/0/1]
      b: writes c1 at -2, holds [file c1 -2097152 all b:3,f:1/0/1]
      b places [file c1 -1048576 all a:2,f:1/0/1]"
    `)
  })
})

describe('a counterexample is found for', () => {
  test('version vectors with deletions carried out: one version, two contents', () => {
    expect(faultOf(versionVectors, { ...TWO_PEERS, changes: ['write', 'delete'] })).toMatchInlineSnapshot(`
      "one version, two contents: [a:2,b:1,f:1 is file c3 and file c1]
      a: writes c1 at -1, holds [f 1 -1048576 - a:1,f:1 p file c1 ]
      a: delete, holds [t 0 1048576 - a:2,f:1 p deleted ]
      b: writes c3 at -2, holds [f 1 -2097152 - b:1,f:1 p file c3 ]
      a gets [f 1 -2097152 - b:1,f:1 p file c3 ], holds [f 1 -2097152 - a:2,b:1,f:1 p file c3 ]
      b gets [f 1 -1048576 - a:1,f:1 p file c1 ], keeps its own as a copy, holds [f 1 -1048576 - a:1,b:1,f:1 p file c1 ]
      b gets [t 0 1048576 - a:2,f:1 p deleted ], holds [f 1 -1048576 - a:2,b:1,f:1 p file c1 ]"
    `)
  })

  test('version vectors with deletions carried out: deleted here, alive there, and at rest', () => {
    expect(
      faultOf(versionVectors, { ...TWO_PEERS, changes: ['write', 'delete'], faults: ['rest and differ'] }),
    ).toMatchInlineSnapshot(`
      "rest and differ: [t 0 2097152 - a:2,b:1,f:1 p deleted ] [f 1 -1048576 - a:2,b:1,f:1 p file c1 ]
      a: writes c1 at -1, holds [f 1 -1048576 - a:1,f:1 p file c1 ]
      a: delete, holds [t 0 1048576 - a:2,f:1 p deleted ]
      b: delete, holds [t 0 2097152 - b:1,f:1 p deleted ]
      a gets [t 0 2097152 - b:1,f:1 p deleted ], holds [t 0 2097152 - a:2,b:1,f:1 p deleted ]
      b gets [f 1 -1048576 - a:1,f:1 p file c1 ], holds [f 1 -1048576 - a:1,b:1,f:1 p file c1 ]
      b gets [t 0 1048576 - a:2,f:1 p deleted ], holds [f 1 -1048576 - a:2,b:1,f:1 p file c1 ]"
    `)
  })

  test('"an edit whose previous content is what I hold is no conflict": an edit is lost', () => {
    expect(faultOf(previousContent, { ...TWO_PEERS, changes: ['write'] })).toMatchInlineSnapshot(`
      "lost content: edit 2
      a: writes c1 at -1, holds [f 1 -1048576 - a:1,f:1 p file c1 file c0]
      a: writes c0 at -2, holds [f 1 -2097152 - a:2,f:1 p file c0 file c1]
      b: writes c1 at -3, holds [f 1 -3145728 - b:1,f:1 p file c1 file c0]
      a gets [f 1 -3145728 - b:1,f:1 p file c1 file c0], holds [f 1 -3145728 - b:1,f:1 p file c1 file c0]"
    `)
  })

  test('"an edit whose previous content is what I hold is no conflict": two peers swap without end', () => {
    const file = previousContent.edit(undefined, write('c0', 0), { peer: PEERS[2]!, count: 1 })
    const edited = previousContent.edit(file, write('c1', 1), { peer: PEERS[0]!, count: 2 })
    const reverted = previousContent.edit(edited, write('c0', 2), { peer: PEERS[0]!, count: 3 })
    const edits = [reverted, previousContent.edit(file, write('c1', 3), { peer: PEERS[1]!, count: 4 })]
    expect(crossed(previousContent, edits)).toEqual([edits[1], edits[0]])
    expect(crossed(previousContent, crossed(previousContent, edits))).toEqual(edits)
  })

  test('"a deletion wins over the very content that it deleted": an edit is lost', () => {
    expect(faultOf(deletedContent, { ...TWO_PEERS, changes: ['write', 'delete'] })).toMatchInlineSnapshot(`
      "lost content: edit 2
      a: writes c1 at -1, holds [f 1 -1048576 - a:1,f:1 p file c1 ]
      a: writes c0 at -2, holds [f 1 -2097152 - a:2,f:1 p file c0 ]
      b: delete, holds [t 0 1048576 - b:1,f:1 p deleted file c0]
      a gets [t 0 1048576 - b:1,f:1 p deleted file c0], holds [t 0 1048576 - a:2,b:1,f:1 p deleted file c0]"
    `)
  })

  test('"a deletion wins over the very content that it deleted": one version, deleted and alive', () => {
    const faults = ['one version, two contents'] as const
    expect(
      faultOf(deletedContent, { ...TWO_PEERS, changes: ['write', 'delete', 'touch'], faults }),
    ).toMatchInlineSnapshot(`
      "one version, two contents: [a:2,b:1,f:1 is file c0 and deleted]
      a: writes c1 at -1, holds [f 1 -1048576 - a:1,f:1 p file c1 ]
      a: writes c0 at 1, holds [f 1 1048576 - a:2,f:1 p file c0 ]
      b: delete, holds [t 0 2097152 - b:1,f:1 p deleted file c0]
      a gets [t 0 2097152 - b:1,f:1 p deleted file c0], holds [t 0 2097152 - a:2,b:1,f:1 p deleted file c0]
      b gets [f 1 -1048576 - a:1,f:1 p file c1 ], holds [f 1 -1048576 - a:1,b:1,f:1 p file c1 ]
      b gets [f 1 1048576 - a:2,f:1 p file c0 ], keeps its own as a copy, holds [f 1 1048576 - a:2,b:1,f:1 p file c0 ]"
    `)
  })

  test.each<[string, WorldOptions, Variant]>([
    [
      'an order of conflicts by the mtime that a touch sets',
      THREE_CREATE,
      { touchableOrder: true, attributesWithContent: true },
    ],
    [
      'the larger dot of two equal contents, where conflicts go by mtime',
      { ...THREE_CREATE, changes: ['write'] },
      { largerDotOfEqual: true },
    ],
    [
      'the larger dot of two equal contents, where two edits that have seen each other are in conflict',
      { ...TWO_PEERS, changes: ['write'] },
      { largerDotOfEqual: true, mutualIsConcurrent: true },
    ],
  ])('%s: an exchange without end', (_, options, variant) => {
    expect(faultOf(variantOfDots(variant), options)).toMatch(/^endless exchange:\n/)
  })

  test('the larger dot of two equal contents: crossed messages go round three peers without end', () => {
    const rules = variantOfDots({ largerDotOfEqual: true, winnerOfMutual: true })
    const [a, b, c] = ['c1', 'c1', 'c3'].map((content, at) =>
      rules.edit(undefined, write(content, [0, -2, -1][at]!), { peer: PEERS[at]!, count: at + 2 }),
    ) as [Entry, Entry, Entry]
    const get = (...entries: Entry[]) =>
      entries.reduce((local, remote) => rules.meet(local, remote).entry ?? local)
    const start = [get(a, b, c), get(b, c, a), get(c, a, b)]
    const dots = (entries: readonly Entry[]) => entries.map(({ version }) => version.content[0])
    expect(dots(start)).toEqual(['c', 'a', 'b'])
    const rounds = [1, 2, 3].map((times) =>
      Array.from({ length: times }).reduce<readonly Entry[]>((held) => crossed(rules, held), start),
    )
    expect(rounds.map(dots)).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
    ])
    expect(rounds[2]).toEqual(start)
    expect(new Set(start.map(({ version }) => version.seen)).size).toBe(1)
  })

  test('vectors that the holder of the winner unites as well: an edit is lost', () => {
    expect(
      faultOf(variantOfDots({ winnerUnites: true }), { ...TWO_PEERS, changes: ['write'] }),
    ).toMatchInlineSnapshot(`
      "lost content: edit 2
      a: writes c1 at -1, holds [file c1 -1048576 all a:2,f:1/0/1]
      b: writes c2 at -2, holds [file c2 -2097152 all b:3,f:1/0/1]
      a gets [file c2 -2097152 all b:3,f:1/0/1], holds [file c1 -1048576 all a:2,b:3,f:1/0/2]
      b gets [file c1 -1048576 all a:2,b:3,f:1/0/2], holds [file c1 -1048576 all a:2,b:3,f:1/0/2]"
    `)
  })

  test('none of the variants, where nothing is varied', () => {
    expect(faultOf(variantOfDots({}), THREE_PEERS)).toBeUndefined()
  })
})

describe('a content that its person deleted', () => {
  const remove: Change = { type: 'delete', mtimeMs: 9 }
  const [a, b, c] = PEERS.map((peer) => ({ peer })) as [{ peer: string }, { peer: string }, { peer: string }]
  const get = (rules: Rules<Entry>, ...entries: Entry[]) =>
    entries.reduce((local, remote) => rules.meet(local, remote).entry ?? local)

  test.each<[string, string, Rules<Entry>]>([
    ['stays away, and a content that it had beaten stands there', 'file c1', dotsAndSeen],
    [
      'comes back, where what wins a conflict wins between two that have seen each other, too',
      'file c3',
      variantOfDots({ winnerOfMutual: true }),
    ],
  ])('%s', (_, expected, rules) => {
    const byA = rules.edit(undefined, write('c1', 1), { ...a, count: 1 })
    const byB = rules.edit(undefined, write('c2', 2), { ...b, count: 2 })
    const byC = rules.edit(undefined, write('c3', 3), { ...c, count: 3 })
    const atB = get(rules, byB, get(rules, byA, byC))
    const atC = get(rules, rules.edit(byC, remove, { ...c, count: 4 }), byA)
    expect(rules.view(atB).value).toBe('file c3')
    expect(rules.view(atC).value).toBe('file c1')
    expect(get(rules, atB, atC)).toEqual(get(rules, atC, atB))
    expect(rules.view(get(rules, atB, atC)).value).toBe(expected)
  })

  test('may come back, where another one was deleted by somebody who did not know of it', () => {
    const byA = dotsAndSeen.edit(undefined, write('c1', 1), { ...a, count: 1 })
    const byB = dotsAndSeen.edit(undefined, write('c2', 2), { ...b, count: 2 })
    const atA = get(dotsAndSeen, dotsAndSeen.edit(byA, remove, { ...a, count: 3 }), byB)
    const atB = get(dotsAndSeen, dotsAndSeen.edit(byB, remove, { ...b, count: 4 }), byA)
    expect(dotsAndSeen.view(get(dotsAndSeen, atA, atB)).value).toBe('file c1')
    expect(get(dotsAndSeen, atA, atB)).toEqual(get(dotsAndSeen, atB, atA))
  })
})

describe('a peer whose share is put back to an older copy, and who edits before it meets anybody', () => {
  const options: RestoreOptions = {
    peerCount: 2,
    editCountMax: 2,
    restartCountMax: 1,
    renewal: 'told-of-a-gap',
    countsByClock: true,
  }

  test.each<[string, Partial<RestoreOptions>]>([
    [
      'a witness outside the share tells it at once',
      { renewal: 'witness', restartCountMax: 0, editCountMax: 3 },
    ],
    ['it is told of a count of its own that it gave to no edit', {}],
  ])('loses nothing where it takes a new id because %s', (_, changed) => {
    const result = explore(new RestoreWorld({ ...options, ...changed }), STATES_MAX)
    expect(result.fault).toBeUndefined()
    expect(result.complete).toBe(true)
  })

  test.each<[string, Partial<RestoreOptions>]>([
    ['its counts repeat', { countsByClock: false, renewal: 'never', editCountMax: 3 }],
    ['it keeps its id', { renewal: 'never' }],
    ['it minds only counts above its highest, which its next edit is', { renewal: 'told-beyond-highest' }],
    ['it forgets the gap before its life when it restarts', { renewal: 'told-of-this-gap' }],
    ['its edit travels on through one who knew less', { peerCount: 3, restartCountMax: 0 }],
  ])('loses an edit where %s', (_, changed) => {
    expect(explore(new RestoreWorld({ ...options, ...changed }), STATES_MAX).fault).toMatch(/^lost content/)
  })
})
