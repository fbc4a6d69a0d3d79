// How programs save a file and rotate a log, step by step, as seen with strace. In all of them the name `f` means one thing to a person,
// and never goes away for the other machines.

import { copyFileSync, linkSync } from 'node:fs'
import { join } from 'node:path'
import { type Act, linkTo, make, remove, rename, type Tree, write } from './things.js'

export interface Save {
  readonly name: string
  /** Saves the content in the place of what was in `f`. */
  readonly steps: (content: string) => readonly Act[]
  /** Beside `f` in the end, after the contents that were saved. */
  readonly beside?: (contents: readonly string[]) => Tree
  /** Another content that `f` has for a moment. */
  readonly between?: string
}

const copy =
  (from: string, to: string): Act =>
  (folder) =>
    copyFileSync(join(folder, from), join(folder, to))

const link =
  (from: string, to: string): Act =>
  (folder) =>
    linkSync(join(folder, from), join(folder, to))

/** The one before the last. */
const previous = (contents: readonly string[]): string => contents.at(-2)!

export const SAVES: readonly Save[] = [
  { name: 'in place', steps: (content) => [write('f', content)] },
  {
    name: 'vim, the old one is the backup for as long as it writes',
    steps: (content) => [
      write('.f.swp', 'swap'),
      rename('f', 'f~'),
      write('f', content),
      remove('f~'),
      remove('.f.swp'),
    ],
  },
  {
    name: 'vim with backupcopy, in place beside a copy',
    steps: (content) => [copy('f', 'f~'), write('f', content), remove('f~')],
  },
  {
    name: 'emacs, the old one stays as the backup, a link is its lock',
    steps: (content) => [
      make('.#f', linkTo('person@machine.4711')),
      write('#f#', content),
      rename('f', 'f~'),
      write('f', content),
      remove('#f#'),
      remove('.#f'),
    ],
    beside: (contents) => ({ 'f~': previous(contents) }),
  },
  {
    name: 'gedit, a new one is renamed over it',
    steps: (content) => [write('.goutputstream-X1Y2Z3', content), rename('.goutputstream-X1Y2Z3', 'f')],
  },
  {
    name: 'gedit with a backup, the old one gets a second name first',
    steps: (content) => [
      (folder) => removeIfThere(folder, 'f~'),
      link('f', 'f~'),
      write('.goutputstream-X1Y2Z3', content),
      rename('.goutputstream-X1Y2Z3', 'f'),
    ],
    beside: (contents) => ({ 'f~': previous(contents) }),
  },
  { name: 'sed -i', steps: (content) => [write('sedA1b2C3', content), rename('sedA1b2C3', 'f')] },
  {
    name: 'an office program, both change places and the old one is removed',
    steps: (content) => [
      write('.~lock.f#', 'person'),
      write('~new.tmp', content),
      rename('f', '~old.tmp'),
      rename('~new.tmp', 'f'),
      remove('~old.tmp', '.~lock.f#'),
    ],
  },
  {
    name: 'a log is rotated by renames',
    steps: (content) => [
      (folder) => renameIfThere(folder, 'f.2', 'f.3'),
      (folder) => renameIfThere(folder, 'f.1', 'f.2'),
      rename('f', 'f.1'),
      write('f', content),
    ],
    beside: (contents) => Object.fromEntries([1, 2, 3].map((age) => [`f.${age}`, contents.at(-1 - age)!])),
  },
  {
    name: 'a log is rotated by a copy, and cut off',
    steps: (content) => [copy('f', 'f.1'), write('f', ''), write('f', content)],
    beside: (contents) => ({ 'f.1': previous(contents) }),
    between: '',
  },
]

function renameIfThere(folder: string, from: string, to: string): void {
  try {
    rename(from, to)(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function removeIfThere(folder: string, path: string): void {
  try {
    remove(path)(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
