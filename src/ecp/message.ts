// The messages of ecp. Text, one character first, items joined by '|*|':
//
//     have    h|*|<root>|*|<author>|*|<knows>|*|<whole>|*|<lacking>|*|<entry>…  what this machine knows
//     update  u|*|<root>|*|<author>|*|<knows>|*|<base>|*|<lacking>|*|<entry>…   what has changed here since <base>
//     working w|*|<milliseconds>                                                busy: ask again after this long
//     same    s                                                                 nothing to do
//     excess  e|*|<root>|*|<author>|*|<knows>|*|<whole>|*|<lacking>|*|<entry>…  what the asker lacks
//     holding |*|<file>|*|<pieces>                                              these pieces of this file are here
//     visit   v                                                                 a visitor asks what is held here
//     holds   v|*|<root>|*|<held>|*|<untold>                                    its answer
//     stop    p|*|<why>                                                         nothing is taken or given for now
//     why     q|*|<path>                                                        how does this path stand there?
//     stands  q|*|<stands>|*|<held>|*|<code>|*|<detail>|*|<seconds>             its answer (src/ecp/path-message.ts)
//     check   c|*|<knock>                                                       what time is it there, and am I reached?
//     checked c|*|<clock>|*|<program>                                           its answer (src/ecp/check-message.ts)
//
// <root> and <base> are `<digest>:<bytes>` of a root tree item. <author> is in whose name the sender edits. <knows> is
// `<author>:<count>`, in whose name the addressee edits and how many of its edits the sender knows, '-' where it was never told
// the name: whoever finds a count there that it does not remember was put back to an older copy. In the next place stands
// 'whole' where the entries are everything this machine knows, a <base> where they are all that changed since that root, and '-' where the entries are left out or are only some: then the tree is pulled
// from <root>. <lacking> is how many entries under <root> the sender knows and does not hold. An <entry> is an entry line of
// the share (src/share/README.md), which never holds a bare '|'. <file> is `<digest>:<bytes>` of a file; <pieces> are 'whole',
// '-' for none, or one hexadecimal digit for every four pieces (src/base/pieces.ts), the lowest bit of the first digit for
// piece 0. <held> is `<digest>:<bytes>` of the item that tells what is held otherwise than the tree says (share/held-item.ts), '-'
// where nothing is; <untold> is of how many more paths that is so.

import { BlockSet } from '../base/blockset.js'
import { textOf, utf8 } from '../base/bytes.js'
import { type Decoded, decoded, undecoded } from '../base/decoded.js'
import type { ItemRef } from '../base/item.js'
import type { KnownEdits } from '../base/known-edits.js'
import { CONTROL_BYTES_MAX, FILE_BYTES_MAX, TREE_ITEM_BYTES_MAX } from '../base/limits.js'
import { pieceCount } from '../base/pieces.js'
import {
  type CheckedMessage,
  type CheckMessage,
  checkedFields,
  checkFields,
  decodeCheck,
} from './check-message.js'
import { ENTRIES_PER_MESSAGE_MAX, NOT_HELD_MAX, WORKING_MS_MAX } from './limits.js'
import {
  decodeStop,
  decodeWhy,
  type StandsMessage,
  type StopMessage,
  standsFields,
  stopFields,
  type WhyMessage,
  whyFields,
} from './path-message.js'

/** How the entries of a message relate to the root that it names. */
export type Scope =
  | { readonly type: 'whole' }
  | { readonly type: 'since'; readonly base: ItemRef }
  | { readonly type: 'some' }

export interface StateMessage {
  readonly type: 'have' | 'update' | 'excess'
  readonly root: ItemRef
  /** In whose name the sender edits. */
  readonly author: string
  /** Edits of the addressee that the sender knows; undefined where it was not told in whose name they are. */
  readonly knows: KnownEdits | undefined
  readonly scope: Scope
  /** Entries under the root that its sender knows and does not hold: whoever asks for their content is answered "gone". */
  readonly notHeldCount: number
  /** Entry lines, not decoded here. */
  readonly lines: readonly string[]
}

/** Which pieces of a file its sender holds, whole and proved. Request and reply look the same. */
export interface HoldingMessage {
  readonly type: 'holding'
  readonly file: ItemRef
  /** At most `pieceCount(file.sizeBytes)` members. */
  readonly pieces: BlockSet
}

/** What a visitor is answered. */
export interface HoldsMessage {
  readonly type: 'holds'
  readonly root: ItemRef
  /** Tells what is held otherwise than the tree says; undefined where nothing is. */
  readonly held: ItemRef | undefined
  /** Paths of which that is so and which did not fit. */
  readonly untoldCount: number
}

export type Message =
  | StateMessage
  | HoldingMessage
  | HoldsMessage
  | StopMessage
  | WhyMessage
  | StandsMessage
  | CheckMessage
  | CheckedMessage
  | { readonly type: 'visit' }
  | { readonly type: 'working'; readonly retryMs: number }
  | { readonly type: 'same' }

const SEPARATOR = '|*|'
const AUTHOR = /^[0-9a-f]{16}$/
const KNOWS = /^([0-9a-f]{16}):(0|[1-9][0-9]{0,15})$/
const LETTERS = { have: 'h', update: 'u', excess: 'e' } as const
const TYPES = { h: 'have', u: 'update', e: 'excess' } as const

/** The bytes of a message. The caller fits it first: see `fitLines`. */
export function encodeMessage(message: Message): Uint8Array {
  if (message.type === 'same') return utf8('s')
  if (message.type === 'visit') return utf8('v')
  if (message.type === 'stop') return utf8(['p', ...stopFields(message)].join(SEPARATOR))
  if (message.type === 'why') return utf8(['q', ...whyFields(message)].join(SEPARATOR))
  if (message.type === 'stands') return utf8(['q', ...standsFields(message)].join(SEPARATOR))
  if (message.type === 'check') return utf8(['c', ...checkFields(message)].join(SEPARATOR))
  if (message.type === 'checked') return utf8(['c', ...checkedFields(message)].join(SEPARATOR))
  if (message.type === 'holds') return utf8(['v', ...holdsFields(message)].join(SEPARATOR))
  if (message.type === 'working') return utf8(`w${SEPARATOR}${Math.ceil(message.retryMs)}`)
  if (message.type === 'holding')
    return utf8(['', encodeRef(message.file), encodePieces(message.pieces)].join(SEPARATOR))
  const { type, root, author, knows, scope, notHeldCount, lines } = message
  const notHeld = Math.min(notHeldCount, NOT_HELD_MAX)
  const fields = [
    LETTERS[type],
    encodeRef(root),
    author,
    knows === undefined ? '-' : `${knows.author}:${knows.count}`,
    encodeScope(scope),
    `${notHeld}`,
  ]
  return utf8([...fields, ...lines].join(SEPARATOR))
}

/** The message with as many lines as one datagram carries: all of them, or none and the scope 'some', because a
 *  part of a list would save the peer nothing. */
export function fitLines(message: StateMessage): StateMessage {
  const fits =
    message.lines.length <= ENTRIES_PER_MESSAGE_MAX && encodeMessage(message).length <= CONTROL_BYTES_MAX
  return fits ? message : { ...message, scope: { type: 'some' }, lines: [] }
}

export function decodeMessage(bytes: Uint8Array): Decoded<Message> {
  if (bytes.length === 0) return undecoded('empty')
  if (bytes.length > CONTROL_BYTES_MAX) return undecoded('too-long')
  const text = textOf(bytes)
  if (text === undefined) return undecoded('not-utf8')
  const [letter, ...items] = text.split(SEPARATOR)
  if (letter === '') return decodeHolding(items)
  if (letter === 's') return items.length === 0 ? decoded({ type: 'same' }) : undecoded('trailing-bytes')
  if (letter === 'w') return decodeWorking(items)
  if (letter === 'p') return decodeStop(items)
  if (letter === 'q') return decodeWhy(items)
  if (letter === 'c') return decodeCheck(items)
  if (letter === 'v') return items.length === 0 ? decoded({ type: 'visit' }) : decodeHolds(items)
  if (letter === 'h' || letter === 'u' || letter === 'e') return decodeState(TYPES[letter], items)
  return undecoded('unknown-kind')
}

function holdsFields({ root, held, untoldCount }: HoldsMessage): string[] {
  const untold = Math.min(untoldCount, NOT_HELD_MAX)
  return [encodeRef(root), held === undefined ? '-' : encodeRef(held), `${untold}`]
}

function decodeHolds(items: readonly string[]): Decoded<Message> {
  const [rootText, heldText, untoldText] = items
  if (rootText === undefined || heldText === undefined || untoldText === undefined)
    return undecoded('truncated')
  if (items.length > 3) return undecoded('trailing-bytes')
  const root = decodeRef(rootText)
  const held = heldText === '-' ? undefined : decodeRef(heldText)
  const untoldCount = wholeNumber(untoldText, NOT_HELD_MAX)
  if (root === undefined || (held === undefined && heldText !== '-') || untoldCount === undefined)
    return undecoded('bad-field')
  return decoded({ type: 'holds', root, held, untoldCount })
}

function decodeWorking(items: readonly string[]): Decoded<Message> {
  if (items.length > 1) return undecoded('trailing-bytes')
  const retryMs = wholeNumber(items[0], WORKING_MS_MAX)
  if (retryMs === undefined) return undecoded('bad-field')
  return decoded({ type: 'working', retryMs })
}

function decodeHolding(items: readonly string[]): Decoded<Message> {
  const [fileText, piecesText] = items
  if (fileText === undefined || piecesText === undefined) return undecoded('truncated')
  if (items.length > 2) return undecoded('trailing-bytes')
  const file = decodeRef(fileText, 'file')
  const pieces = file && decodePieces(piecesText, pieceCount(file.sizeBytes))
  if (file === undefined || pieces === undefined) return undecoded('bad-field')
  return decoded({ type: 'holding', file, pieces })
}

function decodeState(type: StateMessage['type'], items: readonly string[]): Decoded<Message> {
  const [rootText, author, knowsText, scopeText, notHeldText, ...lines] = items
  if (
    rootText === undefined ||
    author === undefined ||
    knowsText === undefined ||
    scopeText === undefined ||
    notHeldText === undefined
  )
    return undecoded('truncated')
  const root = decodeRef(rootText)
  const scope = decodeScope(scopeText)
  const notHeldCount = wholeNumber(notHeldText, NOT_HELD_MAX)
  const knows = decodeKnows(knowsText)
  if (root === undefined || !AUTHOR.test(author) || knows === undefined) return undecoded('bad-field')
  if (scope === undefined || notHeldCount === undefined) return undecoded('bad-field')
  if (lines.length > ENTRIES_PER_MESSAGE_MAX) return undecoded('too-long')
  return decoded({
    type,
    root,
    author,
    knows: knows === 'none' ? undefined : knows,
    scope,
    notHeldCount,
    lines,
  })
}

function decodeKnows(text: string): KnownEdits | 'none' | undefined {
  if (text === '-') return 'none'
  const [, author, count] = KNOWS.exec(text) ?? []
  return author === undefined || !Number.isSafeInteger(Number(count))
    ? undefined
    : { author, count: Number(count) }
}

function encodeScope(scope: Scope): string {
  if (scope.type === 'whole') return 'whole'
  return scope.type === 'since' ? encodeRef(scope.base) : '-'
}

function decodeScope(text: string): Scope | undefined {
  if (text === 'whole') return { type: 'whole' }
  if (text === '-') return { type: 'some' }
  const base = decodeRef(text)
  return base === undefined ? undefined : { type: 'since', base }
}

function encodeRef(ref: ItemRef): string {
  return `${ref.digest}:${ref.sizeBytes}`
}

const REF = /^([0-9a-f]{64}):(0|[1-9][0-9]{0,10})$/
const REF_BYTES_MAX = { tree: TREE_ITEM_BYTES_MAX, file: FILE_BYTES_MAX } as const

function decodeRef(text: string, kind: 'tree' | 'file' = 'tree'): ItemRef | undefined {
  const match = REF.exec(text)
  if (match === null) return undefined
  const sizeBytes = Number(match[2])
  return sizeBytes > REF_BYTES_MAX[kind] ? undefined : { kind, digest: match[1]!, sizeBytes }
}

function encodePieces(pieces: BlockSet): string {
  if (pieces.size === 0) return '-'
  if (pieces.size === pieces.blockCount) return 'whole'
  let digits = ''
  for (const byte of pieces.toBytes()) digits += (byte & 15).toString(16) + (byte >> 4).toString(16)
  return digits.slice(0, Math.ceil(pieces.blockCount / 4))
}

/** Only what `encodePieces` writes of a file of so many pieces. */
function decodePieces(text: string, count: number): BlockSet | undefined {
  if (text === '-') return new BlockSet(count)
  if (text === 'whole') return count === 0 ? undefined : BlockSet.full(count)
  if (text.length !== Math.ceil(count / 4) || !/^[0-9a-f]+$/.test(text)) return undefined
  const bytes = new Uint8Array(Math.ceil(count / 8))
  for (let at = 0; at < text.length; at++) bytes[at >> 1]! |= Number.parseInt(text[at]!, 16) << (4 * (at & 1))
  // The last digit may not tell of pieces that there are not, and neither none nor all are written in digits.
  if (count % 4 !== 0 && Number.parseInt(text.at(-1)!, 16) >> (count % 4) !== 0) return undefined
  const pieces = new BlockSet(count, bytes)
  return pieces.size === 0 || pieces.size === count ? undefined : pieces
}

function wholeNumber(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^(0|[1-9][0-9]{0,8})$/.test(text)) return undefined
  return Number(text) <= most ? Number(text) : undefined
}
