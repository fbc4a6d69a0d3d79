// The judge of the trash: what counts as kept where a file of the share is overwritten. That it finds what peers do wrong:
// negative-controls.test.ts.

import { expect, test } from 'vitest'
import { TrashCheck } from '../../src/sim/checks/trash.js'
import { SimDisk } from '../../src/sim/disk/disk.js'
import { contentOf } from '../../src/sim/edits.js'

const COPY = 'a.conflict-20261121-000000-0123abcd'

test.each([
  ['the very content as its conflict copy', COPY, 1, false],
  ['its conflict copy with another content', COPY, 2, true],
  ['the very content at another path', 'b', 1, true],
  ['the conflict copy of another path', COPY.replace('a', 'b'), 1, true],
])('a file that is overwritten beside %s', (_, path, content, isLost) => {
  const disk = new SimDisk({ nowMs: () => 0 })
  disk.putFile('a', contentOf(1, 100))
  disk.putFile(path, contentOf(content, 100))
  disk.putFile('.left/tmp/new', contentOf(3, 100))
  const overwritten = new TrashCheck(disk).handleTaking('a', 'a')
  disk.rename('.left/tmp/new', 'a')
  expect(overwritten()).toBe(isLost)
})

test.each([
  ['a version of it', '.left/trash/2026-11-29/a', false],
  ['something that was below a folder of its name', '.left/trash/2026-11-29/a/b', true],
])('a file that is overwritten while the trash has %s', (_, place, isLost) => {
  const disk = new SimDisk({ nowMs: () => 0 })
  disk.putFile('a', contentOf(1, 100))
  disk.putFile(place, contentOf(2, 100))
  disk.putFile('.left/tmp/new', contentOf(3, 100))
  const overwritten = new TrashCheck(disk).handleTaking('a', 'a')
  disk.rename('.left/tmp/new', 'a')
  expect(overwritten()).toBe(isLost)
})

test('a file that is removed beside its conflict copy', () => {
  const disk = new SimDisk({ nowMs: () => 0 })
  for (const path of ['a', COPY]) disk.putFile(path, contentOf(1, 100))
  const removed = new TrashCheck(disk).handleTaking('a')
  disk.removeFile('a')
  expect(removed()).toBe(true)
})
