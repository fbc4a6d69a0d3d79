import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RealDisk } from '../../src/io/disk.js'
import { ReadingDisk } from '../../src/watcher/reading-disk.js'
import { temporaryFolder } from '../io/temporary-folder.js'

function disks() {
  const [share, own] = [temporaryFolder(), temporaryFolder()]
  mkdirSync(join(own, '.left'))
  writeFileSync(join(share, 'a'), 'of the share')
  mkdirSync(join(share, '.left'))
  writeFileSync(join(share, '.left', 'journal'), 'of the share')
  return { share, own, disk: new ReadingDisk(new RealDisk(share), new RealDisk(own)) }
}

test('a share that is only looked at is read, and nothing is written in it', () => {
  const { share, disk } = disks()
  const file = { bytes: Uint8Array.of(1), mtimeMs: 0, sync: false }
  const writes = [
    () => disk.create('a'),
    () => disk.writeNew('b', file),
    () => disk.rename('a', 'b'),
    () => disk.rename('.left/x', 'a'),
    () => disk.linkFile('a', '.left/x'),
    () => disk.moveNew('a', 'b'),
    () => disk.makeFolder('b'),
    () => disk.makeLink('b', 'a'),
    () => disk.removeFile('a'),
    () => disk.removeFolder('b'),
    () => disk.setTimes('a', 0),
    () => disk.setMode('a', { access: 'owner', executable: false, widens: false }),
    () => disk.probe(''),
  ]
  for (const write of writes) expect(write).toThrow(expect.objectContaining({ code: 'denied' }))
  disk.syncFolder('')
  const handle = disk.open('a')
  const bytes = new Uint8Array(12)
  expect([disk.read(handle, bytes, 0), disk.stateOf(handle).sizeBytes]).toEqual([12, 12])
  disk.close(handle)
  expect(readdirSync(share).sort()).toEqual(['.left', 'a'])
  expect(readFileSync(join(share, 'a'), 'utf8')).toBe('of the share')
})

test("LEFT's own folder is another one, which is written", () => {
  const { share, own, disk } = disks()
  expect(disk.stat('.left/journal')).toBeUndefined()
  const handle = disk.create('.left/journal')
  disk.write(handle, Uint8Array.of(1, 2), 0)
  disk.close(handle)
  disk.makeFolder('.left/tmp', 'private')
  expect(readdirSync(join(own, '.left')).sort()).toEqual(['journal', 'tmp'])
  expect(readFileSync(join(share, '.left', 'journal'), 'utf8')).toBe('of the share')
})
