import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { removeContent } from '../../../src/share/edit.js'
import { ShareOnDisk, START_MS, THEIRS } from '../share-on-disk.js'

const RULES = '.leftignore'

function shareWith(files: Readonly<Record<string, string>>): ShareOnDisk {
  const share = new ShareOnDisk()
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.scanned()
  return share
}

function remove(share: ShareOnDisk, path: string) {
  const deletion = removeContent(share.catalogue.get(path)!, `${THEIRS}:9`, START_MS).entry
  return share.removing.remove(deletion)
}

describe('what ignore rules leave out', () => {
  test('is no deletion, whether it is there or not', () => {
    const share = shareWith({ a: 'ours', 'f/b': 'ours' })
    share.disk.putFile(RULES, utf8('a\nf/\n'))
    share.disk.unharmed((disk) => disk.removeFile('a'))
    expect(share.scanned()).toEqual([`file ${RULES}`])
    expect(['a', 'f', 'f/b'].map((path) => share.catalogue.isHeld(path))).toEqual([false, false, false])
    share.disk.unharmed((disk) => disk.removeFile('f/b'))
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('f/b')?.kind).toBe('file')
  })

  test('stays where a peer deletes it, and is known to be deleted', () => {
    const share = shareWith({ a: 'ours' })
    share.disk.putFile(RULES, utf8('a\n'))
    share.scanned()
    expect(remove(share, 'a')).toEqual({ type: 'needless' })
    expect(share.textAt('a')).toBe('ours')
    expect([share.catalogue.get('a')?.kind, share.catalogue.notHeldCount]).toEqual(['tombstone', 0])
    expect(share.scanned()).toEqual([])
  })

  test('keeps the folder that it is in, which goes with it', () => {
    const share = shareWith({ [RULES]: 'b\n', 'f/a': 'ours', 'f/b': 'left out' })
    expect(remove(share, 'f/a')).toMatchObject({ type: 'removed' })
    expect(remove(share, 'f')).toEqual({ type: 'remains', names: ['b'] })
    expect([share.catalogue.get('f')?.kind, share.catalogue.isRemaining('f')]).toEqual(['tombstone', true])
    expect(share.scanned()).toEqual([])
    expect(share.textAt('f/b')).toBe('left out')
    share.disk.unharmed((disk) => disk.removeFile('f/b'))
    share.scanned()
    share.removing.tidy('f')
    expect([share.disk.stat('f'), share.catalogue.isRemaining('f')]).toEqual([undefined, false])
  })

  test('is released in a folder that was deleted and remains for it', () => {
    const share = shareWith({ 'f/a': 'ours', 'f/b': 'made meanwhile' })
    remove(share, 'f/a')
    expect(remove(share, 'f')).toEqual({ type: 'remains', names: ['b'] })
    share.disk.putFile(RULES, utf8('f\n'))
    expect(share.scanned()).toEqual([`file ${RULES}`])
    expect(share.catalogue.isHeld('f/b')).toBe(false)
    expect(share.textAt('f/b')).toBe('made meanwhile')
  })

  test('is counted once with what is known and not held, where it could not be seen before', () => {
    const share = shareWith({ a: 'ours', b: 'ours' })
    share.catalogue.setHidden('a', true)
    share.catalogue.release('a')
    expect([share.catalogue.notHeldCount, share.catalogue.isHidden('a')]).toEqual([1, false])
  })
})
