import { describe, expect, test } from 'vitest'
import { OwnEdits } from '../../../src/keeper/index/own-edits.js'
import { Vetting } from '../../../src/keeper/peers/vetting.js'
import { Knowing } from '../../../src/keeper/place/knowing.js'
import { countOf, peerOf } from '../../../src/share/dots.js'
import { removeContent } from '../../../src/share/edit.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { dotted, OURS, ShareOnDisk, START_MS, theirFile, theirFolder } from '../share-on-disk.js'

const NEW_AUTHOR = 'cccccccccccccccc'
/** Beyond all counts that the clock of the tests gives. */
const FORGOTTEN = `${OURS}:9007199254740000`

function put(share: ShareOnDisk): Vetting {
  const edits = new OwnEdits({
    index: new SimIndex(),
    firstAuthor: OURS,
    newAuthor: () => NEW_AUTHOR,
    wallMs: () => START_MS,
    random: () => 0,
  })
  return new Vetting(edits, share.catalogue)
}

describe('an edit of ours that is relabelled', () => {
  test('stays not held where it was not held, in the index too', () => {
    const share = new ShareOnDisk()
    const { disk, catalogue, scanner } = share
    const entry = theirFile('a', 'lost', { version: dotted(FORGOTTEN) })
    expect(new Knowing({ disk, catalogue, scanner }).know(entry)).toBe('news')
    expect(put(share).handleClaim({ author: peerOf(FORGOTTEN), count: countOf(FORGOTTEN) })).toEqual({
      type: 'renewed',
      entries: 1,
    })
    expect(peerOf(catalogue.get('a')!.version.content)).toBe(NEW_AUTHOR)
    expect(catalogue.isHeld('a')).toBe(false)
    catalogue.commit()
    share.restart()
    expect(share.catalogue.isHeld('a')).toBe(false)
    expect(peerOf(share.catalogue.get('a')!.version.content)).toBe(NEW_AUTHOR)
  })

  test('stays a deletion that is held, in the index too', () => {
    const share = new ShareOnDisk()
    share.catalogue.record(theirFile('a', 'lost', { version: dotted(FORGOTTEN) }), undefined)
    share.catalogue.stopDeletion('a')
    put(share).handleClaim({ author: peerOf(FORGOTTEN), count: countOf(FORGOTTEN) })
    for (const start of [() => share.catalogue.commit(), () => share.restart()]) {
      expect(peerOf(share.catalogue.get('a')!.version.content)).toBe(NEW_AUTHOR)
      expect(share.catalogue.isMissing('a')).toBe(true)
      expect(share.catalogue.isHidden('a')).toBe(true)
      start()
    }
    expect(share.catalogue.isMissing('a')).toBe(true)
  })

  test('is seen by an edit made where it was deleted here, and no version of the old author is', () => {
    const share = new ShareOnDisk()
    share.catalogue.record(theirFile('a', 'lost', { version: dotted(FORGOTTEN) }), undefined)
    share.catalogue.stopDeletion('a')
    share.catalogue.releaseMissing('a')
    put(share).handleClaim({ author: peerOf(FORGOTTEN), count: countOf(FORGOTTEN) })
    expect(share.catalogue.givenUp('a')).toEqual(share.catalogue.get('a'))
    expect(peerOf(share.catalogue.givenUp('a')!.version.content)).toBe(NEW_AUTHOR)
  })

  test('is not seen by an edit made where it was deleted here and something else is known', () => {
    const share = new ShareOnDisk()
    share.catalogue.record(theirFile('a', 'lost', { version: dotted(FORGOTTEN) }), undefined)
    share.catalogue.stopDeletion('a')
    share.catalogue.releaseMissing('a')
    share.catalogue.recordNotHeld(theirFile('a', 'edited'))
    put(share).handleClaim({ author: peerOf(FORGOTTEN), count: countOf(FORGOTTEN) })
    expect(share.catalogue.givenUp('a')).toBeUndefined()
  })

  test.each([
    ['deletion', removeContent(theirFile('a', 'ours'), FORGOTTEN, START_MS).entry],
    ['content', theirFile('a', 'lost', { version: dotted(FORGOTTEN) })],
  ])('stays a %s that is known and not carried out', (_, told) => {
    const share = new ShareOnDisk()
    const ours = theirFile('a', 'ours')
    share.catalogue.record(ours, undefined)
    share.catalogue.keptEntries.keep(told)
    put(share).handleClaim({ author: peerOf(FORGOTTEN), count: countOf(FORGOTTEN) })
    expect(peerOf(share.catalogue.get('a')!.version.content)).toBe(NEW_AUTHOR)
    expect(share.catalogue.kept('a')?.entry).toEqual(ours)
    share.catalogue.commit()
    share.restart()
    expect(share.catalogue.kept('a')?.entry).toEqual(ours)
  })

  test('keeps the mode that the disk showed', () => {
    const share = new ShareOnDisk()
    const mode = { access: 'group', executable: false } as const
    share.catalogue.record({ ...theirFolder('f'), version: dotted(FORGOTTEN) }, undefined, mode)
    put(share).handleClaim({ author: peerOf(FORGOTTEN), count: countOf(FORGOTTEN) })
    expect(peerOf(share.catalogue.get('f')!.version.content)).toBe(NEW_AUTHOR)
    expect(share.catalogue.mode('f')).toEqual(mode)
  })
})
