import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { PLACE_RETRY_MS, PLACE_TRIES_MAX, RETRY_BACKOFF_MS } from '../../src/keeper/intake/limits.js'
import { removeContent } from '../../src/share/edit.js'
import { isEntry } from '../../src/share/tree-move.js'
import { deliver, RestartingShare } from './restarting-share.js'
import { dotted, START_MS, THEIRS, theirFile, theirFolder, theirLink } from './share-on-disk.js'

describe('what cannot be placed here', () => {
  test('is reported once, and not fetched again until it changes', () => {
    const share = new RestartingShare({ 'folder/x': '1' })
    share.disk.unharmed((disk) => disk.makeLink('link', 'folder'))
    share.pass(60_000)
    const remote = theirFile('link/a', 'theirs')
    share.claim([remote])
    deliver(share, { 'link/a': 'theirs' })
    expect(share.notices('problem')).toMatchObject([{ path: 'link/a' }])
    share.claim([remote])
    expect(share.take('fetch-small')).toEqual([])
    share.claim([{ ...remote, version: dotted(`${THEIRS}:2`) }])
    expect(share.take('fetch-small')).toHaveLength(1)
    expect(share.disk.contentOf('folder/a')).toBeUndefined()
  })

  test('is tried again after a while, more and more rarely, without another word of it', () => {
    const share = new RestartingShare({ 'folder/x': '1' })
    share.disk.unharmed((disk) => disk.makeLink('link', 'folder'))
    share.pass(60_000)
    const remote = theirFile('link/a', 'theirs')
    share.claim([remote])
    for (const waitMs of [RETRY_BACKOFF_MS, 2 * RETRY_BACKOFF_MS]) {
      deliver(share, { 'link/a': 'theirs' })
      share.pass(waitMs - 1)
      expect(share.take('root').at(-1)?.notHeldCount ?? 1).toBe(1)
      expect(share.take('fetch-small')).toEqual([])
      share.pass(1)
      expect(share.messages.filter(({ type }) => type === 'fetch-small')).toMatchObject([{ path: 'link/a' }])
    }
    expect(share.notices('problem')).toHaveLength(1)
    // The person's repair is no change that a scan would see.
    share.disk.unharmed((disk) => {
      disk.removeFile('link')
      disk.makeFolder('link')
    })
    deliver(share, { 'link/a': 'theirs' })
    expect(share.textAt('link/a')).toBe('theirs')
  })

  test('waits while something unknown stands in its place, and meets it as a conflict', () => {
    const share = new RestartingShare()
    share.claim([theirFile('a', 'theirs', { mtimeMs: START_MS + 3_600_000 })])
    share.disk.putFile('a', utf8('made here meanwhile'))
    deliver(share, { a: 'theirs' })
    share.pass(5_000)
    expect(share.textAt('a')).toBe('theirs')
    const [conflict] = share.notices('conflict')
    expect(share.textAt(conflict!.kept)).toBe('made here meanwhile')
  })

  test('is announced as far as it went: the folder on its way', () => {
    const share = new RestartingShare()
    share.disk.faults.refusePath('f/a')
    share.disk.faults.refusePath('f')
    // Known already, so that nothing else is news when it is tried again.
    share.claim([theirFile('f/a', 'theirs')])
    deliver(share, { 'f/a': 'theirs' })
    share.pass(5_000)
    share.disk.faults.refusePath('f', false)
    share.pass(RETRY_BACKOFF_MS - 10_000)
    share.take('root')
    share.pass(10_000)
    deliver(share, { 'f/a': 'theirs' })
    share.pass(5_000)
    expect(share.disk.unharmed((disk) => disk.stat('f')?.kind)).toBe('folder')
    const told = share.take('root').flatMap(({ changes }) => changes?.filter(isEntry) ?? [])
    expect(told.filter(({ path }) => path === 'f').at(-1)).toMatchObject({ kind: 'folder' })
  })
})

describe('a link of a peer where links are followed', () => {
  test('is known and not held, and a restart keeps that', () => {
    const share = new RestartingShare()
    const link = theirLink('to', 'elsewhere')
    share.claim([link])
    share.pass(100)
    expect(share.take('root').at(-1)).toMatchObject({ whole: [link], notHeldCount: 1 })
    share.kill()
    expect(share.take('root').at(-1)).toMatchObject({ whole: [link], notHeldCount: 1 })
    share.claim([link])
    expect(share.take('in-step')).toMatchObject([{ equal: true, notHeldHere: 1, notHeldThere: 0 }])
    expect(share.disk.unharmed((disk) => disk.statLink('to'))).toBeUndefined()
  })
})

describe('a folder that became a link', () => {
  test('refuses what belongs into it by that name, and nothing that came with it', () => {
    const share = new RestartingShare()
    const first = { 'f/a': 'old a', b: 'old b' }
    const folder = theirFolder('f')
    share.claim([folder, ...Object.entries(first).map(([path, text]) => theirFile(path, text))])
    deliver(share, first)
    expect(share.textAt('f/a')).toBe('old a')
    share.disk.unharmed((disk) => {
      disk.rename('f', 'g')
      disk.makeLink('f', 'g')
    })
    share.pass(5_000)
    share.messages = []
    const second = { 'f/a': 'new a', b: 'new b' }
    const entries = Object.entries(second).map(([path, text]) =>
      theirFile(path, text, {
        version: dotted(theirFile(path, '').version.content, `${THEIRS}:900`),
        mtimeMs: START_MS + 3_600_000,
      }),
    )
    share.claim([folder, ...entries])
    deliver(share, second)
    share.pass(100)
    expect(share.textAt('b')).toBe('new b')
    expect(share.textAt('g/a')).toBe('old a')
    expect(share.notices('problem')).toMatchObject([
      { path: 'f/a', reason: expect.stringContaining('behind a link') },
    ])
  })
})

describe('a file in the place of a folder', () => {
  test('is placed once what was in the folder is gone, also where another file waits for its content', () => {
    const share = new RestartingShare({ 'd/x': 'old' })
    const ours = new Map(share.take('root')[0]!.whole!.map(({ path, version }) => [path, version.content]))
    const dotOf = (path: string) => ours.get(path)!
    const gone = removeContent(
      theirFile('d/x', 'old', { version: dotted(dotOf('d/x')) }),
      `${THEIRS}:1`,
      START_MS,
    ).entry
    const file = theirFile('d', 'same', { version: dotted(dotOf('d'), `${THEIRS}:2`) })
    share.claim([file, gone, theirFile('e', 'same', { version: dotted(`${THEIRS}:3`) })])
    deliver(share, { d: 'same', e: 'same' })
    share.pass(2 * PLACE_RETRY_MS)
    expect([share.textAt('d'), share.textAt('e')]).toEqual(['same', 'same'])
  })
})

describe('a file whose place is taken by something that cannot be read', () => {
  const reason = 'what stands in its place cannot be read or does not come to rest'

  /** A share just before the last try: only that one is left. */
  function untilLastTry(): RestartingShare {
    const share = new RestartingShare()
    share.claim([theirFile('a', 'content')])
    share.disk.putFile('a', utf8('unreadable'))
    share.disk.deny('a')
    deliver(share, { a: 'content' })
    share.pass((PLACE_TRIES_MAX - 1) * PLACE_RETRY_MS - 1)
    return share
  }

  test(`is given up with try ${PLACE_TRIES_MAX}, and not sooner`, () => {
    const share = untilLastTry()
    expect(share.notices('problem').filter((problem) => problem.reason === reason)).toEqual([])
    expect(share.take('in-step')).toEqual([])
    share.pass(1)
    expect(share.notices('problem')).toContainEqual({ event: 'problem', path: 'a', reason })
    expect(share.take('in-step')).toMatchObject([{ equal: false }])
    expect(share.textAt('a')).toBe('unreadable')
  })

  test(`is put in place with try ${PLACE_TRIES_MAX} where its place is free by then`, () => {
    const share = untilLastTry()
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.pass(1)
    expect(share.textAt('a')).toBe('content')
    expect(share.notices('received')).toMatchObject([{ path: 'a' }])
  })
})
