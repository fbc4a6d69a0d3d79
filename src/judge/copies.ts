// Which path a copy of a conflict is a copy of, for the judges of privacy and of restores. The name of a copy is that of its
// original with a mark in it; a long name loses the end of its stem to the mark.

import { NAME_BYTES_MAX } from '../base/limits.js'
import { originalOf } from '../share/decide.js'
import { nameOf, parentOf, utf8Bytes } from '../share/path.js'

/** The longest code point of UTF-8. */
const CHARACTER_BYTES_MAX = 4

/** Not for paths so long that the copy lies in another folder: no world has them. */
export function isCopyOf(path: string, original: string): boolean {
  const cut = originalOf(path)
  if (cut === path || cut === original) return cut !== path
  const isFull = utf8Bytes(nameOf(path)) > NAME_BYTES_MAX - CHARACTER_BYTES_MAX
  if (!isFull || parentOf(cut) !== parentOf(original) || cut.length > original.length) return false
  const ends = [cut.length, cut.lastIndexOf('.')].filter((end) => end > 0)
  return ends.some((end) => original.startsWith(cut.slice(0, end)) && original.endsWith(cut.slice(end)))
}
