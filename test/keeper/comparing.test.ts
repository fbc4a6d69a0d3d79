import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { Comparing } from '../../src/keeper/comparing.js'
import { decide } from '../../src/share/decide.js'
import { holds } from '../../src/share/dots.js'
import { removeContent } from '../../src/share/edit.js'
import type { Entry } from '../../src/share/entry.js'
import {
  dotted,
  OURS,
  ShareOnDisk,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
  theirLink,
} from './share-on-disk.js'

const NEWER = { mtimeMs: START_MS + 3_600_000 }

function shareWith(files: Readonly<Record<string, string>>): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.nowMs += 60_000
  return share
}

function compare(share: ShareOnDisk, remote: Entry) {
  return new Comparing({
    intake: { placing: share.placing, mayBeFreed: () => false },
    links: 'follow',
    expiry: { isPast: () => false },
  }).compare(remote)
}

/** Of a peer that had seen what stands at the path here. */
function onTopOf(share: ShareOnDisk, remote: Entry): Entry {
  const { seen } = share.catalogue.get(remote.path)!.version
  return { ...remote, version: dotted(...seen.split(','), `${THEIRS}:9`) }
}

/** What is decided where the two meet the other way round. */
function elsewhere(local: Entry, remote: Entry) {
  return decide(local, remote, { folderHasLiveChildren: false })
}

describe('what a peer has', () => {
  test('is wanted where nothing is here, where it replaces ours and where it wins against ours', () => {
    const share = shareWith({ a: 'ours' })
    for (const remote of [
      theirFile('new', 'theirs'),
      onTopOf(share, theirFile('a', 'theirs')),
      theirFile('a', 'theirs', NEWER),
    ])
      expect(compare(share, remote)).toEqual({ type: 'wanted' })
  })

  test('is left where ours replaces it', () => {
    const share = shareWith({ a: 'ours' })
    const before = share.catalogue.get('a')!
    share.disk.putFile('a', utf8('edited'))
    share.scan()
    expect(compare(share, before)).toEqual({ type: 'ours' })
  })

  test('is beaten where ours wins a conflict, and nothing of ours is recorded anew', () => {
    const share = shareWith({ a: 'ours' })
    const ours = share.catalogue.get('a')!
    const remote = theirFile('a', 'theirs', { mtimeMs: 0 })
    expect(compare(share, remote)).toEqual({ type: 'beaten', entry: undefined })
    // Had ours taken the vector of theirs, the peer would replace what nobody has kept.
    expect(share.catalogue.get('a')).toEqual(ours)
    expect(elsewhere(remote, ours)).toMatchObject({ type: 'conflict' })
  })

  test('with our content is taken over, and both end as one entry', () => {
    const share = shareWith({ a: 'same' })
    const ours = share.catalogue.get('a')!
    const remote = theirFile('a', 'same')
    expect(compare(share, remote)).toMatchObject({ type: 'adopted', entry: { digest: ours.digest } })
    expect(elsewhere(remote, ours)).toMatchObject({ type: 'adopt', entry: share.catalogue.get('a')! })
    expect(compare(share, share.catalogue.get('a')!)).toEqual({ type: 'ours' })
  })

  test('with the content that we know is not taken over while something else stands there', () => {
    const share = shareWith({ a: 'same' })
    share.disk.putFile('a', utf8('edited'))
    const before = share.catalogue.get('a')
    expect(compare(share, theirFile('a', 'same'))).toEqual({ type: 'unread' })
    expect(share.catalogue.get('a')).toEqual(before)
  })
})

describe('a file of a peer in the place of a folder', () => {
  test('with content: the folder is defended by an edit that had not seen the file, and wins at the peer too', () => {
    const share = shareWith({ 'f/inside': 'ours' })
    const remote = onTopOf(share, theirFile('f', 'theirs'))
    const comparison = compare(share, remote)
    expect(comparison).toMatchObject({ type: 'beaten', entry: { path: 'f', kind: 'folder' } })
    const { entry } = comparison as { entry: Entry }
    expect(holds(entry.version.seen, remote.version.content)).toBe(false)
    expect(holds(remote.version.seen, entry.version.content)).toBe(false)
    expect(elsewhere(remote, entry)).toMatchObject({ type: 'conflict', entry: { kind: 'folder' } })
    expect(elsewhere(entry, remote)).toEqual({ type: 'keep', wins: true })
  })

  test('with content that has not been told yet: the file waits, and nothing is recorded', () => {
    const share = shareWith({ 'f/inside': 'ours' })
    share.catalogue.forget('f')
    const before = share.catalogue.manifest.root()
    expect(compare(share, theirFile('f', 'theirs'))).toEqual({ type: 'ours' })
    expect(share.catalogue.manifest.root()).toEqual(before)
  })

  test('that is deleted here and has content again: the folder is made anew, and wins at the peer too', () => {
    const share = shareWith({ 'f/inside': 'ours' })
    const folder = share.catalogue.get('f')!
    share.catalogue.record(removeContent(folder, `${OURS}:2`, START_MS).entry, undefined)
    share.catalogue.setRemaining('f', true)
    const remote = onTopOf(share, theirFile('f', 'theirs'))
    const comparison = compare(share, remote)
    expect(comparison).toMatchObject({
      type: 'beaten',
      entry: { path: 'f', kind: 'folder', access: 'owner' },
    })
    const { entry } = comparison as { entry: Entry }
    expect(share.catalogue.get('f')).toEqual(entry)
    expect(share.disk.statLink('f')?.access).toBe('owner')
    expect(elsewhere(remote, entry)).toMatchObject({ type: 'conflict', entry: { kind: 'folder' } })
    expect(elsewhere(entry, remote)).toEqual({ type: 'keep', wins: true })
  })

  test('that was known before anything was made in the folder: the folder is made anew', () => {
    const share = shareWith({ 'f/inside': 'ours' })
    const folder = share.catalogue.get('f')!
    share.disk.unharmed((disk) => disk.removeFile('f/inside'))
    share.scan()
    share.catalogue.record(removeContent(folder, `${OURS}:90`, START_MS).entry, undefined)
    share.catalogue.setRemaining('f', true)
    const remote = theirFile('f', 'theirs')
    share.catalogue.recordNotHeld(remote)
    expect(compare(share, remote)).toEqual({ type: 'wanted' })
    share.disk.putFile('f/inside', utf8('later'))
    share.scan()
    expect(compare(share, remote)).toMatchObject({ type: 'beaten', entry: { kind: 'folder' } })
  })

  test('that is empty is wanted where it had seen the folder, and loses where it had not', () => {
    const share = shareWith({ 'f/inside': 'ours' })
    share.disk.unharmed((disk) => disk.removeFile('f/inside'))
    share.scan()
    expect(compare(share, onTopOf(share, theirFile('f', 'theirs')))).toEqual({ type: 'wanted' })
    expect(compare(share, theirFile('f', 'theirs', NEWER))).toEqual({ type: 'beaten', entry: undefined })
  })
})

describe('a deletion by a peer', () => {
  test.each(['a', 'f/inside', 'f'])('that had seen ours is to be carried out: %s', (path) => {
    const share = shareWith({ a: 'ours', 'f/inside': 'ours' })
    const ours = share.catalogue.get(path)!
    const remote = removeContent(ours, `${THEIRS}:9`, START_MS).entry
    expect(compare(share, remote)).toEqual({ type: 'wanted' })
    expect(share.catalogue.get(path)).toEqual(ours)
    expect(share.disk.statLink(path)).toBeDefined()
  })

  test('that had not seen ours loses', () => {
    const share = shareWith({ a: 'ours' })
    const remote = removeContent(theirFile('a', 'theirs'), `${THEIRS}:9`, START_MS + 3_600_000).entry
    expect(compare(share, remote)).toEqual({ type: 'beaten', entry: undefined })
  })

  test('of what we deleted too ends as one entry', () => {
    const share = shareWith({ a: 'ours' })
    const before = share.catalogue.get('a')!
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.scan()
    const ours = share.catalogue.get('a')!
    const remote = removeContent(before, `${THEIRS}:9`, START_MS + 5).entry
    expect(compare(share, remote)).toMatchObject({ type: 'adopted' })
    expect(elsewhere(remote, ours)).toMatchObject({ type: 'adopt', entry: share.catalogue.get('a')! })
  })

  test('that has expired is not taken note of again', () => {
    const { placing } = shareWith({})
    const options = { intake: { placing, mayBeFreed: () => false }, links: 'follow' } as const
    const remote = removeContent(theirFile('a', 'theirs'), `${THEIRS}:9`, START_MS).entry
    const compared = (isPast: boolean) =>
      new Comparing({ ...options, expiry: { isPast: () => isPast } }).compare(remote).type
    expect([compared(true), compared(false)]).toEqual(['ours', 'adopted'])
  })

  test('of what never was here is taken note of, so that both know the same', () => {
    const share = shareWith({})
    const remote = removeContent(theirFile('a', 'theirs'), `${THEIRS}:9`, START_MS).entry
    expect(compare(share, remote)).toEqual({ type: 'adopted', entry: remote })
    expect(share.catalogue.get('a')).toEqual(remote)
  })
})

test('a link of a peer that leads out of the share is refused where such links are followed', () => {
  const share = shareWith({})
  const comparing = new Comparing({
    intake: { placing: share.placing, mayBeFreed: () => false },
    links: 'auto',
    expiry: { isPast: () => false },
  })
  const isTaken = (path: string, target: string) => comparing.refusal(theirLink(path, target)) === undefined
  for (const target of ['x', '../b', '..', '../../c'])
    expect([target, isTaken('a/b/link', target)]).toEqual([target, true])
  for (const target of [
    '/etc/passwd',
    '../../../c',
    'x/../../../..',
    '../../.left/journal',
    '../../.LEFT',
    '../.left/key',
  ])
    expect([target, isTaken('a/b/link', target)]).toEqual([target, false])
})

test('a link of a peer is refused, and told once for each path, unless links are kept', () => {
  const share = shareWith({})
  const comparing = new Comparing({
    intake: { placing: share.placing, mayBeFreed: () => false },
    links: 'follow',
    expiry: { isPast: () => false },
  })
  expect(comparing.refusal(theirLink('a', 'x'))).toMatchObject({ isTold: false })
  expect(comparing.refusal(theirLink('a', 'y'))).toMatchObject({ isTold: true })
  expect(comparing.refusal(theirLink('b', 'x'))).toMatchObject({ isTold: false })
  expect(comparing.refusal(theirFolder('a'))).toBeUndefined()
  expect(
    new Comparing({
      intake: { placing: share.placing, mayBeFreed: () => false },
      links: 'keep',
      expiry: { isPast: () => false },
    }).refusal(theirLink('a', 'x')),
  ).toBeUndefined()
})
