// A touch says nothing of who may read: in no order of messages does one open a content that it was not made on.

import { expect, test } from 'vitest'
import type { Access } from '../../../src/base/access.js'
import { decide } from '../../../src/share/decide.js'
import { changeMode, editContent, removeContent, touch } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { endsOf } from './ends.js'
import { PATH } from './rules.js'

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(16))

function file(base: Entry | undefined, mtimeMs: number, access: Access, dot: string): Entry {
  const content = {
    kind: 'file',
    sizeBytes: 1,
    mtimeMs,
    digest: dot,
    target: '',
    deletedKind: undefined,
  } as const
  return editContent(base, { path: PATH, content, mode: { access, executable: false }, dot }).entry
}

/** B's file for the group; its deletion by C; the file of A, open to all and made apart, in its place; and B's edit of its own,
 *  which is newer than that and has seen neither. */
const first = file(undefined, 1, 'group', `${B}:1`)
const edited = file(first, 9, 'group', `${B}:2`)
const made = file(undefined, 5, 'all', `${A}:1`)
const taken = decide(removeContent(first, `${C}:2`, 3).entry, made, { folderHasLiveChildren: false })
const standing = 'entry' in taken ? taken.entry : made

test.each([
  ['somebody else', touch(standing, `${C}:3`, 7).entry],
  ['its author', touch(standing, `${A}:3`, 7).entry],
])('a touch of a file that took the place of a private one opens no edit of that: by %s', (_, touched) => {
  expect(endsOf([standing, touched, edited])).toEqual(['group'])
  expect(endsOf([touched, touched, edited])).toEqual(['group'])
})

test('a chmod of a file that was touched opens an edit made at the same time only where it comes without the touch', () => {
  const opened = changeMode(first, `${A}:2`, { access: 'all', executable: false }).entry
  const { entry } = touch(opened, `${A}:3`, 7)
  expect(endsOf([entry, edited])).toEqual(['group'])
  expect(endsOf([opened, entry, edited]).sort()).toEqual(['all', 'group'])
})

test('a chmod of a file that nobody touched opens an edit made at the same time', () => {
  const opened = changeMode(first, `${A}:2`, { access: 'all', executable: false }).entry
  expect(endsOf([opened, edited])).toEqual(['all'])
})
