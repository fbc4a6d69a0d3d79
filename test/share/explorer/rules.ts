// The rules that an explorer judges: what an edit makes of an entry, and what a peer makes of another peer's entry.

import { type Decision, decide } from '../../../src/share/decide.js'
import { type Dot, encodeVersion, peerOf } from '../../../src/share/dots.js'
import { changeMode, editContent, mtimeOf, NO_MODE, removeContent, touch } from '../../../src/share/edit.js'
import type { Content, Entry, Mode } from '../../../src/share/entry.js'

export type Change =
  /** Creates, edits, reverts, recreates: a file with this content. */
  | { readonly type: 'write'; readonly content: string; readonly mtimeMs: number }
  | { readonly type: 'make-folder' }
  | { readonly type: 'make-link'; readonly target: string; readonly mtimeMs: number }
  | { readonly type: 'touch'; readonly mtimeMs: number }
  | { readonly type: 'chmod' }
  | { readonly type: 'delete'; readonly mtimeMs: number }

/** Which edit this is: no two of one run have the same count. */
export interface EditId {
  readonly peer: string
  readonly count: number
}

export interface View {
  /** 'file c1', 'folder', 'link t2', 'deleted': equal for equal contents. */
  readonly value: string
  /** Names the content; equal names must mean equal contents. */
  readonly name: string
  readonly mtimeMs: number
  readonly private: boolean
}

export interface Meeting<E> {
  /** Undefined where ours stays as it is. */
  readonly entry: E | undefined
  /** Whether ours is kept as a conflict copy. */
  readonly copies: boolean
}

export interface Rules<E> {
  readonly name: string
  edit(base: E | undefined, change: Change, id: EditId): E
  meet(local: E | undefined, remote: E): Meeting<E>
  view(entry: E): View
  text(entry: E): string
  rename(entry: E, newName: (peer: string) => string): E
}

export const PATH = 'p'

const BARE = { sizeBytes: 0, digest: '', target: '', deletedKind: undefined } as const

/** Dots and seen, by the code that LEFT runs. */
export const dotsAndSeen: Rules<Entry> = {
  name: 'dots and seen',
  edit: editDotted,
  meet: (local, remote) => meetingOf(decide(local, remote, { folderHasLiveChildren: false })),
  view: viewOfDotted,
  text: textOfDotted,
  rename: renameDotted,
}

export function meetingOf(decision: Decision): Meeting<Entry> {
  switch (decision.type) {
    case 'keep':
      return { entry: undefined, copies: false }
    case 'adopt':
    case 'take':
    case 'remove':
      return { entry: decision.entry, copies: false }
    case 'conflict':
      return { entry: decision.entry, copies: true }
    default:
      throw new Error(`no folder of the model has children: ${decision.type}`)
  }
}

export function editDotted(base: Entry | undefined, change: Change, id: EditId): Entry {
  const dot = `${id.peer}:${id.count}`
  switch (change.type) {
    case 'write':
      return edited(
        base,
        {
          ...BARE,
          kind: 'file',
          sizeBytes: 1,
          digest: change.content,
          mtimeMs: change.mtimeMs,
        },
        dot,
      )
    case 'make-folder':
      return edited(base, { ...BARE, kind: 'folder', mtimeMs: 0 }, dot)
    case 'make-link':
      return edited(base, { ...BARE, kind: 'link', target: change.target, mtimeMs: change.mtimeMs }, dot)
    case 'touch':
      return touch(base!, dot, change.mtimeMs).entry
    case 'chmod': {
      const access = base!.access === 'owner' ? 'all' : 'owner'
      return changeMode(base!, dot, { access, executable: base!.executable }).entry
    }
    case 'delete':
      return removeContent(base!, dot, change.mtimeMs).entry
  }
}

export function viewOfDotted(entry: Entry): View {
  return {
    value: contentOf(entry),
    name: entry.version.content,
    mtimeMs: mtimeOf(entry),
    private: entry.access === 'owner',
  }
}

export function textOfDotted(entry: Entry): string {
  const { mtimeMs, access, touched, version } = entry
  const touch = touched === undefined ? '' : `~${touched.mtimeMs}@${touched.content}`
  return `${contentOf(entry)} ${mtimeMs} ${access}${touch} ${encodeVersion(version)}`
}

export function renameDotted(entry: Entry, newName: (peer: string) => string): Entry {
  const rename = (dot: Dot) => newName(peerOf(dot)) + dot.slice(16)
  const { touched } = entry
  const { content, attributes, seen } = entry.version
  return {
    ...entry,
    touched: touched === undefined ? undefined : { ...touched, content: rename(touched.content) },
    version: {
      content: rename(content),
      attributes: rename(attributes),
      seen: seen.split(',').map(rename).sort().join(','),
    },
  }
}

export function contentOf(content: { kind: string; digest: string; target: string }): string {
  if (content.kind === 'tombstone') return 'deleted'
  return content.kind === 'folder' ? 'folder' : `${content.kind} ${content.digest}${content.target}`
}

function edited(base: Entry | undefined, content: Content, dot: Dot): Entry {
  const readable: Mode = { access: 'all', executable: false }
  const had = base === undefined || base.access === 'none' ? readable : base
  const mode = content.kind === 'link' ? NO_MODE : had
  return editContent(base, { path: PATH, content, mode, dot }).entry
}
