import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BlockSet } from '../../../src/base/blockset.js'
import { blockBytes } from '../../../src/base/item.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { pieceBlocks } from '../../../src/base/pieces.js'
import { FileBuilding, hereBytes } from '../../../src/engine/receive/large-fetch.js'
import { FILE_MAP_CELLS_MAX } from '../../../src/engine/receive/limits.js'

const BLOCKS = 22
const SIZE_BYTES = BLOCKS * BLOCK_BYTES - 9
const RUN = pieceBlocks(SIZE_BYTES)
const SELF = 'aaaaaaaaaaaaaaaa'

function buildingOf(needed: BlockSet): FileBuilding {
  const options = { sizeBytes: SIZE_BYTES, needed, self: SELF, isAlone: false }
  return new FileBuilding({ path: '.left/tmp/x', target: 'x' }, new Uint8Array(0), options, 0)
}

function blocksOf(indices: readonly number[]): BlockSet {
  const blocks = new BlockSet(BLOCKS)
  for (const blockIndex of indices) blocks.add(blockIndex)
  return blocks
}

const arbitraryBlocks = fc.uniqueArray(fc.nat(BLOCKS - 1))

test('a piece is told once all its blocks are written, and only then', () => {
  fc.assert(
    fc.property(arbitraryBlocks, arbitraryBlocks, (needed, written) => {
      const building = buildingOf(blocksOf(needed))
      // A block that is written twice, or was never needed, changes nothing.
      for (const blockIndex of [...written, ...written]) building.handleWritten(blockIndex)
      for (let blockIndex = 0; blockIndex < BLOCKS; blockIndex++) {
        const isHere = !needed.includes(blockIndex) || written.includes(blockIndex)
        expect(building.holds(blockIndex)).toBe(isHere)
      }
      for (let piece = 0; piece * RUN < BLOCKS; piece++) {
        const isMissing = needed.some(
          (blockIndex) => Math.floor(blockIndex / RUN) === piece && !written.includes(blockIndex),
        )
        expect(building.pieces.has(piece)).toBe(!isMissing)
      }
    }),
  )
})

test('a block beyond the end is not held', () => {
  expect(buildingOf(blocksOf([])).holds(BLOCKS)).toBe(false)
  expect(buildingOf(blocksOf([])).holds(BLOCKS - 1)).toBe(true)
})

test('a block that has come and is not written is not told', () => {
  const building = buildingOf(blocksOf([0, 1]))
  building.picker.setHolder(1, 'bbbbbbbbbbbbbbbb', BlockSet.full(building.pieces.blockCount))
  const source = building.picker.source(1)!
  building.picker.handleArrived(source.take(), source)
  expect([building.holds(0), building.holds(1)]).toEqual([false, false])
})

test('what each peer gave is told, most first, also when its session is over', () => {
  const building = buildingOf(blocksOf([0, 1, 2, BLOCKS - 1]))
  const whole = BlockSet.full(building.pieces.blockCount)
  const [B, C] = ['bbbbbbbbbbbbbbbb', 'cccccccccccccccc']
  building.picker.setHolder(1, B!, whole)
  building.picker.setHolder(2, C!, whole)
  building.picker.handleArrived(0, building.picker.source(1)!)
  building.countDelivered(building.picker.drop(1)!)
  building.picker.setHolder(3, B!, whole)
  building.picker.handleArrived(BLOCKS - 1, building.picker.source(3)!)
  building.picker.handleArrived(1, building.picker.source(2)!)
  building.picker.handleArrived(2, building.picker.source(2)!)
  expect(building.delivered()).toEqual([
    { peer: C, bytes: 2 * BLOCK_BYTES },
    { peer: B, bytes: BLOCK_BYTES + blockBytes(SIZE_BYTES, BLOCKS - 1) },
  ])
})

test('what is here is counted in bytes', () => {
  expect(hereBytes(SIZE_BYTES, BlockSet.full(BLOCKS))).toBe(0)
  expect(hereBytes(SIZE_BYTES, blocksOf([BLOCKS - 1]))).toBe((BLOCKS - 1) * BLOCK_BYTES)
  expect(hereBytes(SIZE_BYTES, blocksOf([]))).toBe(SIZE_BYTES)
})

test('a picture of a file shows what is here, what is under way from whom, and what is missing', () => {
  const building = buildingOf(blocksOf([4, 5, 6, 7, 8, 12, 13, 14, 15, 20, 21]))
  const [B, C] = ['bbbbbbbbbbbbbbbb', 'cccccccccccccccc']
  expect(building.map()).toEqual({ cells: '#.+.#.', sources: [] })
  building.picker.setHolder(1, B!, BlockSet.full(building.pieces.blockCount))
  building.picker.setHolder(2, C!, BlockSet.full(building.pieces.blockCount))
  building.picker.takeThis(building.picker.source(1)!, 4)
  building.picker.takeThis(building.picker.source(2)!, 20)
  expect(building.map()).toEqual({
    cells: '#a+.#b',
    sources: [
      { peer: B, bytes: 0 },
      { peer: C, bytes: 0 },
    ],
  })
  building.picker.handleArrived(20, building.picker.source(2)!)
  building.handleWritten(20, C)
  expect(building.map().cells).toBe('#a+.#+')
  expect(building.map().sources[1]).toEqual({ peer: C, bytes: BLOCK_BYTES })
  building.handleWritten(21, C)
  building.handleWritten(8)
  expect(building.map().cells).toBe('#a#.#B')
})

test('a picture of a large file has few parts, each with as many blocks', () => {
  const blocks = 100_000
  const sizeBytes = blocks * BLOCK_BYTES
  const needed = new BlockSet(blocks)
  for (let index = blocks / 2; index < blocks; index++) needed.add(index)
  const building = new FileBuilding(
    { path: '.left/tmp/x', target: 'x' },
    new Uint8Array(0),
    { sizeBytes, needed, self: SELF, isAlone: true },
    0,
  )
  const { cells } = building.map()
  expect(cells).toHaveLength(FILE_MAP_CELLS_MAX)
  expect(cells).toMatch(/^#{79,80}\+?\.{79,80}$/)
})
