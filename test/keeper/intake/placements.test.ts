import { expect, test, vi } from 'vitest'
import { AskedShare } from '../asked-share.js'
import { dotted, THEIRS, theirFile, theirLink } from '../share-on-disk.js'

test('links that come together share one sync of the log, and wait for no file', () => {
  const share = new AskedShare()
  const sync = vi.spyOn(share.opened.journal, 'sync')
  const links = Array.from({ length: 20 }, (_, index) => ({
    ...theirLink(`l${index}`, 'f'),
    version: dotted(`${THEIRS}:${index + 2}`),
  }))
  // Recorded before them, and still to come.
  share.tell(theirFile('f', 'content', { version: dotted(`${THEIRS}:1`) }), ...links)
  expect(share.paths).toHaveLength(links.length)
  // And once more before the index is committed.
  expect(sync.mock.calls.length).toBeLessThanOrEqual(2)
})
