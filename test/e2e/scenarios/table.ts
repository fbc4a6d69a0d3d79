// The scenarios, as a specification: what stands on three machines when they part, what their persons do meanwhile, and what all three
// find when the machines have met again. Nothing that stood anywhere is gone for good in any of them: scenarios.test.ts.

import type { Row } from './meeting.js'
import { chmod, EMPTY_FOLDER, executable, linkTo, make, remove, rename, touch, write } from './things.js'

const FOLDER = { 'd/a': 'a', 'd/b': 'b', 'd/deep/c': 'c' }

const CREATED: readonly Row[] = [
  {
    name: 'create against create: the same content is one file',
    A: [write('f', 'same')],
    B: [write('f', 'same')],
    after: { f: 'same' },
  },
  {
    name: 'create against create: of two contents the newer stands, the other is beside it',
    A: [write('f.txt', 'of A')],
    B: [write('f.txt', 'of B')],
    after: { 'f.txt': 'of B', 'f.conflict.txt': 'of A' },
  },
  {
    name: 'create against create: in a folder that is new on both',
    A: [write('new/f', 'of A'), write('new/a', 'a')],
    B: [write('new/f', 'of B'), write('new/b', 'b')],
    after: { 'new/f': 'of B', 'new/f.conflict': 'of A', 'new/a': 'a', 'new/b': 'b' },
  },
  {
    name: 'create against create: a folder stands, a file of that name is beside it',
    A: [write('f/inside', 'of A')],
    B: [write('f', 'of B')],
    after: { 'f/inside': 'of A', 'f.conflict': 'of B' },
  },
  {
    name: 'create against create: three meet, the newest content is there twice',
    A: [write('f', 'twice')],
    B: [write('f', 'once')],
    C: [write('f', 'twice')],
    after: { f: 'twice', 'f.conflict': 'once' },
    // A met B before C came: A's was an older edit then.
    orAfter: { f: 'twice', 'f.conflict': 'once + twice' },
  },
  {
    name: 'create against create: three meet, the older content is there twice',
    A: [write('f', 'twice')],
    B: [write('f', 'twice')],
    C: [write('f', 'once')],
    after: { f: 'once', 'f.conflict': 'twice' },
    // C met each of the others before they had met.
    orAfter: { f: 'once', 'f.conflict': 'twice + twice' },
  },
  {
    name: 'an empty folder is made on two',
    A: [make('empty', EMPTY_FOLDER)],
    B: [make('empty', EMPTY_FOLDER)],
    after: { empty: EMPTY_FOLDER },
  },
]

const EDITED: readonly Row[] = [
  {
    name: 'edit',
    before: { f: 'before' },
    A: [write('f', 'edited')],
    after: { f: 'edited' },
  },
  {
    name: 'edit against edit: the newer stands, the other is beside it',
    before: { f: 'before' },
    A: [write('f', 'of A')],
    B: [write('f', 'of B')],
    after: { f: 'of B', 'f.conflict': 'of A' },
  },
  {
    name: 'edit against edit: the same content is one edit',
    before: { f: 'before' },
    A: [write('f', 'same')],
    C: [write('f', 'same')],
    after: { f: 'same' },
  },
  {
    name: 'three edits: the newest stands, the others are beside it',
    before: { f: 'before' },
    A: [write('f', 'of A')],
    B: [write('f', 'of B')],
    C: [write('f', 'of C')],
    after: { f: 'of C', 'f.conflict': 'of A + of B' },
  },
  {
    name: 'edit against chmod: both',
    before: { f: 'before' },
    A: [write('f', 'edited')],
    B: [chmod('f', 0o755)],
    after: { f: executable('edited') },
  },
  {
    name: 'edit against touch: the edit',
    before: { f: 'before' },
    A: [write('f', 'edited')],
    B: [touch('f')],
    after: { f: 'edited' },
  },
]

const DELETED: readonly Row[] = [
  { name: 'delete', before: { f: 'before' }, B: [remove('f')], after: {} },
  {
    name: 'edit against delete: the edit stays',
    before: { f: 'before' },
    A: [write('f', 'edited')],
    B: [remove('f')],
    after: { f: 'edited' },
  },
  {
    name: 'delete against edit: the edit stays',
    before: { f: 'before' },
    A: [remove('f')],
    C: [write('f', 'edited')],
    after: { f: 'edited' },
  },
  {
    name: 'edit and delete against edit: the newer edit stays, the other is beside it',
    before: { f: 'before' },
    A: [write('f', 'of A')],
    B: [remove('f')],
    C: [write('f', 'of C')],
    after: { f: 'of C', 'f.conflict': 'of A' },
  },
  {
    name: 'two edits against delete by the last one',
    before: { f: 'before' },
    A: [write('f', 'of A')],
    B: [write('f', 'of B')],
    C: [remove('f')],
    after: { f: 'of B', 'f.conflict': 'of A' },
  },
  {
    name: 'touch against delete: a touch is no edit of the content',
    before: { f: 'before' },
    A: [touch('f')],
    B: [remove('f')],
    after: {},
  },
  {
    name: 'chmod against delete: a mode is no edit of the content',
    before: { f: 'before' },
    A: [chmod('f', 0o755)],
    C: [remove('f')],
    after: {},
  },
  {
    name: 'delete against delete',
    before: { f: 'before' },
    A: [remove('f')],
    B: [remove('f')],
    after: {},
  },
  {
    name: 'delete and recreate',
    before: { f: 'before' },
    A: [remove('f'), write('f', 'anew')],
    after: { f: 'anew' },
  },
  {
    name: 'delete and recreate against delete: what is new stays',
    before: { f: 'before' },
    A: [remove('f'), write('f', 'anew')],
    B: [remove('f')],
    after: { f: 'anew' },
  },
  {
    name: 'delete and recreate against edit: as two edits',
    before: { f: 'before' },
    A: [remove('f'), write('f', 'anew')],
    B: [write('f', 'of B')],
    after: { f: 'of B', 'f.conflict': 'anew' },
  },
]

const FOLDERS: readonly Row[] = [
  { name: 'folder removed', before: FOLDER, A: [remove('d')], after: {} },
  { name: 'empty folder removed', before: { d: EMPTY_FOLDER }, C: [remove('d')], after: {} },
  {
    name: 'folder removed against a part removed',
    before: FOLDER,
    A: [remove('d')],
    B: [remove('d/deep')],
    after: {},
  },
  {
    name: 'folder removed against an edit below: the edit stays, with the folders that it is in',
    before: FOLDER,
    A: [remove('d')],
    B: [write('d/deep/c', 'edited')],
    after: { 'd/deep/c': 'edited' },
  },
  {
    name: 'folder removed against a new child: the child stays',
    before: FOLDER,
    A: [write('d/new', 'new')],
    B: [remove('d')],
    after: { 'd/new': 'new' },
  },
  {
    name: 'folder removed against an ignored child: it stays where it is',
    before: { ...FOLDER, '.leftignore': '*.o\n' },
    A: [remove('d')],
    B: [write('d/deep/x.o', 'of B alone')],
    after: { '.leftignore': '*.o\n' },
    only: { B: { 'd/deep/x.o': 'of B alone' } },
  },
]

const KINDS: readonly Row[] = [
  {
    name: 'file to folder',
    before: { f: 'before' },
    A: [remove('f'), write('f/inside', 'inside')],
    after: { 'f/inside': 'inside' },
  },
  {
    name: 'file to folder against an edit: the folder stands, the edit is beside it',
    before: { f: 'before' },
    A: [remove('f'), write('f/inside', 'inside')],
    B: [write('f', 'edited')],
    after: { 'f/inside': 'inside', 'f.conflict': 'edited' },
  },
  { name: 'folder to file', before: FOLDER, A: [remove('d'), write('d', 'a file')], after: { d: 'a file' } },
  {
    name: 'folder to file against an edit below: the folder stands, the file is beside it',
    before: FOLDER,
    A: [remove('d'), write('d', 'a file')],
    B: [write('d/a', 'edited')],
    after: { 'd/a': 'edited', 'd.conflict': 'a file' },
  },
  {
    name: 'folder to link',
    before: { ...FOLDER, 'other/x': 'x' },
    B: [remove('d'), make('d', linkTo('other'))],
    after: { d: linkTo('other'), 'other/x': 'x' },
  },
  {
    name: 'folder to link against an edit below: the folder stands, the link is beside it',
    before: { ...FOLDER, 'other/x': 'x' },
    A: [remove('d'), make('d', linkTo('other'))],
    B: [write('d/a', 'edited')],
    after: { 'd/a': 'edited', 'd.conflict': linkTo('other'), 'other/x': 'x' },
  },
  {
    name: 'file to link',
    before: { f: 'before', g: 'g' },
    A: [remove('f'), make('f', linkTo('g'))],
    after: { f: linkTo('g'), g: 'g' },
  },
]

const RENAMED: readonly Row[] = [
  { name: 'rename', before: { f: 'f' }, A: [rename('f', 'g')], after: { g: 'f' }, moved: { g: 'f' } },
  {
    name: 'rename into a new folder',
    before: { f: 'f' },
    A: [rename('f', 'new/deep/f')],
    after: { 'new/deep/f': 'f' },
    moved: { 'new/deep/f': 'f' },
  },
  {
    name: 'rename over a file',
    before: { f: 'f', g: 'g' },
    B: [rename('f', 'g')],
    after: { g: 'f' },
    moved: { g: 'f' },
  },
  {
    name: 'rename against delete: the new name stays',
    before: { f: 'f' },
    A: [rename('f', 'g')],
    B: [remove('f')],
    after: { g: 'f' },
  },
  {
    name: 'rename against edit: the edit stays under the old name, the content under the new one',
    before: { f: 'f' },
    A: [rename('f', 'g')],
    B: [write('f', 'edited')],
    after: { f: 'edited', g: 'f' },
  },
  {
    name: 'rename against create of the new name: the newer content stands, the other is beside it',
    before: { f: 'f' },
    A: [rename('f', 'g')],
    B: [write('g', 'of B')],
    after: { g: 'of B', 'g.conflict': 'f' },
  },
  {
    name: 'rename over a file against its edit',
    before: { f: 'f', g: 'g' },
    A: [rename('f', 'g')],
    B: [write('g', 'of B')],
    after: { g: 'of B', 'g.conflict': 'f' },
  },
  {
    name: 'rename against another rename: both new names',
    before: { f: 'f' },
    A: [rename('f', 'g')],
    B: [rename('f', 'h')],
    after: { g: 'f', h: 'f' },
  },
  {
    name: 'rename against the same rename',
    before: { f: 'f' },
    A: [rename('f', 'g')],
    B: [rename('f', 'g')],
    after: { g: 'f' },
  },
  {
    name: 'rename and edit',
    before: { f: 'before' },
    A: [rename('f', 'g'), write('g', 'edited')],
    after: { g: 'edited' },
  },
  {
    name: 'rename, and a new file under the old name',
    before: { f: 'rotated' },
    A: [rename('f', 'f.1'), write('f', 'anew')],
    after: { f: 'anew', 'f.1': 'rotated' },
    moved: { 'f.1': 'f' },
  },
  {
    name: 'swap',
    before: { f: 'left', g: 'right' },
    A: [rename('f', 'between'), rename('g', 'f'), rename('between', 'g')],
    after: { f: 'right', g: 'left' },
    moved: { f: 'g', g: 'f' },
  },
  {
    name: 'swap of folders',
    before: { 'd/a': 'of d', 'e/a': 'of e' },
    A: [rename('d', 'between'), rename('e', 'd'), rename('between', 'e')],
    after: { 'd/a': 'of e', 'e/a': 'of d' },
  },
  {
    name: 'chain',
    before: { 1: 'first', 2: 'second', 3: 'third' },
    A: [rename('3', '4'), rename('2', '3'), rename('1', '2')],
    after: { 2: 'first', 3: 'second', 4: 'third' },
    moved: { 2: '1', 3: '2', 4: '3' },
  },
]

const RENAMED_FOLDERS: readonly Row[] = [
  {
    name: 'folder renamed',
    before: FOLDER,
    B: [rename('d', 'e')],
    after: { 'e/a': 'a', 'e/b': 'b', 'e/deep/c': 'c' },
    moved: { 'e/a': 'd/a', 'e/b': 'd/b', 'e/deep/c': 'd/deep/c' },
  },
  {
    name: 'folder renamed into a new folder',
    before: FOLDER,
    A: [rename('d', 'new/d')],
    after: { 'new/d/a': 'a', 'new/d/b': 'b', 'new/d/deep/c': 'c' },
    moved: { 'new/d/a': 'd/a', 'new/d/b': 'd/b', 'new/d/deep/c': 'd/deep/c' },
  },
  {
    name: 'folder renamed over a file that was removed',
    before: { ...FOLDER, e: 'e' },
    A: [remove('e'), rename('d', 'e')],
    after: { 'e/a': 'a', 'e/b': 'b', 'e/deep/c': 'c' },
  },
  {
    name: 'folder renamed against its removal: it stays under the new name',
    before: FOLDER,
    A: [rename('d', 'e')],
    B: [remove('d')],
    after: { 'e/a': 'a', 'e/b': 'b', 'e/deep/c': 'c' },
  },
  {
    name: 'folder renamed against an edit below: the edit stays under the old name',
    before: FOLDER,
    A: [rename('d', 'e')],
    B: [write('d/a', 'edited')],
    after: { 'd/a': 'edited', 'e/a': 'a', 'e/b': 'b', 'e/deep/c': 'c' },
  },
  {
    name: 'folder renamed against a child made under the old name: it stays there',
    before: FOLDER,
    A: [rename('d', 'e')],
    C: [write('d/new', 'new')],
    after: { 'd/new': 'new', 'e/a': 'a', 'e/b': 'b', 'e/deep/c': 'c' },
  },
  {
    name: 'folder renamed against another name: both',
    before: FOLDER,
    A: [rename('d', 'e')],
    B: [rename('d', 'f')],
    after: { 'e/a': 'a', 'e/b': 'b', 'e/deep/c': 'c', 'f/a': 'a', 'f/b': 'b', 'f/deep/c': 'c' },
  },
  {
    name: 'folders moved into each other, crossed: no circle, and both are there',
    before: { 'x/in-x': 'x', 'y/in-y': 'y' },
    A: [rename('x', 'y/x')],
    B: [rename('y', 'x/y')],
    after: { 'y/x/in-x': 'x', 'x/y/in-y': 'y' },
  },
]

export const ROWS: readonly Row[] = [
  ...CREATED,
  ...EDITED,
  ...DELETED,
  ...FOLDERS,
  ...KINDS,
  ...RENAMED,
  ...RENAMED_FOLDERS,
]
