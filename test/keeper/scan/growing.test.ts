// Files that do not rest: what only grows is told as far as it goes, and what does not waits.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { hash } from '../../../src/io/hash.js'
import { signatureOf } from '../../../src/keeper/index/signature.js'
import { SETTLE_MS_MAX } from '../../../src/keeper/limits.js'
import { Growing } from '../../../src/keeper/scan/growing.js'
import { GROWING_MS_MIN, GROWING_READS, RESTLESS_NAMED_MAX } from '../../../src/keeper/scan/limits.js'
import { SeededRandom } from '../../../src/sim/random.js'
import { contentOf, digestOfContent, listOf, ShareOnDisk } from '../share-on-disk.js'

const TICK_MS = 50

/** Something is done to a file twenty times a second; answers what was told of it, each with the time. */
function write(share: ShareOnDisk, path: string, ms: number, next: (tick: number) => Uint8Array) {
  const told: { readonly atMs: number; readonly sizeBytes: number; readonly digest: string }[] = []
  const startMs = share.nowMs
  for (let tick = 0; tick * TICK_MS < ms; tick++) {
    share.disk.putFile(path, next(tick))
    share.scanner.hint(path)
    share.pass(TICK_MS)
    for (const { sizeBytes, digest } of share.changes.splice(0))
      told.push({ atMs: share.nowMs - startMs, sizeBytes, digest })
  }
  return told
}

function lines(count: number): Uint8Array {
  return utf8(Array.from({ length: count }, (_, line) => `line ${line} of the log\n`).join(''))
}

describe('a log of twenty lines a second', () => {
  test.each([
    ['that is there', true],
    ['that is new', false],
  ])('%s is told every five seconds, as far as it goes, and whole when it rests', (_, isThere) => {
    const share = new ShareOnDisk()
    if (isThere) share.disk.putFile('log', lines(1))
    share.scan()
    share.changes.length = 0
    const told = write(share, 'log', 62_000, (tick) => lines(tick + 2))
    expect(told.length).toBeGreaterThanOrEqual(isThere ? 10 : 9)
    let beforeMs = isThere ? 0 : GROWING_MS_MIN
    for (const { atMs, sizeBytes, digest } of told) {
      expect(atMs - beforeMs).toBeLessThanOrEqual(GROWING_MS_MIN + 3 * TICK_MS)
      expect(digest).toBe(digestOfContent(lines(2_000).subarray(0, sizeBytes)))
      beforeMs = atMs
    }
    expect(share.scanner.unsettled.count).toBe(1)
    share.pass(SETTLE_MS_MAX + GROWING_MS_MIN)
    expect(share.changes.at(-1)?.digest ?? told.at(-1)!.digest).toBe(digestOfContent(lines(1_241)))
    expect(share.scanner.idle).toBe(true)
    // After a rest it is a file like any other.
    share.pass(60_000)
    share.changes.length = 0
    share.disk.putFile('log', lines(2_000))
    share.scanner.hint('log')
    share.pass(2 * TICK_MS - 1)
    expect(share.changes).toEqual([])
    share.pass(1)
    expect(share.changes).toHaveLength(1)
  })

  test('is named to the person once, also where it stands still between its lines', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('log', lines(1))
    share.scan()
    const said: boolean[] = []
    for (let tick = 0; tick < 600; tick++) {
      share.disk.putFile('log', lines(tick + 2))
      share.scanner.hint('log')
      for (let ms = 0; ms < TICK_MS; ms += 10) {
        while (share.scanner.step(share.nowMs));
        share.nowMs += 10
      }
      for (const finding of share.scanner.takeFindings())
        if (finding.type === 'restless') said.push(finding.isGrowing)
    }
    expect(said).toEqual([true])
  })

  test('of many blocks is told too', () => {
    const share = new ShareOnDisk()
    const whole = contentOf(8 * BLOCK_BYTES)
    share.disk.putFile('log', whole.slice(0, 3 * BLOCK_BYTES + 5))
    share.scan()
    share.changes.length = 0
    const told = write(share, 'log', 20_000, (tick) => whole.slice(0, 3 * BLOCK_BYTES + 6 + 1_000 * tick))
    expect(told.length).toBeGreaterThanOrEqual(3)
    for (const { sizeBytes, digest } of told) expect(digest).toBe(digestOfContent(whole.slice(0, sizeBytes)))
  })

  test('is not read more often than in one part of twenty of the time', () => {
    const growing = new Growing(hash)
    expect(growing.dueMs('log', 1_000)).toBe(1_000 + GROWING_MS_MIN)
    const share = new ShareOnDisk()
    share.disk.putFile('log', lines(1))
    const signature = signatureOf(share.disk.stat('log')!)
    const reading = { isGrowing: true, startedMs: 0, signature, list: listOf(lines(1)) }
    growing.handleRead('log', reading, 200)
    expect(growing.dueMs('log', 0)).toBe(200 + GROWING_MS_MIN)
    growing.handleRead('log', reading, 1_000)
    expect(growing.dueMs('log', 0)).toBe(1_000 + GROWING_READS * 1_000)
  })
})

describe('what is written without rest and does not only grow', () => {
  const random = new SeededRandom(11)
  const blocks = (tick: number, size: number) => contentOf(size * BLOCK_BYTES, tick + 1)

  test.each<[string, (tick: number) => Uint8Array]>([
    ['is written anew at the same length', (tick) => utf8(`state ${tick % 10}`)],
    ['is written anew and longer', (tick) => blocks(tick, 2 + tick / 10)],
    ['is cut short and grows again', (tick) => lines(1 + (tick % 7))],
    ['changes in the middle', (tick) => lines(50).map((byte, at) => (at === 100 + (tick % 50) ? 88 : byte))],
    ['changes at any place', () => contentOf(4 * BLOCK_BYTES, random.below(1_000))],
  ])('waits until it rests: what %s', (_, next) => {
    const share = new ShareOnDisk()
    share.disk.putFile('file', utf8('state 0'))
    share.scan()
    share.changes.length = 0
    expect(write(share, 'file', 30_000, next)).toEqual([])
    expect([...share.scanner.unsettled.paths]).toEqual(['file'])
    share.pass(SETTLE_MS_MAX + GROWING_MS_MIN)
    expect(share.changes).toHaveLength(1)
  })

  test('waits where another file takes the name each time', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('file', lines(1))
    share.scan()
    share.changes.length = 0
    const told = write(share, 'file', 20_000, (tick) => {
      share.disk.unharmed((disk) => disk.removeFile('file'))
      return lines(tick + 2)
    })
    expect(told.length).toBeLessThanOrEqual(4)
    for (const { sizeBytes, digest } of told)
      expect(digest).toBe(digestOfContent(lines(2_000).subarray(0, sizeBytes)))
  })
})

test('a person is told once of each file that does not rest, and of some of many', () => {
  const share = new ShareOnDisk()
  const said: string[] = []
  const count = RESTLESS_NAMED_MAX + 5
  share.scan()
  for (let tick = 0; tick < 500; tick++) {
    for (let file = 0; file < count; file++) share.disk.putFile(`${file}`, lines(tick + file))
    for (let file = 0; file < count; file++) share.scanner.hint(`${file}`)
    while (share.scanner.step(share.nowMs));
    share.nowMs += TICK_MS
    for (const finding of share.scanner.takeFindings())
      if (finding.type === 'restless') said.push(`${finding.path} ${finding.isGrowing}`)
  }
  expect(said).toHaveLength(RESTLESS_NAMED_MAX)
  expect(new Set(said).size).toBe(RESTLESS_NAMED_MAX)
})
