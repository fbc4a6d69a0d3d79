import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { FILE_BYTES_MAX } from '../../../src/base/limits.js'
import type { FileStat } from '../../../src/base/ports.js'
import { ShareOnDisk, type ShareOptions } from '../share-on-disk.js'

function shareWith(files: Readonly<Record<string, string>>, options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk(options)
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.catalogue.commit()
  return share
}

/** The disk shows these paths otherwise than they are. */
function show(share: ShareOnDisk, as: (path: string, stat: FileStat) => FileStat): void {
  for (const name of ['stat', 'statLink'] as const) {
    const look = share.disk[name].bind(share.disk)
    share.disk[name] = (path) => {
      const stat = look(path)
      return stat === undefined ? undefined : as(path, stat)
    }
  }
}

/** The disk with what stands below some folders on another device. */
function mount(share: ShareOnDisk, mounted: { folder: string }): void {
  show(share, (path, stat) =>
    path === mounted.folder || path.startsWith(`${mounted.folder}/`) ? { ...stat, device: 7 } : stat,
  )
}

describe('what is there and cannot be shared now is no deletion, and its content is not given:', () => {
  test.each([
    ['a special file', { kind: 'other' } as const],
    ['a file that is too large', { sizeBytes: FILE_BYTES_MAX + 1 }],
  ])('%s', (_, changed) => {
    const share = shareWith({ a: 'content', b: 'stays' })
    show(share, (path, stat) => (path === 'a' ? { ...stat, ...changed } : stat))
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.live('a')).toBeDefined()
    expect(share.catalogue.signature('a')).toBeUndefined()
    expect(share.problems.map(({ path }) => path)).toEqual(['a'])
    share.restart()
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.notHeldCount).toBe(1)
  })

  test('a file that nobody may read, and all that is in such a folder', () => {
    const share = shareWith({ a: 'content', 'f/b': 'content' })
    share.disk.putFile('a', utf8('other'))
    for (const path of ['a', 'f']) share.disk.deny(path)
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.live('f/b')).toBeDefined()
  })

  test('a followed link that leads nowhere, with all that was in its folder, and it comes back as it was', () => {
    const share = shareWith({ a: 'content', b: 'stays' })
    share.disk.unharmed((disk) => {
      disk.makeFolder('real')
      disk.makeLink('l', 'real')
    })
    share.disk.putFile('real/x/y', utf8('behind'))
    share.scan()
    share.disk.unharmed((disk) => disk.rename('real', 'away'))
    share.scanner.hint('l/x/y')
    const changes = share.scanned()
    expect(changes.filter((change) => change.includes(' l'))).toEqual([])
    expect(share.catalogue.live('l/x/y')).toBeDefined()
    share.disk.unharmed((disk) => disk.rename('away', 'real'))
    expect(share.scanned().filter((change) => change.includes(' l'))).toEqual([])
    expect(share.catalogue.signature('l/x/y')).toBeDefined()
  })

  test('links that are left out from now on', () => {
    const share = shareWith({ a: 'content' }, { links: 'keep' })
    share.disk.unharmed((disk) => disk.makeLink('l', 'a'))
    share.scan()
    const skipping = new ShareOnDisk({ links: 'skip' })
    skipping.disk.putFile('a', utf8('content'))
    skipping.disk.unharmed((disk) => disk.makeLink('l', 'a'))
    skipping.catalogue.record(share.catalogue.get('l')!, undefined)
    expect(skipping.scanned()).toEqual(['file a'])
    expect(skipping.catalogue.live('l')).toBeDefined()
  })
})

describe('a disk that is mounted in the share', () => {
  function mountedShare() {
    const share = shareWith({ stays: '1', 'stays too': '2' })
    const mounted = { folder: 'm' }
    mount(share, mounted)
    for (const path of ['m/a', 'm/f/b']) share.disk.putFile(path, utf8('on it'))
    share.scan()
    return { share, mounted }
  }

  test('and is unmounted: nothing on it was deleted, and the person is told', () => {
    const { share, mounted } = mountedShare()
    mounted.folder = 'nothing'
    share.disk.unharmed((disk) => {
      for (const path of ['m/a', 'm/f/b']) disk.removeFile(path)
      disk.removeFolder('m/f')
    })
    share.scanner.hint('m/f/b')
    expect(share.scanned()).toEqual([])
    expect(share.problems).toEqual([
      { path: 'm', reason: expect.stringContaining('the disk that was mounted there is gone') },
    ])
    mounted.folder = 'm'
    share.disk.putFile('m/a', utf8('on it'))
    expect(share.scanned()).toEqual(expect.arrayContaining(['tombstone m/f', 'tombstone m/f/b']))
  })

  test('and is there: what is deleted on it is deleted', () => {
    const { share } = mountedShare()
    share.disk.unharmed((disk) => disk.removeFile('m/a'))
    expect(share.scanned()).toEqual(['tombstone m/a'])
  })
})

describe('a share that is empty', () => {
  test('and held two names or more is taken for a disk that is not mounted, once and for all its names', () => {
    const share = shareWith({ a: '1', 'f/b': '2' })
    share.disk.unharmed((disk) => {
      for (const path of ['a', 'f/b']) disk.removeFile(path)
      disk.removeFolder('f')
    })
    expect(share.scanned()).toEqual([])
    share.scan()
    expect(share.problems).toEqual([{ path: '', reason: expect.stringContaining('empty all at once') }])
    expect(share.catalogue.live('f/b')).toBeDefined()
    // Peers are told that it is not to be had here.
    expect(share.catalogue.notHeldCount).toBe(3)
    // Something stands there again: what is still missing was deleted.
    share.disk.putFile('a', utf8('1'))
    expect(share.scanned()).toEqual(['file a', 'tombstone f', 'tombstone f/b'])
    expect(share.catalogue.notHeldCount).toBe(0)
  })

  test('with LEFT’s own folder is one that was removed: nothing in it is told', () => {
    const share = shareWith({ a: '1', stays: '2' })
    share.disk.unharmed((disk) => {
      disk.removeFile('a')
      disk.rename('.left', 'elsewhere')
    })
    expect(share.scanned().filter((change) => change.includes('tombstone'))).toEqual([])
    share.disk.unharmed((disk) => disk.rename('elsewhere', '.left'))
    expect(share.scanned()).toContain('tombstone a')
  })

  test('and held one name is one deletion', () => {
    const share = shareWith({ a: '1' })
    share.disk.unharmed((disk) => disk.removeFile('a'))
    expect(share.scanned()).toEqual(['tombstone a'])
  })
})
