import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import type { LinkPolicy } from '../../../src/pipe/settings.js'
import { holds } from '../../../src/share/dots.js'
import { digestOfContent, ShareOnDisk } from '../share-on-disk.js'

describe('links', () => {
  function withLinks(links: LinkPolicy): ShareOnDisk {
    const share = new ShareOnDisk({ links })
    share.disk.putFile('folder/file', utf8('content'))
    share.disk.putOutside('outside', utf8('from elsewhere'))
    share.disk.unharmed((disk) => {
      disk.makeLink('to-file', 'folder/file')
      disk.makeLink('to-folder', 'folder')
      disk.makeLink('to-outside', '../outside')
    })
    return share
  }

  test('are followed: what they point at is shared as ordinary content', () => {
    const share = withLinks('follow')
    expect(share.scanned()).toEqual([
      'file folder/file',
      'file to-file',
      'file to-folder/file',
      'file to-outside',
      'folder folder',
      'folder to-folder',
    ])
    expect(share.catalogue.get('to-outside')).toMatchObject({
      digest: digestOfContent(utf8('from elsewhere')),
    })
  })

  test('are kept: shared as links with their target, whatever they point at', () => {
    const share = withLinks('keep')
    expect(share.scanned()).toEqual([
      'file folder/file',
      'folder folder',
      'link to-file',
      'link to-folder',
      'link to-outside',
    ])
    expect(share.catalogue.get('to-outside')).toMatchObject({ target: '../outside', sizeBytes: 0 })
    const before = share.catalogue.get('to-file')!.version
    share.disk.unharmed((disk) => {
      disk.removeFile('to-file')
      disk.makeLink('to-file', 'folder')
    })
    expect(share.scanned()).toEqual(['link to-file'])
    const { target, version } = share.catalogue.get('to-file')!
    expect(target).toBe('folder')
    expect(holds(version.seen, before.content)).toBe(true)
    expect(holds(before.seen, version.content)).toBe(false)
  })

  test('are kept where they stay inside, and followed where they lead out', () => {
    const share = withLinks('auto')
    share.disk.unharmed((disk) => {
      disk.makeLink('dangling', 'later')
      disk.makeLink('folder/up', '../to-file')
      disk.makeLink('dangling-out', '/nowhere')
    })
    expect(share.scanned()).toEqual([
      'file folder/file',
      'file to-outside',
      'folder folder',
      'link dangling',
      'link folder/up',
      'link to-file',
      'link to-folder',
    ])
    expect(share.problems).toEqual([{ path: 'dangling-out', reason: 'it is a link to nothing' }])
    // Nothing is seen through a link that is kept, whatever hints say.
    share.scanner.hint('to-folder/file')
    share.pass(10_000)
    expect(share.catalogue.get('to-folder/file')).toBeUndefined()
  })

  test('that were followed are kept from then on, with what was seen through them gone', () => {
    const share = new ShareOnDisk({ links: 'auto' })
    share.disk.putFile('folder/file', utf8('content'))
    share.disk.unharmed((disk) => disk.makeLink('to', '/share/folder'))
    share.scan()
    expect(share.catalogue.live('to/file')).toBeDefined()
    share.disk.unharmed((disk) => {
      disk.removeFile('to')
      disk.makeLink('to', 'folder')
    })
    expect(share.scanned()).toEqual(['link to', 'tombstone to/file'])
    share.disk.unharmed((disk) => {
      disk.removeFile('to')
      disk.makeLink('to', '/share/folder')
    })
    expect(share.scanned()).toEqual(['file to/file', 'folder to'])
  })

  test('are skipped: as if they were not there', () => {
    expect(withLinks('skip').scanned()).toEqual(['file folder/file', 'folder folder'])
  })

  test('that lead into a folder they are in are reported once and not followed', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/g/file', utf8('1'))
    share.disk.unharmed((disk) => {
      disk.makeLink('f/g/up', '..')
      disk.makeLink('f/top', '../../share')
      disk.makeLink('f/self', '.')
    })
    expect(share.scanned()).toEqual(['file f/g/file', 'folder f', 'folder f/g'])
    expect(share.problems.map(({ path }) => path).sort()).toEqual(['f/g/up', 'f/self', 'f/top'])
    share.scan()
    expect(share.problems).toHaveLength(3)
  })

  test('of two folders that point at each other come to an end', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('a/file', utf8('1'))
    share.disk.putFile('b/file', utf8('2'))
    share.disk.unharmed((disk) => {
      disk.makeLink('a/to-b', '../b')
      disk.makeLink('b/to-a', '../a')
    })
    share.scan()
    expect(share.scanner.idle).toBe(true)
    expect(share.catalogue.live('a/to-b/file')).toBeDefined()
    expect(share.catalogue.live('a/to-b/to-a')).toBeUndefined()
  })

  test('to nothing are reported once, and shared from when they point at something', () => {
    const share = new ShareOnDisk()
    share.disk.unharmed((disk) => disk.makeLink('dangling', 'later'))
    expect(share.scanned()).toEqual([])
    share.scan()
    expect(share.problems).toEqual([{ path: 'dangling', reason: 'it is a link to nothing' }])
    share.disk.putFile('later', utf8('now'))
    expect(share.scanned()).toEqual(['file dangling', 'file later'])
  })

  test('whose target goes away are no deletion: only a link that goes itself is', () => {
    const share = withLinks('follow')
    share.scan()
    share.disk.unharmed((disk) => disk.removeFile('folder/file'))
    expect(share.scanned()).toEqual(['tombstone folder/file', 'tombstone to-folder/file'])
    expect(share.catalogue.live('to-file')).toBeDefined()
    expect(share.catalogue.signature('to-file')).toBeUndefined()
    share.disk.unharmed((disk) => disk.removeFile('to-file'))
    expect(share.scanned()).toEqual(['tombstone to-file'])
  })
})
