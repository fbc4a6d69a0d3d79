import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { Breaker } from '../../src/keeper/breaker/breaker.js'
import { Rehearsing } from '../../src/keeper/rehearsing.js'
import type { ForetoldDeed } from '../../src/pipe/deeds.js'
import type { Direction, LinkPolicy } from '../../src/pipe/settings.js'
import { MAX_DELETE, NO_MAX_DELETE } from '../../src/pipe/settings.js'
import { removeContent } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import { dotted, ShareOnDisk, START_MS, THEIRS, theirFile, theirFolder, theirLink } from './share-on-disk.js'

const NEWER = { mtimeMs: START_MS + 3_600_000 }
const OTHERS = 'dddddddddddddddd'

function shareWith(files: Readonly<Record<string, string>>, folders: readonly string[] = []): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const path of folders) share.disk.makeFolder(path)
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.nowMs += 60_000
  return share
}

interface Setting {
  readonly maxDelete?: typeof MAX_DELETE
  readonly direction?: Direction
  readonly links?: LinkPolicy
}

function rehearsing(
  share: ShareOnDisk,
  { maxDelete = NO_MAX_DELETE, direction = 'both', links = 'auto' }: Setting = {},
) {
  const { catalogue, scanner, index, nowMs } = share
  const breaker = new Breaker({ index, wallMs: () => nowMs, maxDelete, files: () => catalogue.filesHeldMin })
  return new Rehearsing({ catalogue, scanner, breaker, links, direction })
}

/** What one peer makes of the share, each deed as `fetch a`. */
function foretold(share: ShareOnDisk, entries: readonly Entry[], setting?: Setting): string[] {
  const parts = rehearsing(share, setting)
  parts.handleListed(entries, { peer: THEIRS, name: 'B' })
  return parts.deeds().map(text)
}

function text(deed: ForetoldDeed): string {
  if (deed.deed === 'rename') return `rename ${deed.from} ${deed.path}`
  if (deed.deed === 'conflict') return `conflict ${deed.path} ${deed.stands}`
  return `${deed.deed} ${deed.path}`
}

/** Of a peer that had seen what stands at the path here. */
function onTopOf(share: ShareOnDisk, remote: Entry): Entry {
  const { seen } = share.catalogue.get(remote.path)!.version
  return { ...remote, version: dotted(...seen.split(','), `${THEIRS}:9`) }
}

function deletionOf(share: ShareOnDisk, path: string, movedTo = ''): Entry {
  return removeContent(share.catalogue.get(path)!, `${THEIRS}:9`, START_MS + 3_600_000, movedTo).entry
}

describe('a dry run foretells', () => {
  test('what is new, what is replaced, what is deleted, and nothing of what is the same', () => {
    const share = shareWith({ a: 'ours', b: 'ours', c: 'same', d: 'ours' })
    const entries = [
      theirFile('new', 'theirs'),
      onTopOf(share, theirFile('a', 'theirs')),
      deletionOf(share, 'b'),
      theirFile('c', 'same', { mtimeMs: share.catalogue.get('c')!.mtimeMs }),
    ]
    const parts = rehearsing(share)
    parts.handleListed(entries, { peer: THEIRS, name: 'B' })
    expect(parts.deeds()).toEqual([
      { deed: 'fetch', path: 'a', kind: 'file', bytes: 6, crosses: true, replaces: true, peers: ['B'] },
      { deed: 'remove', path: 'b', kind: 'file', bytes: 4, peers: ['B'] },
      { deed: 'fetch', path: 'new', kind: 'file', bytes: 6, crosses: true, replaces: false, peers: ['B'] },
    ])
  })

  test('that content which is here already does not cross', () => {
    const share = shareWith({ a: 'here' })
    const parts = rehearsing(share)
    parts.handleListed([theirFile('copy', 'here')], { peer: THEIRS, name: 'B' })
    expect(parts.deeds()).toEqual([expect.objectContaining({ deed: 'fetch', path: 'copy', crosses: false })])
  })

  test('conflicts, and whose edit stands', () => {
    const share = shareWith({ a: 'ours', b: 'ours' })
    const entries = [theirFile('a', 'theirs', NEWER), theirFile('b', 'theirs', { mtimeMs: 0 })]
    expect(foretold(share, entries)).toEqual(['conflict a theirs', 'conflict b ours'])
  })

  test('renames of files, and of folders with all that is in them as one', () => {
    const share = shareWith({ one: 'x', 'old/a': 'y', 'old/b': 'z' }, ['old'])
    const entries = [
      deletionOf(share, 'one', 'two'),
      theirFile('two', 'x'),
      deletionOf(share, 'old', 'new'),
      deletionOf(share, 'old/a', 'new/a'),
      deletionOf(share, 'old/b', 'new/b'),
      theirFolder('new'),
      theirFile('new/a', 'y'),
      theirFile('new/b', 'z'),
    ]
    expect(foretold(share, entries)).toEqual(['rename old new', 'rename one two'])
  })

  test('that a folder stays in which something does', () => {
    const share = shareWith({ 'folder/theirs': 'x', 'folder/ours': 'y' }, ['folder'])
    const entries = [deletionOf(share, 'folder'), deletionOf(share, 'folder/theirs')]
    expect(foretold(share, entries)).toEqual(['remove folder/theirs'])
    expect(foretold(share, [...entries, deletionOf(share, 'folder/ours')])).toEqual([
      'remove folder',
      'remove folder/ours',
      'remove folder/theirs',
    ])
  })

  test('that nothing goes of what is too much at once', () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, `${index}`]))
    const share = shareWith(files)
    const deletions = (count: number) =>
      Object.keys(files)
        .slice(0, count)
        .map((path) => deletionOf(share, path))
    const kinds = (count: number) =>
      new Set(foretold(share, deletions(count), { maxDelete: MAX_DELETE }).map((deed) => deed.split(' ')[0]))
    expect(kinds(20)).toEqual(new Set(['remove']))
    expect(kinds(21)).toEqual(new Set(['hold']))
    const small = shareWith({ a: '1', b: '2' })
    const all = [deletionOf(small, 'a'), deletionOf(small, 'b')]
    expect(foretold(small, all, { maxDelete: MAX_DELETE })).toEqual(['hold a', 'hold b'])
    expect(foretold(small, all.slice(1), { maxDelete: MAX_DELETE })).toEqual(['remove b'])
  })

  test('what rules, the policy of links and the direction leave', () => {
    const share = shareWith({ '.leftignore': '*.tmp\n', a: 'ours' })
    const entries = [theirFile('x.tmp', 'theirs'), theirLink('out', '/etc'), deletionOf(share, 'a')]
    expect(foretold(share, entries)).toEqual(['remove a', 'leave out', 'leave x.tmp'])
    expect(foretold(share, entries, { direction: 'send-only' })).toEqual([
      'leave a',
      'leave out',
      'leave x.tmp',
    ])
  })

  test('one deed for a path of which several peers tell, and by whom', () => {
    const share = shareWith({})
    const first = theirFile('a', 'first')
    const later: Entry = { ...theirFile('a', 'later'), version: dotted(`${THEIRS}:1`, `${OTHERS}:1`) }
    const parts = rehearsing(share)
    parts.handleListed([first, theirFile('b', 'both')], { peer: THEIRS, name: 'B' })
    parts.handleListed([later, theirFile('b', 'both')], { peer: OTHERS, name: 'C' })
    parts.handleListed([first], { peer: 'eeeeeeeeeeeeeeee', name: 'D' })
    expect(parts.deeds()).toMatchObject([
      { deed: 'fetch', path: 'a', peers: ['C'] },
      { deed: 'fetch', path: 'b', peers: ['B', 'C'] },
    ])
  })
})
