import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Index } from '../../src/base/index-port.js'
import { FileIndex } from '../../src/watcher/file-index.js'
import { IndexStore } from '../../src/watcher/index-store.js'
import { INDEX_GARBAGE_BYTES_MAX } from '../../src/watcher/limits.js'
import { type OpenIndex, openIndex } from '../../src/watcher/open-index.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const DIGEST = 'ab'.repeat(32)
const OTHER_DIGEST = 'cd'.repeat(32)
const NOT_THERE = new Error('No native build was found\nfor this machine')

function opened<Body extends OpenIndex>(index: Body): Body {
  onTestFinished(() => index.close())
  return index
}

/** All that an index says. */
function toldBy(index: Index): unknown {
  const digests = [...index.listDigests()].sort()
  return {
    entries: [...index.load()].map(({ path, value }) => [path, value]),
    lists: digests.map((digest) => [digest, [...index.getList(digest)!]]),
    fact: index.getMeta('fact'),
  }
}

describe('an index in one file', () => {
  it('cut short anywhere is as it was after one of its commits', async () => {
    const folder = temporaryFolder()
    const file = `${folder}/left-index`
    const index = new FileIndex(folder)
    const told = [toldBy(index)]
    const ends = [statSync(file).size]
    const commit = () => {
      index.commit()
      told.push(toldBy(index))
      ends.push(statSync(file).size)
    }
    index.put('a', 'first')
    index.putList(DIGEST, new Uint8Array([1, 2, 3]))
    commit()
    index.put('b', 'second')
    index.remove('a')
    index.putList(OTHER_DIGEST, new Uint8Array(40))
    index.putMeta('fact', 'x')
    commit()
    index.removeList(DIGEST)
    index.put('a', 'third')
    commit()
    await index.close()
    const whole = readFileSync(file)
    expect(ends.at(-1)).toBe(whole.length)
    for (let bytes = 0; bytes <= whole.length; bytes++) {
      writeFileSync(file, whole.subarray(0, bytes))
      const reopened = new FileIndex(folder)
      expect(toldBy(reopened)).toEqual(told[ends.findLastIndex((end) => end <= bytes)] ?? told[0])
      await reopened.close()
    }
  })

  it('with a damaged byte in its last commit is as it was before it, and goes on from there', async () => {
    const folder = temporaryFolder()
    const file = `${folder}/left-index`
    const first = new FileIndex(folder)
    first.put('a', 'first')
    first.commit()
    const { size } = statSync(file)
    first.put('a', 'second')
    first.commit()
    await first.close()
    const whole = readFileSync(file)
    for (let at = size; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x10
      writeFileSync(file, damaged)
      const reopened = new FileIndex(folder)
      expect([...reopened.load()]).toEqual([{ path: 'a', value: 'first' }])
      reopened.put('b', 'third')
      reopened.commit()
      await reopened.close()
      const again = new FileIndex(folder)
      expect([...again.load()].map(({ path }) => path)).toEqual(['a', 'b'])
      await again.close()
    }
  })

  it('that claims a record of 4 GB, or ends in zeros, is read up to there', () => {
    const folder = temporaryFolder()
    for (const tail of [Buffer.alloc(9, 0xff), Buffer.alloc(5_000)]) {
      const index = new FileIndex(folder)
      index.put('a', 'first')
      index.commit()
      appendFileSync(`${folder}/left-index`, tail)
      expect([...opened(new FileIndex(folder)).load()]).toEqual([{ path: 'a', value: 'first' }])
      void index.close()
    }
  })

  it('is written anew when most of it is out of date, and loses nothing', async () => {
    const folder = temporaryFolder()
    const file = `${folder}/left-index`
    let index = new FileIndex(folder)
    const list = new Uint8Array(1_000_000)
    index.putList(DIGEST, new Uint8Array([7]))
    index.putMeta('fact', 'kept')
    let largest = 0
    for (let round = 0; round < 40; round++) {
      index.put('path', `value ${round}`)
      index.putList(OTHER_DIGEST, list.fill(round))
      index.commit()
      largest = Math.max(largest, statSync(file).size)
      // A process that lives for a short time counts what the ones before it left.
      if (round % 7 !== 6) continue
      await index.close()
      index = new FileIndex(folder)
    }
    opened(index)
    expect(largest).toBeLessThan(INDEX_GARBAGE_BYTES_MAX + 4 * list.length)
    expect(statSync(file).size).toBeLessThan(largest)
    expect(existsSync(`${file}.new`)).toBe(false)
    for (const store of [index, opened(new FileIndex(folder))]) {
      expect([...store.load()]).toEqual([{ path: 'path', value: 'value 39' }])
      expect(store.getList(DIGEST)).toEqual(new Uint8Array([7]))
      expect(Buffer.compare(store.getList(OTHER_DIGEST)!, list)).toBe(0)
      expect(store.getMeta('fact')).toBe('kept')
    }
  })

  it('of a newer version is refused and left as it is', () => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/left-index`, 'left-index 2\nand more')
    expect(() => new FileIndex(folder)).toThrow(/newer left/)
    expect(readFileSync(`${folder}/left-index`, 'utf8')).toBe('left-index 2\nand more')
  })
})

describe('the index of a share', () => {
  it('is lmdb where that loads, and one file elsewhere', () => {
    expect(opened(openIndex(temporaryFolder(), IndexStore))).toBeInstanceOf(IndexStore)
    expect(opened(openIndex(temporaryFolder(), NOT_THERE))).toBeInstanceOf(FileIndex)
  })

  it('in one file stays one file when lmdb loads later', async () => {
    const folder = temporaryFolder()
    const index = openIndex(folder, NOT_THERE)
    index.put('a', 'first')
    index.commit()
    await index.close()
    const again = opened(openIndex(folder, IndexStore))
    expect(again).toBeInstanceOf(FileIndex)
    expect([...again.load()]).toEqual([{ path: 'a', value: 'first' }])
  })

  it('made with lmdb is not begun anew where lmdb does not load', async () => {
    const folder = temporaryFolder()
    const index = openIndex(folder, IndexStore)
    index.put('a', 'first')
    index.commit()
    await index.close()
    expect(() => openIndex(folder, NOT_THERE)).toThrow(/^the index of this share is lmdb's, [^\n]+$/)
    expect(existsSync(`${folder}/left-index`)).toBe(false)
  })

  it('that lmdb did not come to write is begun as one file', () => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/data.mdb`, '')
    expect(opened(openIndex(folder, NOT_THERE))).toBeInstanceOf(FileIndex)
  })
})
