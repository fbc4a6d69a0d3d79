// A peer's change that was stopped and is undone, an edit on top of the change by its maker, and a chmod elsewhere that has seen
// neither: every order of their messages, for every mode of each.

import { describe, expect, test } from 'vitest'
import { type Access, PRIVACY } from '../../../src/base/access.js'
import { changeMode, editContent, restoreContent } from '../../../src/share/edit.js'
import type { Content, Entry } from '../../../src/share/entry.js'
import { endsOf } from './ends.js'
import { PATH } from './rules.js'

const ACCESSES: readonly Access[] = ['all', 'group', 'owner']
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(16))

interface Modes {
  readonly before: Access
  readonly changed: Access
  readonly elsewhere: Access
}

type Undo = (kept: Entry, stopped: Entry, dot: string) => Entry

const restored: Undo = (kept, stopped, dot) => restoreContent(kept, stopped, dot).entry

/** The mode that the file had is one of the edit. */
const asChmod: Undo = (kept, stopped, dot) =>
  editContent(stopped, { path: PATH, content: kept, mode: kept, dot }).entry

/** The mode that the file had comes back with the dot that it had. */
const withOldDot: Undo = (kept, stopped, dot) => {
  const { version, ...rest } = asChmod(kept, stopped, dot)
  return { ...rest, version: { ...version, attributes: kept.version.attributes } }
}

const MODES: readonly Modes[] = ACCESSES.flatMap((before) =>
  ACCESSES.flatMap((changed) => ACCESSES.map((elsewhere) => ({ before, changed, elsewhere }))),
)

/** The faults, each with the modes that show it. */
function faultsOf(undo: Undo): string[] {
  return MODES.flatMap((modes) => {
    const { before, changed, elsewhere } = modes
    const ends = endsOf(edits(modes, undo))
    const chmods = [changed, elsewhere].filter((access) => access !== before)
    const least = Math.max(0, ...chmods.map((access) => PRIVACY[access]))
    const words = `${before}, changed ${changed}, elsewhere ${elsewhere}: ends ${ends.join(' or ')}`
    const isOpened = ends.some((end) => !(PRIVACY[end as Access] >= least))
    return ends.length > 1 || isOpened ? [words] : []
  })
}

function edits({ before, changed, elsewhere }: Modes, undo: Undo): Entry[] {
  const mode = (access: Access) => ({ access, executable: false })
  const first = editContent(undefined, {
    path: PATH,
    content: file('c0', 0),
    mode: mode(before),
    dot: `${D}:1`,
  })
  const dots = [`${B}:2`, `${B}:3`] as const
  const stopped = editContent(first.entry, {
    path: PATH,
    content: file('c1', 1),
    mode: mode(changed),
    dot: dots[0],
  })
  const next = editContent(stopped.entry, {
    path: PATH,
    content: file('c2', 2),
    mode: mode(changed),
    dot: dots[1],
  })
  const other = elsewhere === before ? first : changeMode(first.entry, `${C}:4`, mode(elsewhere))
  return [undo(first.entry, stopped.entry, `${A}:5`), next.entry, other.entry]
}

function file(digest: string, mtimeMs: number): Content {
  return { kind: 'file', sizeBytes: 1, mtimeMs, digest, target: '', deletedKind: undefined }
}

describe('an undone change', () => {
  test('opens nothing, and every order ends the same', () => {
    expect(faultsOf(restored)).toEqual([])
  })

  test('whose undoing brings the former mode with it: the order of messages decides', () => {
    expect(faultsOf(asChmod)).toContain('all, changed owner, elsewhere group: ends owner or group')
  })

  test('whose undoing brings the former mode with its dot: the order of messages decides', () => {
    expect(faultsOf(withOldDot)).toContain('all, changed owner, elsewhere group: ends owner or group')
  })
})
