import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecord, encodeNotHeld, encodeRecord } from '../../../src/keeper/index/index-line.js'
import { arbitraryEntry, entryOf, fileEntry } from '../../share/entries.js'

const entry = fileEntry('a/b')

test('a line of the index reads numbers of the disk as they would be written again', () => {
  const [, ...words] = encodeRecord(entry, undefined).split(' ')
  const signatures = ['0,0,0,0,', '-0,-0,-0,-0,'].map(
    (signature) => decodeRecord('a/b', [signature, ...words].join(' '))?.signature,
  )
  expect(signatures[1]).toEqual(signatures[0])
  expect(signatures[0]).toEqual({ sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, inode: 0, executable: false })
})

test('a line says of an entry that it is not held, and a deletion is never lacking', () => {
  const line = encodeNotHeld(entry)
  const deletion = entryOf('tombstone', 'a/b')
  expect(decodeRecord('a/b', encodeRecord(deletion, undefined))?.entry).toEqual(deletion)
  expect(decodeRecord('a/b', line)).toEqual({ entry, signature: undefined, isHeld: false })
  expect(decodeRecord('a/b', encodeRecord(entry, undefined))).toEqual({
    entry,
    signature: undefined,
    isHeld: true,
  })
  expect(decodeRecord('a/b', encodeNotHeld(deletion))).toBeUndefined()
})

test('any line is read as nothing, or as what is written again in the same way', () => {
  const lines = fc.oneof(
    arbitraryEntry.map((value) => encodeNotHeld({ ...value, path: 'a/b' })),
    fc.tuple(fc.string(), arbitraryEntry).map(([signature, value]) => {
      const line = encodeRecord({ ...value, path: 'a/b' }, undefined)
      return `${signature}${line.slice(line.indexOf(' '))}`
    }),
    fc.string(),
  )
  fc.assert(
    fc.property(lines, (line) => {
      const record = decodeRecord('a/b', line)
      if (record === undefined) return
      const written = record.isHeld
        ? encodeRecord(record.entry, record.signature)
        : encodeNotHeld(record.entry)
      expect(decodeRecord('a/b', written)).toEqual(record)
    }),
  )
})
