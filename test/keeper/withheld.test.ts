// Paths that a share never holds though they are there: the user's own secrets, and LEFT's own folder of another share.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import {
  digestOfContent,
  dotted,
  OURS,
  ShareOnDisk,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
} from './share-on-disk.js'

const SECRETS = ['config/left', 'group.secret']
const seenOurs = { version: dotted(`${OURS}:1`, `${THEIRS}:1`), mtimeMs: START_MS + 3_600_000 }

function shareWithSecrets(): ShareOnDisk {
  const share = new ShareOnDisk({ privatePaths: SECRETS })
  share.disk.putFile('config/left/identity.pem', utf8('key'))
  share.disk.putFile('config/other', utf8('1'))
  share.disk.putFile('group.secret', utf8('sesame'))
  share.disk.unharmed((disk) => disk.makeLink('to-secret', 'group.secret'))
  return share
}

describe("the user's secrets in a share", () => {
  test('are not shared, by no name, and that is told once of each', () => {
    const share = shareWithSecrets()
    share.disk.unharmed((disk) => {
      // As a person does it.
      disk.linkFile('group.secret', 'second-name')
    })
    expect(share.scanned()).toEqual(['file config/other', 'folder config'])
    const told = share.problems.map(({ path }) => path).sort()
    expect(told).toEqual(['config/left', 'group.secret', 'second-name', 'to-secret'])
    expect(share.problems[0]!.reason).toContain('your identity')
    share.scan()
    expect(share.problems).toHaveLength(4)
    expect(share.catalogue.holderOf(digestOfContent(utf8('sesame')))).toBeUndefined()
    expect(share.watched.has('config/left')).toBe(false)
  })

  test('that a catalogue knows from before stay known, without a content', () => {
    const share = new ShareOnDisk({ privatePaths: ['later'] })
    share.disk.putFile('now', utf8('plain'))
    share.scan()
    const entry = share.catalogue.get('now')!
    share.catalogue.record({ ...entry, path: 'later' }, share.catalogue.signature('now'))
    share.disk.unharmed((disk) => disk.rename('now', 'later'))
    expect(share.scanned()).toEqual(['tombstone now'])
    expect(share.catalogue.live('later')).toBeDefined()
    expect(share.catalogue.signature('later')).toBeUndefined()
  })

  test('are written by no peer: neither in their place, nor over them, nor beside them', () => {
    const share = shareWithSecrets()
    share.scan()
    share.disk.unharmed((disk) => disk.removeFile('group.secret'))
    const paths = ['group.secret', 'GROUP.secret', 'config/left/identity.pem', 'config/left/trusted-peers']
    for (const path of paths) {
      const remote = theirFile(path, 'theirs', { mtimeMs: START_MS + 3_600_000 })
      const placed = share.placing.place(remote, share.putTemporary(utf8('theirs'), `small-${path.length}`))
      expect(placed).toMatchObject({ type: 'failed', reason: expect.stringContaining('your identity') })
    }
    expect(share.placing.place(theirFolder('group.secret'), undefined)).toMatchObject({ type: 'failed' })
    expect(share.textAt('config/left/identity.pem')).toBe('key')
    expect(share.disk.contentOf('group.secret')).toBeUndefined()
    expect(share.disk.contentOf('config/left/trusted-peers')).toBeUndefined()
  })

  test('that are known from before are not replaced, and the same at a peer is only taken note of', () => {
    const share = new ShareOnDisk({ privatePaths: ['later'] })
    share.disk.putFile('later', utf8('key'))
    const known = theirFile('later', 'key', { version: dotted(`${OURS}:1`) })
    share.catalogue.record(known, undefined)
    share.scan()
    const remote = theirFile('later', 'theirs', seenOurs)
    const placed = share.placing.place(remote, share.putTemporary(utf8('theirs')))
    expect(placed).toMatchObject({ type: 'failed', noSpace: false })
    expect(share.textAt('later')).toBe('key')
    const before = share.disk.unharmed((disk) => disk.statLink('later'))
    expect(share.placing.adopt({ ...known, ...seenOurs, executable: true })).toBe(true)
    expect(share.catalogue.get('later')?.version).toEqual(seenOurs.version)
    expect(share.catalogue.signature('later')).toBeUndefined()
    expect(share.disk.unharmed((disk) => disk.statLink('later'))).toEqual(before)
  })
})

describe("LEFT's own folder of another share", () => {
  test('that lies in the share is not shared, and no peer writes into it', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('inner/.left/replica', utf8('left-peer 0123456789abcdef\n'))
    share.disk.putFile('inner/file', utf8('1'))
    share.disk.putFile('inner/.leftignore', utf8('1'))
    expect(share.scanned()).toEqual(['file inner/.leftignore', 'file inner/file', 'folder inner'])
    expect(share.problems).toEqual([
      { path: 'inner/.left', reason: expect.stringContaining('another share') },
    ])
    for (const path of ['inner/.left/replica', 'inner/.left/new', 'inner/.left/tmp/x']) {
      const placed = share.placing.place(theirFile(path, 'theirs'), share.putTemporary(utf8('theirs')))
      expect(placed).toMatchObject({ type: 'failed', reason: expect.stringContaining('another share') })
    }
    expect(share.textAt('inner/.left/replica')).toContain('0123456789abcdef')
  })

  test('is made by no peer', () => {
    const share = new ShareOnDisk()
    for (const path of ['a/.left/replica', 'a/.LEFT/Replica', 'a/b/.left/replica']) {
      const placed = share.placing.place(theirFile(path, 'theirs'), share.putTemporary(utf8('theirs')))
      expect(placed).toMatchObject({ type: 'failed', reason: expect.stringContaining('another share') })
    }
    expect(share.paths).toEqual([])
    const placed = share.placing.place(
      theirFile('a/.left/notes', 'theirs'),
      share.putTemporary(utf8('theirs')),
    )
    expect(placed).toMatchObject({ type: 'placed' })
  })
})
