import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { BlockSet } from '../../../../src/base/blockset.js'
import { BLOCK_BYTES } from '../../../../src/base/limits.js'
import { pieceBlocks, pieceCount } from '../../../../src/base/pieces.js'
import { SOURCES_TICK_MS } from '../../../../src/engine/receive/limits.js'
import { SILENT_MS } from '../../../../src/engine/receive/swarm/limits.js'
import { type Needless, PiecePicker } from '../../../../src/engine/receive/swarm/piece-picker.js'

const SELF = '5e1f000000000001'
const BLOCKS = 64
const SIZE_BYTES = BLOCKS * BLOCK_BYTES
const PIECES = pieceCount(SIZE_BYTES)
const RUN = pieceBlocks(SIZE_BYTES)

function peerOf(index: number): string {
  return `${(0x9000_0000 + 0x0123_4567 * index).toString(16).slice(0, 8)}${'0'.repeat(8)}`
}

function pickerFor(self = SELF, isAlone = false): PiecePicker {
  return new PiecePicker({ sizeBytes: SIZE_BYTES, needed: BlockSet.full(BLOCKS), self, isAlone }, 0)
}

function piecesOf(...pieces: number[]): BlockSet {
  const set = new BlockSet(PIECES)
  for (const piece of pieces) set.add(piece)
  return set
}

const whole = (): BlockSet => BlockSet.full(PIECES)

let picker: PiecePicker
let nowMs: number
let silentSinceMs: Map<number, number>
beforeEach(() => {
  picker = pickerFor()
  nowMs = 0
  silentSinceMs = new Map()
})

function tick(): readonly Needless[] {
  nowMs += SOURCES_TICK_MS
  return picker.tick((session) => ({ srttMs: 10, silentSinceMs: silentSinceMs.get(session) }), nowMs)
}

function takeAll(session: number): number[] {
  const source = picker.source(session)!
  const taken: number[] = []
  while (source.hasNext) taken.push(source.take())
  return taken
}

const arrive = (session: number, blockIndex: number): readonly Needless[] =>
  picker.handleArrived(blockIndex, picker.source(session)!)

describe('one source', () => {
  test('that is alone is asked for everything, in order', () => {
    picker = pickerFor(SELF, true)
    picker.setHolder(1, peerOf(1), whole())
    expect(takeAll(1)).toEqual(Array.from({ length: BLOCKS }, (_, index) => index))
  })

  test('is asked for everything once, from where others do not begin', () => {
    const firsts = new Set<number>()
    for (let index = 0; index < 8; index++) {
      picker = pickerFor(peerOf(index))
      picker.setHolder(1, peerOf(20), whole())
      const taken = takeAll(1)
      expect(new Set(taken).size).toBe(BLOCKS)
      expect(taken).toHaveLength(BLOCKS)
      firsts.add(taken[0]!)
    }
    expect(firsts.size).toBeGreaterThan(4)
  })

  test('is only asked for what is missing, in pieces that it holds', () => {
    const needed = new BlockSet(BLOCKS)
    for (const blockIndex of [1, RUN, RUN + 1, 3 * RUN]) needed.add(blockIndex)
    picker = new PiecePicker({ sizeBytes: SIZE_BYTES, needed, self: SELF, isAlone: true }, 0)
    picker.setHolder(1, peerOf(1), piecesOf(0, 1))
    expect(takeAll(1)).toEqual([1, RUN, RUN + 1])
    picker.setHolder(1, peerOf(1), piecesOf(0, 1, 3))
    expect(takeAll(1)).toEqual([3 * RUN])
  })
})

describe('two whole sources', () => {
  beforeEach(() => {
    picker.setHolder(1, peerOf(1), whole())
    picker.setHolder(2, peerOf(2), whole())
  })

  test('are never asked for the same block while others are free, and keep out of each other’s pieces', () => {
    const [one, other] = [picker.source(1)!, picker.source(2)!]
    const taken = new Map<number, Set<number>>([
      [1, new Set()],
      [2, new Set()],
    ])
    const all = new Set<number>()
    for (let turn = 0; turn < BLOCKS / 2; turn++)
      for (const source of [one, other]) {
        const blockIndex = source.take()
        expect(all.has(blockIndex)).toBe(false)
        all.add(blockIndex)
        taken.get(source.session)!.add(picker.pieceOf(blockIndex))
      }
    expect(all.size).toBe(BLOCKS)
    expect([...taken.get(1)!].filter((piece) => taken.get(2)!.has(piece))).toEqual([])
  })

  test('take over at once what was asked of one that is gone', () => {
    const mine = [picker.source(1)!.take(), picker.source(1)!.take()]
    const rest = takeAll(2)
    expect(picker.source(2)!.hasNext).toBe(false)
    picker.drop(1)
    expect(takeAll(2).sort()).toEqual(mine.sort())
    expect(rest).not.toContain(mine[0])
  })

  test('take over what was asked of one that is silent; one block stays with it', () => {
    const mine = [picker.source(1)!.take(), picker.source(1)!.take(), picker.source(1)!.take()]
    takeAll(2)
    silentSinceMs.set(1, 0)
    let needless: readonly Needless[] = []
    while (nowMs <= SILENT_MS) {
      expect(needless).toEqual([])
      needless = tick()
    }
    expect(needless).toEqual(mine.slice(1).map((blockIndex) => ({ session: 1, blockIndex })))
    expect(takeAll(1)).toEqual([])
    expect(takeAll(2)).toEqual(expect.arrayContaining(mine))
  })

  test('give one that was silent its blocks again once something comes of it', () => {
    const mine = picker.source(1)!.take()
    silentSinceMs.set(1, 0)
    while (nowMs <= SILENT_MS) tick()
    expect(picker.source(1)!.hasNext).toBe(false)
    arrive(1, mine)
    expect(picker.source(1)!.hasNext).toBe(true)
  })

  test('are not doubted both: with nobody else to ask, one goes on', () => {
    picker.source(1)!.take()
    picker.source(2)!.take()
    silentSinceMs.set(1, 0)
    silentSinceMs.set(2, 0)
    while (nowMs <= 10 * SILENT_MS) tick()
    expect([1, 2].filter((session) => picker.source(session)!.hasNext)).toHaveLength(1)
  })

  test('share the last blocks of a slow one, and what came twice is needless', () => {
    const [fast, slow] = [picker.source(1)!, picker.source(2)!]
    const mine = Array.from({ length: 8 }, () => slow.take())
    const needless: Needless[] = []
    // One delivers two blocks and then no more, the other ten in each tick.
    for (let turn = 0; picker.missing.size > 0; turn++) {
      for (let count = 0; count < 10 && fast.hasNext; count++) needless.push(...arrive(1, fast.take()))
      if (turn < 2) arrive(2, mine.shift()!)
      tick()
    }
    expect(needless.map(({ blockIndex }) => blockIndex).sort()).toEqual(mine.sort())
    expect(needless.every(({ session }) => session === 2)).toBe(true)
  })
})

describe('partners', () => {
  /** The blocks that each of four peers that know each other takes first of a whole source. */
  function takenByAll(count: number): number[][] {
    const peers = [0, 1, 2, 3].map(peerOf)
    return peers.map((self) => {
      picker = pickerFor(self)
      for (const [index, peer] of peers.entries())
        if (peer !== self) picker.setHolder(10 + index, peer, piecesOf())
      picker.setHolder(1, peerOf(9), whole())
      const source = picker.source(1)!
      return Array.from({ length: count }, () => source.take())
    })
  }

  test('take each pieces of their own of the source', () => {
    const taken = takenByAll(RUN).flat()
    expect(new Set(taken).size).toBe(taken.length)
  })

  test('own every piece, and each piece has one owner', () => {
    const orders = takenByAll(BLOCKS).map((blocks) => [
      ...new Set(blocks.map((blockIndex) => picker.pieceOf(blockIndex))),
    ])
    const owners = Array.from({ length: PIECES }, () => 0)
    for (const pieces of orders) {
      // His own, in order; then those of others, from the end.
      let own = 0
      while (own + 1 < pieces.length && pieces[own + 1]! > pieces[own]!) own++
      for (const piece of pieces.slice(0, own + 1)) owners[piece]!++
    }
    expect(Math.min(...owners)).toBeGreaterThanOrEqual(1)
    // Where the order turns, one piece of another may look like one's own.
    expect(owners.filter((count) => count > 1).length).toBeLessThanOrEqual(orders.length)
  })

  test('give what they hold, the rarest first', () => {
    picker.setHolder(1, peerOf(1), piecesOf(3, 5))
    picker.setHolder(2, peerOf(2), piecesOf(3))
    expect(picker.pieceOf(picker.source(1)!.take())).toBe(5)
  })

  test('spare a whole source what they give as fast', () => {
    picker.setHolder(1, peerOf(1), whole())
    picker.setHolder(2, peerOf(2), piecesOf(0, 1, 2, 3))
    const [source, partner] = [picker.source(1)!, picker.source(2)!]
    for (let count = 0; count < 4; count++) {
      arrive(1, source.take())
      arrive(2, partner.take())
      tick()
    }
    const held = takeAll(1).filter((blockIndex) => picker.pieceOf(blockIndex) < 4)
    expect(held).toEqual([])
    expect(takeAll(2).length).toBeGreaterThan(0)
  })

  test('that are far behind spare it nothing', () => {
    picker.setHolder(1, peerOf(1), whole())
    picker.setHolder(2, peerOf(2), piecesOf(...Array.from({ length: PIECES - 1 }, (_, piece) => piece)))
    picker.setHolder(3, peerOf(3), piecesOf(PIECES - 1))
    const slow = picker.source(2)!
    slow.take()
    for (const [index, bytes] of [1, 400, 400].entries())
      Object.assign(picker.source([2, 1, 3][index]!)!, { bytesPerMs: bytes })
    tick()
    expect(slow.isBehind).toBe(true)
    expect(takeAll(1).length).toBeGreaterThan(0)
  })
})

describe('whatever happens', () => {
  const arbitraryStep = fc.record({
    type: fc.constantFrom(
      'take',
      'take',
      'take',
      'arrive',
      'arrive',
      'give-back',
      'drop',
      'join',
      'learn',
      'tick',
    ),
    session: fc.integer({ min: 1, max: 4 }),
    pick: fc.nat(BLOCKS - 1),
    isSilent: fc.boolean(),
  })

  test('no block is lost, none arrives twice, and with one whole source in the end all come', () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 300 }), (steps) => {
        picker = pickerFor()
        nowMs = 0
        silentSinceMs.clear()
        /** Blocks that each session was asked for and has not answered. */
        const asked = new Map<number, Set<number>>()
        const cancel = (needless: readonly Needless[]) => {
          for (const { session, blockIndex } of needless) asked.get(session)?.delete(blockIndex)
        }
        const take = (session: number): boolean => {
          const source = picker.source(session)
          if (!source?.hasNext) return false
          const blockIndex = source.take()
          expect(picker.missing.has(blockIndex)).toBe(true)
          expect(source.pieces.has(picker.pieceOf(blockIndex))).toBe(true)
          // The puller throws at a block that it has begun.
          expect(asked.get(session)!.has(blockIndex)).toBe(false)
          asked.get(session)!.add(blockIndex)
          return true
        }
        const answer = (session: number, blockIndex: number) => {
          asked.get(session)!.delete(blockIndex)
          if (picker.missing.has(blockIndex)) cancel(arrive(session, blockIndex))
        }
        for (const { type, session, pick, isSilent } of steps) {
          const mine = [...(asked.get(session) ?? [])]
          const chosen = mine[pick % Math.max(1, mine.length)]
          if (type === 'take') take(session)
          else if (type === 'arrive' && chosen !== undefined) answer(session, chosen)
          else if (type === 'give-back' && chosen !== undefined) {
            asked.get(session)!.delete(chosen)
            picker.source(session)!.giveBack(chosen)
          } else if (type === 'drop') {
            picker.drop(session)
            asked.delete(session)
          } else if (type === 'join' || (type === 'learn' && asked.has(session))) {
            const pieces = picker.source(session)?.pieces ?? piecesOf()
            pieces.add(pick % PIECES)
            picker.setHolder(session, peerOf(session), session === 1 ? whole() : pieces)
            if (!asked.has(session)) asked.set(session, new Set())
          } else if (type === 'tick') {
            if (isSilent && asked.get(session)?.size) silentSinceMs.set(session, 0)
            else silentSinceMs.delete(session)
            cancel(tick())
          }
        }
        // In the end the others are gone, and one that holds everything answers whatever it is asked.
        silentSinceMs.clear()
        for (const session of [2, 3, 4]) picker.drop(session)
        picker.setHolder(1, peerOf(1), whole())
        if (!asked.has(1)) asked.set(1, new Set())
        for (let turn = 0; turn < 2 * BLOCKS && picker.missing.size > 0; turn++) {
          take(1)
          const [oldest] = asked.get(1)!
          if (oldest !== undefined) answer(1, oldest)
          cancel(tick())
        }
        expect(picker.missing.size).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('what is free is asked of somebody who holds it, unless a partner gives it as fast', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(PIECES - 1), { maxLength: PIECES }), { minLength: 1, maxLength: 4 }),
        (holdings) => {
          picker = pickerFor()
          for (const [index, pieces] of holdings.entries())
            picker.setHolder(index + 1, peerOf(index + 1), piecesOf(...pieces))
          const taken = holdings.flatMap((_, index) => takeAll(index + 1))
          const held = new Set(holdings.flat())
          const last = PIECES - 1
          const expected = [...held].reduce(
            (sum, piece) => sum + (piece === last ? BLOCKS - last * RUN : RUN),
            0,
          )
          expect(new Set(taken).size).toBe(taken.length)
          expect(taken).toHaveLength(expected)
        },
      ),
    )
  })
})
