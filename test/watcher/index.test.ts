import { readdirSync, statSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Index } from '../../src/base/index-port.js'
import { SimIndex } from '../../src/sim/peer/index.js'
import { FileIndex } from '../../src/watcher/file-index.js'
import { IndexStore } from '../../src/watcher/index-store.js'
import { MAPPED_ENTRIES_MAX } from '../../src/watcher/limits.js'
import type { IndexBody } from '../../src/watcher/open-index.js'
import { temporaryFolder } from '../io/temporary-folder.js'

/** One body of the index: `restart` answers what a new process finds after this one was killed. */
interface IndexWorld {
  readonly index: Index
  restart(): Promise<Index>
}

function realWorld(Body: IndexBody): IndexWorld {
  const folder = `${temporaryFolder()}/index`
  let store = new Body(folder)
  onTestFinished(() => store.close())
  return {
    index: store,
    async restart() {
      await store.close()
      store = new Body(folder)
      return store
    },
  }
}

function simulatedWorld(): IndexWorld {
  const index = new SimIndex()
  return {
    index,
    async restart() {
      index.crash()
      return index
    },
  }
}

const DIGEST = 'ab'.repeat(32)
const OTHER_DIGEST = 'cd'.repeat(32)

function contentOf(index: Index): Map<string, string> {
  return new Map([...index.load()].map(({ path, value }) => [path, value]))
}

describe.each([
  ['lmdb', () => realWorld(IndexStore)],
  ['one-file', () => realWorld(FileIndex)],
  ['simulated', simulatedWorld],
])('the %s index', (_name, makeWorld) => {
  it('gives back after a restart what was committed', async () => {
    const world = makeWorld()
    world.index.put('a', 'first')
    world.index.put('folder/b', 'second')
    world.index.putList(DIGEST, new Uint8Array([1, 2, 3]))
    world.index.putMeta('peer', 'me')
    world.index.commit()
    const index = await world.restart()
    expect(contentOf(index)).toEqual(
      new Map([
        ['a', 'first'],
        ['folder/b', 'second'],
      ]),
    )
    expect(index.getList(DIGEST)).toEqual(new Uint8Array([1, 2, 3]))
    expect(index.getMeta('peer')).toBe('me')
  })

  it('forgets in a restart what was not committed', async () => {
    const world = makeWorld()
    world.index.put('kept', 'old')
    world.index.put('removed', 'old')
    world.index.putList(DIGEST, new Uint8Array([1]))
    world.index.putMeta('name', 'old')
    world.index.commit()
    world.index.put('kept', 'new')
    world.index.put('added', 'new')
    world.index.remove('removed')
    world.index.removeList(DIGEST)
    world.index.putList(OTHER_DIGEST, new Uint8Array([2]))
    world.index.putMeta('name', 'new')
    const index = await world.restart()
    expect(contentOf(index)).toEqual(
      new Map([
        ['kept', 'old'],
        ['removed', 'old'],
      ]),
    )
    expect([...index.listDigests()]).toEqual([DIGEST])
    expect(index.getMeta('name')).toBe('old')
  })

  it('shows lists and facts before they are committed', () => {
    const { index } = makeWorld()
    expect(index.getList(DIGEST)).toBeUndefined()
    expect(index.getMeta('name')).toBeUndefined()
    index.putList(DIGEST, new Uint8Array([1]))
    index.putMeta('name', 'value')
    expect(index.getList(DIGEST)).toEqual(new Uint8Array([1]))
    expect([...index.listDigests()]).toEqual([DIGEST])
    expect(index.getMeta('name')).toBe('value')
    index.commit()
    index.removeList(DIGEST)
    expect(index.getList(DIGEST)).toBeUndefined()
    expect([...index.listDigests()]).toEqual([])
  })

  it('takes empty values, the empty path, and a list of a megabyte', async () => {
    const world = makeWorld()
    const list = new Uint8Array(1_048_576).fill(9)
    world.index.put('', '')
    world.index.putList(DIGEST, list)
    world.index.commit()
    const index = await world.restart()
    expect(contentOf(index)).toEqual(new Map([['', '']]))
    expect(Buffer.compare(index.getList(DIGEST)!, list)).toBe(0) // toEqual takes seconds
  })

  it.each([1_899, 1_900, 1_901, 1_978, 4_095])(
    'keeps, replaces and removes paths of %d bytes',
    async (pathBytes) => {
      const world = makeWorld()
      const path = 'p'.repeat(pathBytes)
      const sibling = `${'p'.repeat(pathBytes - 1)}q`
      world.index.put(path, 'first\0value')
      world.index.put(sibling, 'sibling')
      world.index.commit()
      world.index.put(path, 'second\0value')
      world.index.remove(sibling)
      world.index.commit()
      expect(contentOf(await world.restart())).toEqual(new Map([[path, 'second\0value']]))
    },
  )

  it('gives lists away: changing one changes nothing inside', () => {
    const { index } = makeWorld()
    index.putList(DIGEST, new Uint8Array([1]))
    index.commit()
    index.getList(DIGEST)!.fill(7)
    expect(index.getList(DIGEST)).toEqual(new Uint8Array([1]))
  })

  it('agrees with a map, whatever is put, removed, committed and lost', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('put'), path: fc.string({ unit: 'grapheme' }), value: fc.string() }),
      fc.record({ do: fc.constant('remove'), path: fc.string({ unit: 'grapheme', maxLength: 1 }) }),
      fc.record({ do: fc.constant('commit') }),
      fc.record({ do: fc.constant('restart') }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (steps) => {
        const world = makeWorld()
        let { index } = world
        let committed = new Map<string, string>()
        let pending = new Map(committed)
        for (const taken of steps as { do: string; path: string; value: string }[]) {
          if (taken.do === 'put') {
            index.put(taken.path, taken.value)
            pending.set(taken.path, taken.value)
          } else if (taken.do === 'remove') {
            index.remove(taken.path)
            pending.delete(taken.path)
          } else {
            if (taken.do === 'commit') index.commit()
            else {
              index = await world.restart()
              pending = new Map(committed)
            }
            committed = new Map(pending)
            expect(contentOf(index)).toEqual(committed)
          }
        }
        index = await world.restart()
        expect(contentOf(index)).toEqual(committed)
      }),
      { numRuns: 30 },
    )
  })
})

it.each([IndexStore, FileIndex])('%o refuses an index that cannot be read, in one line', (Body) => {
  const folder = temporaryFolder()
  expect(() => new Body(`${folder}/missing/\0`)).toThrow(/^open the index: [^\n]+$/)
})

describe('the index on the disk', () => {
  it("is its user's alone", async () => {
    const folder = `${temporaryFolder()}/index`
    const store = new IndexStore(folder)
    store.put('a', '1')
    store.commit()
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder).map((name) => [name, statSync(`${folder}/${name}`).mode & 0o777])).toEqual([
      ['data.mdb', 0o600],
      ['lock.mdb', 0o600],
    ])
    await store.close()
  })

  it.each([-1, 0, 1])(
    'holds all when there are %d entries more than are mapped at once, before a restart and after',
    async (more) => {
      const folder = `${temporaryFolder()}/index`
      let store = new IndexStore(folder)
      onTestFinished(() => store.close())
      const long = `long/${'p'.repeat(2_000)}`
      const paths = Array.from({ length: MAPPED_ENTRIES_MAX + more - 1 }, (_, number) => `n${number}`)
      for (const path of [...paths, long]) store.put(path, path)
      store.putList(DIGEST, new Uint8Array([7]))
      store.putMeta('name', 'value')
      store.commit()
      store.put('n0', 'later')
      store.commit()
      for (let start = 0; start < 2; start++) {
        const content = contentOf(store)
        expect(content.size).toBe(paths.length + 1)
        expect(content.get('n0')).toBe('later')
        expect(content.get(long)).toBe(long)
        expect(content.get(paths.at(-1)!)).toBe(paths.at(-1))
        expect(store.getList(DIGEST)).toEqual(new Uint8Array([7]))
        expect(store.getMeta('name')).toBe('value')
        await store.close()
        store = new IndexStore(folder)
      }
    },
  )
})
