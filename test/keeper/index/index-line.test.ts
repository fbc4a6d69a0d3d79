import { expect, test } from 'vitest'
import { decodeRecord, encodeRecord } from '../../../src/keeper/index/index-line.js'
import { fileEntry } from '../../share/entries.js'

const entry = fileEntry('a/b')

test('a line of the index reads numbers of the disk as they would be written again', () => {
  const [, ...words] = encodeRecord(entry, undefined).split(' ')
  const signatures = ['0,0,0,0,', '-0,-0,-0,-0,'].map(
    (signature) => decodeRecord('a/b', [signature, ...words].join(' '))?.signature,
  )
  expect(signatures[1]).toEqual(signatures[0])
  expect(signatures[0]).toEqual({ sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, inode: 0, executable: false })
})
