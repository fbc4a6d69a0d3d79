// The rules that an explorer judges: what an edit makes of an entry, and what a peer makes of another peer's entry.

import type { Dot } from '../../../src/share/dots.js'
import { encodeVersion, peerOf } from '../../../src/share/dots.js'
import {
  type Content,
  changeMode,
  type DottedEntry,
  editContent,
  type Mode,
  mtimeOf,
  NO_MODE,
  removeContent,
  touch,
} from '../../../src/share/dotted-entry.js'
import { type Decision, decide } from '../../../src/share/reconcile.js'

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

/** Dots and seen, by the code that LEFT runs. */
export const dotsAndSeen: Rules<DottedEntry> = {
  name: 'dots and seen',
  edit: editDotted,
  meet: (local, remote) => meetingOf(decide(local, remote, { folderHasLiveChildren: false })),
  view: viewOfDotted,
  text: textOfDotted,
  rename: renameDotted,
}

export function meetingOf(decision: Decision): Meeting<DottedEntry> {
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

export function editDotted(base: DottedEntry | undefined, change: Change, id: EditId): DottedEntry {
  const dot = `${id.peer}:${id.count}`
  switch (change.type) {
    case 'write':
      return edited(
        base,
        { kind: 'file', sizeBytes: 1, digest: change.content, target: '', mtimeMs: change.mtimeMs },
        dot,
      )
    case 'make-folder':
      return edited(base, { kind: 'folder', sizeBytes: 0, digest: '', target: '', mtimeMs: 0 }, dot)
    case 'make-link':
      return edited(
        base,
        { kind: 'link', sizeBytes: 0, digest: '', target: change.target, mtimeMs: change.mtimeMs },
        dot,
      )
    case 'touch':
      return touch(base!, dot, change.mtimeMs).entry
    case 'chmod': {
      const access = base!.attributes.access === 'owner' ? 'all' : 'owner'
      return changeMode(base!, dot, { access, executable: base!.attributes.executable }).entry
    }
    case 'delete':
      return removeContent(base!, dot, change.mtimeMs).entry
  }
}

export function viewOfDotted(entry: DottedEntry): View {
  return {
    value: contentOf(entry.content),
    name: entry.version.content,
    mtimeMs: mtimeOf(entry),
    private: entry.attributes.access === 'owner',
  }
}

export function textOfDotted(entry: DottedEntry): string {
  const { content, attributes } = entry
  const touched =
    attributes.touched === undefined ? '' : `~${attributes.touched.mtimeMs}@${attributes.touched.content}`
  return `${contentOf(content)} ${content.mtimeMs} ${attributes.access}${touched} ${encodeVersion(entry.version)}`
}

export function renameDotted(entry: DottedEntry, newName: (peer: string) => string): DottedEntry {
  const rename = (dot: Dot) => newName(peerOf(dot)) + dot.slice(16)
  const { touched, ...mode } = entry.attributes
  const { content, attributes, seen } = entry.version
  return {
    ...entry,
    attributes:
      touched === undefined ? mode : { ...mode, touched: { ...touched, content: rename(touched.content) } },
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

function edited(base: DottedEntry | undefined, content: Content, dot: Dot): DottedEntry {
  const readable: Mode = { access: 'all', executable: false }
  const had = base === undefined || base.attributes.access === 'none' ? readable : base.attributes
  const mode = content.kind === 'link' ? NO_MODE : had
  return editContent(base, { path: PATH, content, mode, dot }).entry
}
