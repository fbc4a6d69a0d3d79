// Names that one disk takes for one, and others do not.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { dotted, OURS, ShareOnDisk, THEIRS, theirFile, theirFolder } from '../share-on-disk.js'

const NFC = 'caf\u00e9'
const NFD = 'cafe\u0301'

describe.each([
  ['case', 'Notes', 'notes'],
  ['Unicode form', NFC, NFD],
])('a name that differs in %s alone', (_, ours, theirs) => {
  function shareWith(path: string, foldsNames = true): ShareOnDisk {
    const share = new ShareOnDisk({ foldsNames })
    share.disk.putFile(path, utf8('ours'))
    share.scan()
    return share
  }

  test('is not held where the disk takes the two for one, and what stands there stays', () => {
    const share = shareWith(ours)
    const remote = theirFile(theirs, 'theirs')
    const placed = share.placing.place(remote, share.putTemporary(utf8('theirs')))
    expect(placed).toMatchObject({
      type: 'failed',
      reason: `its name is the same as that of ${ours} on this disk, which takes them for one`,
    })
    expect(share.textAt(ours)).toBe('ours')
    // A hint at the other name finds nothing there.
    share.changes.length = 0
    share.scanner.hint(theirs)
    share.scan()
    expect(share.changes).toEqual([])
  })

  test('is another name where the disk keeps them apart', () => {
    const share = shareWith(ours, false)
    expect(share.placing.place(theirFile(theirs, 'theirs'), share.putTemporary(utf8('theirs'))).type).toBe(
      'placed',
    )
    expect([share.textAt(ours), share.textAt(theirs)]).toEqual(['ours', 'theirs'])
  })

  test('is not held below a folder of such a name either, nor is the folder', () => {
    const share = shareWith(`${ours}/inside`)
    for (const remote of [
      theirFolder(theirs),
      theirFile(`${theirs}/inside`, 'theirs'),
      theirFile(`${theirs}/new`, 'new'),
    ]) {
      const temporary =
        remote.kind === 'file' ? share.putTemporary(utf8('theirs'), remote.path.replace('/', '-')) : undefined
      expect(share.placing.place(remote, temporary)).toMatchObject({ type: 'failed' })
    }
    expect(share.paths).toEqual([ours, `${ours}/inside`])
  })

  test('that a person gives to a file is the end of the other name', () => {
    const share = shareWith(ours)
    share.disk.unharmed((disk) => disk.rename(ours, theirs))
    expect(share.paths).toEqual([theirs])
    expect(share.scanned()).toEqual([`file ${theirs}`, `tombstone ${ours}`].sort())
    expect(share.scanned()).toEqual([])
  })

  test('that a person gives to a folder is the end of the other name', () => {
    const share = shareWith(`${ours}/inside`)
    share.disk.unharmed((disk) => disk.rename(ours, theirs))
    expect(share.scanned()).toEqual(
      [`file ${theirs}/inside`, `folder ${theirs}`, `tombstone ${ours}`, `tombstone ${ours}/inside`].sort(),
    )
  })

  test('of a file that is here already and has lost its name to another one is no deletion', () => {
    const share = shareWith(ours)
    // Both came with a copy of the share from a disk that keeps them apart.
    share.catalogue.record(
      theirFile(theirs, 'theirs', { version: dotted(`${OURS}:9`, `${THEIRS}:1`) }),
      undefined,
    )
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.isHeld(theirs)).toBe(false)
    expect(share.problems).toMatchObject([{ path: theirs }])
  })
})
