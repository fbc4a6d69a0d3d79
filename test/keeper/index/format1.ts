// Index lines as format 1 had them, for the tests of its translation.

import { decodeRecord } from '../../../src/keeper/index/index-line.js'
import type { Entry } from '../../../src/share/entry.js'
import { encodeEntryInFolder } from '../../../src/share/entry-line.js'

const LETTERS = { file: 'f', folder: 'd', link: 'l', tombstone: 't' } as const

/** What an index of format 1 said where one of today says `value`, with this version vector. */
export function indexLineOfFormat1(path: string, value: string, vector: string): string {
  const record = decodeRecord(path, value)
  if (record === undefined) throw new Error(`no line of an index: ${value}`)
  return `${value.slice(0, value.indexOf(' '))} ${entryLineOfFormat1(record.entry, vector)}`
}

export function entryLineOfFormat1(entry: Entry, vector: string): string {
  const [, , size, , digest, , ...names] = encodeEntryInFolder(entry).split(' ')
  const letter = entry.executable ? 'x' : LETTERS[entry.kind]
  return [letter, size, entry.mtimeMs, digest, vector, ...names].join(' ')
}
