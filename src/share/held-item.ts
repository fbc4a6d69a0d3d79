// The item that tells a visitor what a peer holds otherwise than its tree says: paths of which it knows an entry and holds nothing, or
// something older. The keeper of the peer writes it, the visitor reads it beside the tree.
//
//     item = 'left-held 1' LF *( line LF )        lines ascend by path, in UTF-16 code units
//     line = path                                 escaped (base/escape.ts): nothing of the entry is held
//          / entry                                an entry line (entry-line.ts): this is held instead

import { textOf, utf8 } from '../base/bytes.js'
import { type Decoded, type DecodeFailure, decoded, undecoded } from '../base/decoded.js'
import { escapeField, unescapeField } from '../base/escape.js'
import { TREE_ITEM_BYTES_MAX } from '../base/limits.js'
import type { Entry } from './entry.js'
import { decodeEntry, encodeEntry } from './entry-line.js'
import { HELD_LINES_MAX } from './limits.js'
import { checkPath } from './path.js'

const HEADER = 'left-held 1\n'

/** What is held at a path in the place of the entry that is known; undefined where nothing is. */
export type HeldInstead = ReadonlyMap<string, Entry | undefined>

export type HeldFault = DecodeFailure | 'unsorted'

/** As many as fit, in order of their paths. */
export function encodeHeld(held: HeldInstead): { readonly bytes: Uint8Array; readonly untoldCount: number } {
  const paths = [...held.keys()].sort()
  let text = HEADER
  let sizeBytes = HEADER.length
  let count = 0
  for (const path of paths) {
    const entry = held.get(path)
    const line = `${entry === undefined ? escapeField(path) : encodeEntry(entry)}\n`
    sizeBytes += utf8(line).length
    if (sizeBytes > TREE_ITEM_BYTES_MAX || count === HELD_LINES_MAX) break
    text += line
    count++
  }
  return { bytes: utf8(text), untoldCount: paths.length - count }
}

/** Never throws. */
export function decodeHeld(bytes: Uint8Array): Decoded<HeldInstead, HeldFault> {
  if (bytes.length === 0) return undecoded('empty')
  if (bytes.length > TREE_ITEM_BYTES_MAX) return undecoded('too-long')
  const text = textOf(bytes)
  if (text === undefined) return undecoded('not-utf8')
  if (!text.startsWith(HEADER)) return undecoded('unknown-kind')
  if (!text.endsWith('\n')) return undecoded('truncated')
  const held = new Map<string, Entry | undefined>()
  let previous = ''
  for (let at = HEADER.length; at < text.length; ) {
    if (held.size === HELD_LINES_MAX) return undecoded('too-long')
    const end = text.indexOf('\n', at)
    const line = text.slice(at, end)
    at = end + 1
    const entry = line.includes(' ') ? decodeEntry(line) : undefined
    if (entry?.ok === false) return entry
    const path = entry === undefined ? unescapeField(line) : entry.value.path
    if (path === undefined || checkPath(path) !== undefined) return undecoded('bad-field')
    if (path <= previous) return undecoded('unsorted')
    previous = path
    held.set(path, entry?.value)
  }
  return decoded(held)
}
