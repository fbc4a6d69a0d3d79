// Paths inside a share. A path comes from a peer or from the disk; either way it passes `checkPath` once,
// and the rest of the program may trust it.

import { utcStamp } from '../base/calendar.js'
import { NAME_BYTES_MAX, PATH_BYTES_MAX, PATH_DEPTH_MAX } from '../base/limits.js'
import { OWN_FOLDER, SHARE_MARK } from '../base/own-folder.js'
import type { Entry } from './entry.js'

export { OWN_FOLDER, SHARE_MARK }

export type PathFault =
  | 'empty'
  | 'absolute'
  | 'empty-component'
  | 'dot-component'
  | 'nul'
  | 'not-utf8'
  | 'path-too-long'
  | 'name-too-long'
  | 'too-deep'
  | 'own-folder'

const LONE_SURROGATE = /[\ud800-\udfff]/u

/** Why this cannot be a path of a share, or undefined where it can. Whatever Linux takes as a name is
 *  legal: line ends, `|*|`, leading dashes, backslashes. */
export function checkPath(path: string): PathFault | undefined {
  if (path === '') return 'empty'
  if (path.charCodeAt(0) === 0x2f) return 'absolute'
  if (path.includes('\0')) return 'nul'
  if (LONE_SURROGATE.test(path)) return 'not-utf8'
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (path.length * 3 > PATH_BYTES_MAX && utf8Bytes(path) > PATH_BYTES_MAX) return 'path-too-long'
  let start = 0
  for (let depth = 1; start <= path.length; depth++) {
    if (depth > PATH_DEPTH_MAX) return 'too-deep'
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    const fault = checkComponent(path, start, end)
    if (fault !== undefined) return fault
    start = end + 1
  }
  return undefined
}

function checkComponent(path: string, start: number, end: number): PathFault | undefined {
  const length = end - start
  if (length === 0) return 'empty-component'
  if (path.charCodeAt(start) === 0x2e) {
    if (length === 1 || (length === 2 && path.charCodeAt(start + 1) === 0x2e)) return 'dot-component'
    if (start === 0 && length === OWN_FOLDER.length && path.slice(0, end).toLowerCase() === OWN_FOLDER)
      return 'own-folder'
  }
  if (length * 3 > NAME_BYTES_MAX && utf8Bytes(path.slice(start, end)) > NAME_BYTES_MAX)
    return 'name-too-long'
  return undefined
}

/** Whether this is LEFT's own folder or in it, spelt as LEFT itself does. */
export function isOwnPath(path: string): boolean {
  return path === OWN_FOLDER || path.startsWith(`${OWN_FOLDER}/`)
}

/** Folders on the way, or at the end, that have the name of LEFT's own folder and are not at the top: each may be that of
 *  another share that lies within this one. */
export function ownFoldersWithin(path: string): string[] {
  return [...path.matchAll(OWN_NAME_WITHIN)].map(({ index }) => path.slice(0, index + 1 + OWN_FOLDER.length))
}

const OWN_NAME_WITHIN = new RegExp(`/\\${OWN_FOLDER}(?=/|$)`, 'gi')

export function isShareMark(path: string): boolean {
  const parent = parentOf(path)
  return nameOf(path).toLowerCase() === SHARE_MARK && ownFoldersWithin(path).includes(parent)
}

/** Whether a path is this folder's, or this file; '' is the share. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}

/** The folder that holds `path`: '' is the share itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** The last component. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

/** Bytes of the text in UTF-8, without making them. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    // Half of a surrogate pair is one more byte than its unit (4 for the pair), any other two-byte or
    // three-byte character one or two more.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}

/** Where the loser of a conflict is kept: beside the winner, named by what it was, so that every peer that
 *  keeps the same loser makes the same name: `notes.conflict-20261121-103000-0123abcd.txt`. Where something else
 *  stands there the second choice is `notes.conflict-20261121-103000-0123abcd-2.txt`, and so on. */
export function conflictPath(entry: Entry, choice = 1): string {
  const mark = `.conflict-${utcStamp(entry.mtimeMs)}-${contentMark(entry)}${choice === 1 ? '' : `-${choice}`}`
  return markedPath(entry.path, mark)
}

/** Where something comes back from the trash whose path is taken: beside it, named by when it was taken away,
 *  `notes.restored-20261129-103000.txt`. */
export function restoredPath(path: string, takenMs: number): string {
  return markedPath(path, `.restored-${utcStamp(takenMs)}`)
}

function markedPath(path: string, mark: string): string {
  const name = nameOf(path)
  const dot = name.lastIndexOf('.')
  // A leading dot hides a file and starts no extension, and a very long "extension" is none.
  const hasExtension = dot > 0 && utf8Bytes(name.slice(dot)) <= EXTENSION_BYTES_MAX
  const extension = hasExtension ? name.slice(dot) : ''
  const stem = hasExtension ? name.slice(0, dot) : name
  // In a folder so deep that the path would come too long, the copy goes to the next one up with room.
  let folder = parentOf(path)
  while (utf8Bytes(folder) + 1 + NAME_BYTES_MAX > PATH_BYTES_MAX) folder = parentOf(folder)
  const cutStem = cutToBytes(stem, NAME_BYTES_MAX - mark.length - utf8Bytes(extension))
  return joinPath(folder, cutStem + mark + extension)
}

/** A longer ending than this is part of the name: what is cut must leave something of it. */
const EXTENSION_BYTES_MAX = 32

function contentMark(entry: Entry): string {
  if (entry.digest !== '') return entry.digest.slice(0, 8)
  return hashName(entry.target).toString(16).padStart(8, '0')
}

/** The longest beginning of `text` that takes at most `bytesMax`, whole code points only. */
function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0
  let length = 0
  for (const character of text) {
    bytes += utf8Bytes(character)
    if (bytes > bytesMax) break
    length += character.length
  }
  return text.slice(0, length)
}

/** A cheap 32-bit hash of a name, part of the wire format (it cuts folder listings into pages): FNV-1a
 *  over UTF-16 code units, then the finaliser of MurmurHash3, which spreads names that differ in their
 *  last digit only. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
