import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf, textOf, utf8 } from '../../src/base/bytes.js'
import type { ItemRef } from '../../src/base/item.js'
import { PATH_DEPTH_MAX, TREE_ITEM_BYTES_MAX } from '../../src/base/limits.js'
import { dotOf } from '../../src/share/dots.js'
import type { Entry } from '../../src/share/entry.js'
import {
  PAGE_LIST_DEPTH_MAX,
  TREE_ITEM_LINES_MAX,
  WALK_CHUNK_LINES,
  WALK_PATH_UNITS_MAX,
  WALK_PLACES_MAX,
  WALK_STEP_LINES,
} from '../../src/share/limits.js'
import { Manifest } from '../../src/share/manifest.js'
import { checkPath, parentOf } from '../../src/share/path.js'
import { decodeTreeItem, encodePages, type TreeItem } from '../../src/share/tree-item.js'
import { TreeWalk, type WalkFault } from '../../src/share/walk.js'
import { isLong, someOf } from '../length.js'
import { arbitraryEntry, digestOf, encodeListing, entryOf, fileEntry, PEERS, sha256 } from './entries.js'

function manifestOf(entries: Iterable<Entry>): Manifest {
  const manifest = new Manifest(sha256)
  for (const entry of entries) manifest.set(entry)
  return manifest
}

interface Walked {
  readonly entries: Entry[]
  readonly pulledCount: number
  readonly pulledBytes: number
  readonly fault: WalkFault | undefined
}

/** Walks to the end; `serve` is the peer. */
function walkThrough(walk: TreeWalk, serve: (item: ItemRef) => Uint8Array | undefined): Walked {
  const entries: Entry[] = []
  let pulledCount = 0
  let pulledBytes = 0
  for (let item = walk.pollPull(); item !== undefined; item = walk.pollPull()) {
    pulledCount++
    const bytes = serve(item)!
    pulledBytes += bytes.length
    const fault = walk.handleItem(item.digest, bytes)
    if (fault !== undefined) return { entries, pulledCount, pulledBytes, fault }
    while (walk.isReadable) {
      const found = walk.read()
      if (!found.ok) return { entries, pulledCount, pulledBytes, fault: found.reason }
      entries.push(...found.value)
    }
  }
  return { entries, pulledCount, pulledBytes, fault: undefined }
}

function compare(local: Manifest, remote: Manifest): Walked {
  const walk = new TreeWalk(local, remote.root())
  const walked = walkThrough(walk, (item) => remote.item(item.digest)!)
  expect(walk.done).toBe(true)
  return walked
}

/** A peer that serves items of its own making. */
class ForgingPeer {
  private readonly items = new Map<string, Uint8Array>()

  forge(text: string): ItemRef {
    const bytes = utf8(text)
    const digest = hexOf(sha256(bytes))
    this.items.set(digest, bytes)
    return { kind: 'tree', digest, sizeBytes: bytes.length }
  }

  readonly serve = (item: ItemRef) => this.items.get(item.digest)
}

/** A listing with the table of what `file` makes. */
function lines(...rest: string[]): string {
  const table = rest.some((line) => line.includes(` ${SHORT} `)) ? `V ${PEERS[0]}:1` : 'V'
  return `left-tree 2 lines\n${[table, ...rest].map((line) => `${line}\n`).join('')}`
}
const SHORT = '0:0/0'
const file = (name: string) => `f a 1 0 ${digestOf(1)} ${SHORT} ${name}`
const pages = (...items: ItemRef[]) =>
  `left-tree 2 pages\n${items.map((item) => `P ${item.digest} ${item.sizeBytes}\n`).join('')}`
const subtree = (name: string, item: ItemRef) => `D ${name} ${item.digest} ${item.sizeBytes}`

describe('walking a tree', () => {
  test('finds exactly the entries of the peer that are not ours', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryEntry, { maxLength: 30 }),
        fc.array(arbitraryEntry, { maxLength: 10 }),
        fc.array(arbitraryEntry, { maxLength: 10 }),
        (shared, ours, theirs) => {
          const local = manifestOf([...shared, ...ours])
          const remote = manifestOf([...shared, ...theirs])
          const expected = [...remote.entries()].filter((entry) => {
            const own = local.get(entry.path)
            return own === undefined || JSON.stringify(own) !== JSON.stringify(entry)
          })
          const byPath = (a: Entry, b: Entry) => (a.path < b.path ? -1 : 1)
          expect(compare(local, remote).entries.sort(byPath)).toEqual(expected.sort(byPath))
        },
      ),
    )
  })

  test('equal trees are found equal without a pull', () => {
    const walk = new TreeWalk(manifestOf([fileEntry('a/b')]), manifestOf([fileEntry('a/b')]).root())
    expect(walk.done).toBe(true)
    expect(walk.pollPull()).toBeUndefined()
  })

  test.runIf(isLong)(
    'a folder of 100,000 long names that a dozen peers have edited stays far below the longest item',
    () => {
      const editors = Array.from({ length: 12 }, (_, index) =>
        dotOf(index.toString(16).padStart(16, 'e'), 123),
      )
      const version = { content: editors[0]!, attributes: editors[0]!, seen: editors.join(',') }
      const remote = new Manifest(sha256)
      for (let number = 0; number < 100_000; number++)
        remote.set(fileEntry(`f/${'n'.repeat(150)}${number}`, { digest: digestOf(0), version }))
      const walk = new TreeWalk(new Manifest(sha256), remote.root())
      let longest = 0
      const { entries, fault } = walkThrough(walk, (item) => {
        longest = Math.max(longest, item.sizeBytes)
        return remote.item(item.digest)
      })
      expect({ fault, count: entries.length }).toEqual({ fault: undefined, count: 100_000 })
      expect(longest).toBeLessThan(TREE_ITEM_BYTES_MAX / 2)
    },
  )

  test('one file of 43,000 in a folder costs its page, the page list and the folders above', () => {
    const crowd = Array.from({ length: 43_000 }, (_, number) =>
      fileEntry(`a/b/file-${number}`, { digest: digestOf(0) }),
    )
    const local = manifestOf(crowd)
    const remote = manifestOf(crowd)
    remote.set(fileEntry('a/b/file-21000', { mtimeMs: 1 }))
    const { entries, pulledCount, pulledBytes } = compare(local, remote)
    expect(entries.map((entry) => entry.path)).toEqual(['a/b/file-21000'])
    expect(pulledCount).toBe(4)
    expect(pulledBytes).toBeLessThan(400_000)
  })

  test('a folder that we have elsewhere is not pulled, and its entries are found', () => {
    const files = (folder: string) =>
      Array.from({ length: 50 }, (_, number) =>
        fileEntry(`${folder}/${number}`, { digest: digestOf(number) }),
      )
    const local = manifestOf(files('old'))
    const remote = manifestOf(files('new'))
    const { entries, pulledCount } = compare(local, remote)
    expect(entries.length).toBe(50)
    expect(entries.every((entry) => entry.path.startsWith('new/'))).toBe(true)
    expect(pulledCount).toBe(1)
  })

  test('a listing that two folders of the peer have is pulled once', () => {
    const remote = manifestOf(['a', 'b'].map((folder) => fileEntry(`${folder}/x`, { digest: digestOf(1) })))
    const { entries, pulledCount } = compare(new Manifest(sha256), remote)
    expect(entries.map((entry) => entry.path).sort()).toEqual(['a/x', 'b/x'])
    expect(pulledCount).toBe(2)
  })

  test('what has become ours while the walk goes on is not answered again', () => {
    const remote = manifestOf([fileEntry('a'), fileEntry('b/c')])
    const local = new Manifest(sha256)
    const walk = new TreeWalk(local, remote.root())
    const root = walk.pollPull()!
    local.set(fileEntry('b/c'))
    expect(walk.handleItem(root.digest, remote.item(root.digest)!)).toBeUndefined()
    const found = walk.read()
    expect(found.ok && found.value.map((entry) => entry.path)).toEqual(['a'])
    expect(walk.done).toBe(true)
  })

  test('an item that nobody awaits is ignored, and so is one that comes twice', () => {
    const remote = manifestOf([fileEntry('a')])
    const root = remote.root()
    const walk = new TreeWalk(new Manifest(sha256), root)
    expect(walk.handleItem(digestOf('other'), utf8('x'))).toBeUndefined()
    expect(walk.isReadable).toBe(false)
    walk.pollPull()
    for (let time = 0; time < 2; time++)
      expect(walk.handleItem(root.digest, remote.item(root.digest)!)).toBeUndefined()
    expect(walk.heldCount).toBe(1)
    expect(walk.read()).toMatchObject({ ok: true, value: [{ path: 'a' }] })
    expect(walk.done).toBe(true)
  })
})

describe('reading what has come', () => {
  /** The count of entries that each read answers, until all is read. */
  function reads(walk: TreeWalk): number[] {
    const counts: number[] = []
    while (walk.isReadable) {
      const found = walk.read()
      counts.push(found.ok ? found.value.length : -1)
    }
    return counts
  }

  /** The listing of these files, pulled and to be read. */
  function pulledWalk(count: number, nameOfFile: (index: number) => string): TreeWalk {
    const peer = new ForgingPeer()
    const root = peer.forge(lines(...Array.from({ length: count }, (_, index) => file(nameOfFile(index)))))
    const walk = new TreeWalk(new Manifest(sha256), root)
    expect(walk.handleItem(walk.pollPull()!.digest, peer.serve(root)!)).toBeUndefined()
    return walk
  }

  test('takes a bounded number of lines at a time, and finds all', () => {
    const walk = pulledWalk(20_000, (index) => `n${String(index).padStart(5, '0')}`)
    const counts = reads(walk)
    expect(Math.max(...counts)).toBeLessThan(WALK_STEP_LINES + WALK_CHUNK_LINES)
    expect(counts.reduce((sum, count) => sum + count)).toBe(20_000)
    expect(walk.done).toBe(true)
  })

  test('takes fewer lines that are long', () => {
    const walk = pulledWalk(5_000, (index) => `${String(index).padStart(5, '0')}${'n'.repeat(245)}`)
    expect(Math.max(...reads(walk))).toBeLessThan(WALK_STEP_LINES / 2 + WALK_CHUNK_LINES)
  })

  test('holds a listing until its last place is read, and pulls it once', () => {
    const peer = new ForgingPeer()
    const leaf = peer.forge(lines(file('a')))
    const middle = peer.forge(lines(subtree('x', leaf), subtree('y', leaf)))
    const root = peer.forge(lines(...['p', 'q', 'r'].map((name) => subtree(name, middle))))
    const walk = new TreeWalk(new Manifest(sha256), root)
    const walked = walkThrough(walk, peer.serve)
    expect({ pulled: walked.pulledCount, found: walked.entries.length }).toEqual({ pulled: 3, found: 6 })
    expect({ count: walk.heldCount, bytes: walk.heldBytes }).toEqual({ count: 0, bytes: 0 })
    expect(walk.done).toBe(true)
  })

  describe('a listing of ours that many folders of the peer have', () => {
    const files = Array.from({ length: 100 }, (_, index) => fileEntry(`ours/${index}`))
    const folders = Array.from({ length: isLong ? 2_000 : 300 }, (_, index) => `folder-${index}`).sort()

    /** The peer has it in all these folders; counts how often it is written out. */
    function walkOver(): { local: Manifest; walk: TreeWalk; peer: ForgingPeer; writtenOut: () => number } {
      const local = manifestOf(files)
      local.root()
      const listing = local.folderItem('ours')!
      let count = 0
      const item = local.item.bind(local)
      local.item = (digest) => {
        if (digest === listing.digest) count++
        return item(digest)
      }
      const peer = new ForgingPeer()
      peer.forge(textOf(item(listing.digest)!)!)
      const root = peer.forge(lines(...folders.map((name) => subtree(name, listing))))
      const walk = new TreeWalk(local, root)
      expect(walk.handleItem(walk.pollPull()!.digest, peer.serve(root)!)).toBeUndefined()
      return { local, walk, peer, writtenOut: () => count }
    }

    test('is written out when it is read, a few times in each step', () => {
      const { walk, writtenOut } = walkOver()
      const counts: number[] = []
      let found = 0
      while (walk.isReadable) {
        const before = writtenOut()
        const entries = walk.read()
        found += entries.ok ? entries.value.length : Number.NaN
        counts.push(writtenOut() - before)
      }
      expect(found).toBe(folders.length * files.length)
      expect(Math.max(...counts)).toBeLessThan(WALK_STEP_LINES / files.length)
      expect(walk.pollPull()).toBeUndefined()
      expect(walk.done).toBe(true)
    })

    test('is pulled where it is ours no more when it is to be read', () => {
      const { local, walk, peer } = walkOver()
      const found = new Set<string>()
      const read = () => {
        const entries = walk.read()
        if (entries.ok) for (const { path } of entries.value) found.add(path)
      }
      read()
      for (const { path } of files) local.delete(path)
      local.forgetReplaced()
      while (walk.isReadable) read()
      const pulled = walk.pollPull()!
      expect(walk.pollPull()).toBeUndefined()
      expect(walk.handleItem(pulled.digest, peer.serve(pulled)!)).toBeUndefined()
      while (walk.isReadable) read()
      expect(found.size).toBe(folders.length * files.length)
      expect(walk.done).toBe(true)
      expect({ count: walk.heldCount, bytes: walk.heldBytes }).toEqual({ count: 0, bytes: 0 })
    })
  })

  test('refuses a listing that is wrong further down, when it comes to that', () => {
    const walk = pulledWalk(10_001, (index) =>
      index === 10_000 ? 'a' : `n${String(index).padStart(5, '0')}`,
    )
    expect(reads(walk).at(-1)).toBe(-1)
    expect(walk.isReadable).toBe(false)
    expect(walk.done).toBe(false)
  })
})

describe('a hostile tree', () => {
  const faultOf = (peer: ForgingPeer, root: ItemRef) =>
    walkThrough(new TreeWalk(new Manifest(sha256), root), peer.serve).fault

  test.each([
    ['bytes that are not text', '\ufffd', 'truncated'],
    ['another format', 'left-tree 1 lines\n', 'unknown-kind'],
    ['no table', 'left-tree 2 lines\n', 'truncated'],
    ['a line in place of the table', `left-tree 2 lines\n${file('a')}\n`, 'unknown-kind'],
    ['a peer that no line names', `left-tree 2 lines\nV ${PEERS[0]}:1\n`, 'bad-field'],
    ['another peer that no line names', lines(file('a')).replace(':1', `:1 ${PEERS[1]}:1`), 'bad-field'],
    [
      'a count that no line names',
      lines(file('a').replace('0:0/', '0:1/')).replace('V', `V ${PEERS[0]}:1`),
      'bad-field',
    ],
    ['a peer that is not in the table', lines(file('a').replace('0:0/', '1:0/')), 'bad-field'],
    ['a version in full', lines(file('a').replace('0:0/', `${PEERS[0]}:1/`)), 'bad-field'],
    ['a line cut off', `left-tree 2 lines\nV\n${file('a')}`, 'truncated'],
    ['an empty line', lines(''), 'empty'],
    ['names out of order', lines(file('b'), file('a')), 'unsorted'],
    ['one name twice', lines(file('a'), file('a')), 'unsorted'],
    ['a subtree before its entry', lines(`D a ${digestOf(1)} 20`, `d a 0 0 - ${SHORT} a`), 'unsorted'],
    ['a path in place of a name', lines(file('a/b')), 'bad-field'],
    ['a way out', lines(file('..')), 'bad-field'],
    ['our own folder', lines(file('.left')), 'bad-field'],
    ['a way out as a folder', lines(`D .. ${digestOf(1)} 20`), 'bad-field'],
    ['our own folder as a folder', lines(`D .left ${digestOf(1)} 20`), 'bad-field'],
    ['a subtree without a size', lines(`D a ${digestOf(1)}`), 'bad-field'],
    ['a subtree of nothing', lines(`D a ${digestOf(1)} 0`), 'bad-field'],
    ['a subtree larger than any', lines(`D a ${digestOf(1)} ${TREE_ITEM_BYTES_MAX + 1}`), 'bad-field'],
    ['a page among the lines', lines(`P ${digestOf(1)} 20`), 'unknown-kind'],
    ['an entry among the pages', `left-tree 2 pages\n${file('a')}\n`, 'bad-field'],
    ['no pages', 'left-tree 2 pages\n', 'truncated'],
  ])('%s is refused', (_, text, reason) => {
    const peer = new ForgingPeer()
    expect(faultOf(peer, peer.forge(text))).toBe(reason)
  })

  test('as many lines are read as may be, and not one more', () => {
    const listing = (count: number) =>
      utf8(
        lines(
          ...Array.from({ length: count }, (_, at) => `t f 0 0 - ${SHORT} ${String(at).padStart(5, '0')}`),
        ),
      )
    const most = decodeTreeItem(listing(TREE_ITEM_LINES_MAX), '')
    expect(most.ok && most.value.kind === 'lines' && most.value.entries.length).toBe(TREE_ITEM_LINES_MAX)
    expect(decodeTreeItem(listing(TREE_ITEM_LINES_MAX + 1), '')).toEqual({ ok: false, reason: 'too-long' })
  })

  test('a listing is read up to its longest, and not a byte beyond', () => {
    const lineOf = (index: number) => file(String(index).padStart(60, '0'))
    const count = Math.floor(TREE_ITEM_BYTES_MAX / (lineOf(0).length + 1)) - 1
    const most = lines(...Array.from({ length: count }, (_, index) => lineOf(index)))
    const lastBytes = TREE_ITEM_BYTES_MAX - most.length - file('').length - 1
    const last = (more: number) => `${most}${file('z'.repeat(lastBytes + more))}\n`
    expect(decodeTreeItem(utf8(last(0)), '')).toMatchObject({ ok: true, value: { kind: 'lines' } })
    expect(decodeTreeItem(utf8(last(1)), '')).toEqual({ ok: false, reason: 'too-long' })
  })

  test('bytes that are not what was named are refused', () => {
    const peer = new ForgingPeer()
    const root = peer.forge(lines(file('a')))
    const other = utf8(lines(file('b')))
    expect(walkThrough(new TreeWalk(new Manifest(sha256), root), () => other).fault).toBe('wrong-digest')
    expect(faultOf(peer, { ...root, sizeBytes: root.sizeBytes + 1 })).toBe('wrong-size')
  })

  test('a root larger than any item is never pulled', () => {
    const walk = new TreeWalk(new Manifest(sha256), {
      kind: 'tree',
      digest: digestOf(1),
      sizeBytes: TREE_ITEM_BYTES_MAX + 1,
    })
    expect(walk.pollPull()).toBeUndefined()
    expect(walk.done).toBe(false)
  })

  test('listings that list each other a thousand times each come to an end', () => {
    const peer = new ForgingPeer()
    const names = Array.from({ length: 1000 }, (_, index) => `n${index.toString().padStart(4, '0')}`)
    let item = peer.forge(lines(file('a')))
    for (let level = 0; level < 10; level++)
      item = peer.forge(lines(...names.map((name) => subtree(name, item))))
    expect(faultOf(peer, item)).toBe('too-many')
  })

  /** Pulls and answers whatever the walk asks for, `leaf` alone excepted, and reads it. */
  function faultBefore(leaf: ItemRef, walk: TreeWalk, peer: ForgingPeer): WalkFault | undefined {
    for (let pulls = 0; ; pulls = 0) {
      for (let item = walk.pollPull(); item !== undefined; item = walk.pollPull()) {
        if (item.digest === leaf.digest) continue
        pulls++
        walk.handleItem(item.digest, peer.serve(item)!)
      }
      if (pulls === 0) return undefined
      const fault = readAll(walk)
      if (fault !== undefined) return fault
    }
  }

  function readAll(walk: TreeWalk): WalkFault | undefined {
    while (walk.isReadable) {
      const found = walk.read()
      if (!found.ok) return found.reason
    }
    return undefined
  }

  /** A root that names the leaf itself, if `names` it, and eight listings that name it in as many folders as asked for. */
  function rootOfPlaces(peer: ForgingPeer, leaf: ItemRef, count: number, names: boolean): ItemRef {
    const listings = Array.from({ length: 8 }, (_, listing) => {
      const share = Math.floor(count / 8) + (listing < count % 8 ? 1 : 0)
      const folders = Array.from(
        { length: share },
        (_, index) => `${listing}${String(index).padStart(5, '0')}`,
      )
      return peer.forge(lines(...folders.map((name) => subtree(name, leaf))))
    })
    return peer.forge(
      lines(
        ...(names ? [subtree('-', leaf)] : []),
        ...listings.map((item, index) => subtree(`${index}`, item)),
      ),
    )
  }

  test.each(
    someOf([
      ['one more are refused', WALK_PLACES_MAX + 1, 'too-many'],
      ['as many folders as may be are read', WALK_PLACES_MAX, undefined],
    ] as const),
  )('of a listing that is awaited in many folders, %s', (_, count, fault) => {
    const peer = new ForgingPeer()
    const leaf = peer.forge(lines(file('a')))
    const walk = new TreeWalk(new Manifest(sha256), rootOfPlaces(peer, leaf, count, false))
    expect(faultBefore(leaf, walk, peer)).toBe(fault)
    if (fault !== undefined) return
    walk.handleItem(leaf.digest, peer.serve(leaf)!)
    expect(readAll(walk)).toBeUndefined()
    expect(walk.done).toBe(true)
  })

  test.each(
    someOf([
      ['one more are refused', WALK_PLACES_MAX + 1, 'too-many'],
      ['as many folders as may be are read', WALK_PLACES_MAX, undefined],
    ] as const),
  )('of a listing that is here and belongs into many folders, %s', (_, count, fault) => {
    const peer = new ForgingPeer()
    const leaf = peer.forge(lines(file('a')))
    const root = rootOfPlaces(peer, leaf, count - 1, true)
    const walk = new TreeWalk(new Manifest(sha256), root)
    walk.handleItem(walk.pollPull()!.digest, peer.serve(root)!)
    expect(readAll(walk)).toBeUndefined()
    walk.handleItem(leaf.digest, peer.serve(leaf)!)
    for (let item = walk.pollPull(); item !== undefined; item = walk.pollPull())
      walk.handleItem(item.digest, peer.serve(item)!)
    expect(readAll(walk)).toBe(fault)
    expect(walk.done).toBe(fault === undefined)
  })

  test.each(
    someOf([
      ['longer by one folder are refused', 1, 'too-many'],
      ['as long as may be are read', 0, undefined],
    ] as const),
  )('of folders that are to be read, paths that together are %s', (_, more, fault) => {
    const peer = new ForgingPeer()
    const leaf = peer.forge(lines(file('a')))
    const pathUnits = 2_048
    const folders = Array.from({ length: WALK_PATH_UNITS_MAX / pathUnits + more }, (_, index) =>
      String(index).padStart(128, '0'),
    )
    let item = peer.forge(lines(...folders.map((name) => subtree(name, leaf))))
    for (let level = 0; level < 15; level++) item = peer.forge(lines(subtree('x'.repeat(127), item)))
    expect(faultBefore(leaf, new TreeWalk(new Manifest(sha256), item), peer)).toBe(fault)
  })

  test('long names nested deep come to an end', () => {
    const peer = new ForgingPeer()
    let item = peer.forge(lines(file('a')))
    const names = Array.from(
      { length: 2000 },
      (_, index) => `${index.toString().padStart(5, '0')}${'x'.repeat(240)}`,
    )
    for (let level = 0; level < 12; level++)
      item = peer.forge(lines(...names.map((name) => subtree(name, item))))
    expect(faultOf(peer, item)).toBe('too-many')
  })

  test.each([
    [PATH_DEPTH_MAX - 1, undefined],
    [PATH_DEPTH_MAX, 'bad-field'],
  ])('a file in %i folders: %s', (depth, fault) => {
    const peer = new ForgingPeer()
    let item = peer.forge(lines(file('a')))
    for (let level = 0; level < depth; level++) item = peer.forge(lines(subtree('x', item)))
    expect(faultOf(peer, item)).toBe(fault)
  })

  test('a path that grows too long is refused', () => {
    const peer = new ForgingPeer()
    let item = peer.forge(lines(file('a')))
    for (let level = 0; level < 17; level++) item = peer.forge(lines(subtree('x'.repeat(255), item)))
    expect(faultOf(peer, item)).toBe('bad-field')
  })

  test.each([
    [PAGE_LIST_DEPTH_MAX, undefined],
    [PAGE_LIST_DEPTH_MAX + 1, 'nested-pages'],
    [50, 'nested-pages'],
  ])('lists of pages within lists of pages, %i deep: %s', (depth, fault) => {
    const peer = new ForgingPeer()
    const leaf = peer.forge(lines(file('a')))
    let item = leaf
    for (let level = 0; level < depth; level++) item = peer.forge(pages(item, leaf))
    expect(faultOf(peer, item)).toBe(fault)
  })

  /** The listing that says the same; every listing has one spelling. */
  const spelled = (item: TreeItem): Uint8Array =>
    item.kind === 'pages' ? encodePages(item.pages) : encodeListing(item)

  /** Whether it is taken; then it is the one spelling of what was read out of it, which is within all limits. */
  const isTaken = (bytes: Uint8Array, folder: string): boolean => {
    const item = decodeTreeItem(bytes, folder)
    if (!item.ok) return false
    expect(Buffer.compare(spelled(item.value), bytes)).toBe(0)
    if (item.value.kind === 'lines')
      for (const { path } of [...item.value.entries, ...item.value.subtrees]) {
        expect(parentOf(path)).toBe(folder)
        expect(checkPath(path)).toBeUndefined()
      }
    return true
  }

  test('random bytes are refused, bare and among whole lines', () => {
    const before = utf8(lines(file('a')))
    expect(isTaken(before, 'x')).toBe(true)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.boolean(), (bytes, isAmongLines) => {
        const item = isAmongLines ? new Uint8Array([...before, ...bytes, 10]) : bytes
        expect(isTaken(item, 'x')).toBe(false)
      }),
    )
  })

  test('a listing with one byte damaged is refused, or is the one spelling of another listing', () => {
    const manifest = manifestOf([
      fileEntry('a'),
      fileEntry('b/c'),
      entryOf('folder', 'b'),
      entryOf('link', 'l'),
    ])
    const bytes = manifest.item(manifest.root().digest)!
    expect(isTaken(bytes, '')).toBe(true)
    let takenCount = 0
    for (let position = 0; position < bytes.length; position++)
      for (const value of utf8('\0\n %-/09:azDP\x7f').values()) {
        const damaged = bytes.slice()
        damaged[position] = value
        if (value !== bytes[position] && isTaken(damaged, '')) takenCount++
      }
    expect(takenCount).toBeGreaterThan(bytes.length)
    for (const value of [0x80, 0xc0, 0xff]) {
      for (let position = 0; position < bytes.length; position++) {
        const damaged = bytes.slice()
        damaged[position] = value
        expect(isTaken(damaged, '')).toBe(false)
      }
    }
  })
})
