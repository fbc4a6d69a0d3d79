import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeAside,
  decodeRecord,
  encodeAside,
  encodeGivenUp,
  encodeKept,
  encodeMissing,
  encodeNotHeld,
  encodeRecord,
  encodeRemaining,
} from '../../../src/keeper/index/index-line.js'
import { arbitraryEntry, entryOf, fileEntry } from '../../share/entries.js'

const UNKNOWN = { access: 'none', executable: false }
const UNSEEN = { signature: undefined, mode: undefined }
const entry = fileEntry('a/b')

test('a line of the index reads numbers of the disk as they would be written again', () => {
  const [, ...words] = encodeRecord({ entry, signature: undefined, mode: undefined }).split(' ')
  const signatures = ['0,0,0,0,', '-0,-0,-0,-0,'].map(
    (signature) => decodeRecord('a/b', [signature, ...words].join(' '))?.signature,
  )
  expect(signatures[1]).toEqual(signatures[0])
  expect(signatures[0]).toEqual({ sizeBytes: 0, mtimeMs: 0, ctimeMs: 0, inode: 0, mode: UNKNOWN })
})

describe('the mode that the disk showed', () => {
  const modes = (['owner', 'group', 'all', 'none'] as const).flatMap((access) =>
    [false, true].map((executable) => ({ access, executable })),
  )

  test.each(modes)('is kept with the signature of a file: $access, executable $executable', (mode) => {
    const signature = { sizeBytes: 1, mtimeMs: 2.5, ctimeMs: 3, inode: 4, mode }
    const line = encodeRecord({ entry, signature, mode })
    expect(decodeRecord('a/b', line)).toEqual({ entry, signature, mode, isHeld: true, isRemaining: false })
  })

  test.each(modes)('is kept where there is no signature: $access, executable $executable', (mode) => {
    const line = encodeRecord({ entry, signature: undefined, mode })
    const isNothing = mode.access === 'none' && !mode.executable
    const expected = isNothing ? undefined : mode
    expect(decodeRecord('a/b', line)).toEqual({
      entry,
      signature: undefined,
      mode: expected,
      isHeld: true,
      isRemaining: false,
    })
  })

  test('is not known of a line of format 1', () => {
    const [, ...words] = encodeRecord({ entry, signature: undefined, mode: undefined }).split(' ')
    const modeOfLine = (signature: string) => decodeRecord('a/b', [signature, ...words].join(' '))?.mode
    expect(modeOfLine('1,2,3,4,')).toEqual(UNKNOWN)
    expect(modeOfLine('1,2,3,4,x')).toEqual({ access: 'none', executable: true })
    expect(modeOfLine('-')).toBeUndefined()
  })

  test('of whatever stands in a line is read as it would be written again', () => {
    const [, ...words] = encodeRecord({ entry, signature: undefined, mode: undefined }).split(' ')
    const part = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9]{0,4}(,[0-9]{0,4}){0,5}[-ogax]{0,2}$/))
    fc.assert(
      fc.property(part, (looks) => {
        const read = decodeRecord('a/b', [looks, ...words].join(' '))
        if (read === undefined) return
        const again = decodeRecord('a/b', lineOf(read))!
        const isNothing = again.mode === undefined && read.mode?.executable === false
        expect(again).toEqual(isNothing ? { ...read, mode: undefined } : read)
      }),
    )
  })

  test('is read as nothing where it is none', () => {
    const [, ...words] = encodeRecord({ entry, signature: undefined, mode: undefined }).split(' ')
    for (const letters of ['q', 'xo', 'oo'])
      expect(decodeRecord('a/b', [`-${letters}`, ...words].join(' '))?.mode).toBeUndefined()
  })
})

test('a line says of an entry that it is not held, and a deletion is never lacking', () => {
  const line = encodeNotHeld(entry)
  const deletion = entryOf('tombstone', 'a/b')
  expect(decodeRecord('a/b', encodeRecord({ entry: deletion, ...UNSEEN }))?.entry).toEqual(deletion)
  expect(decodeRecord('a/b', line)).toEqual({ entry, ...UNSEEN, isHeld: false, isRemaining: false })
  expect(decodeRecord('a/b', encodeRecord({ entry, ...UNSEEN }))).toEqual({
    entry,
    ...UNSEEN,
    isHeld: true,
    isRemaining: false,
  })
  expect(decodeRecord('a/b', encodeNotHeld(deletion))).toBeUndefined()
})

test('a line says what was deleted here before a peer edited it, and only of what is not held', () => {
  const known = fileEntry('a/b')
  const givenUp = entryOf('link', 'a/b')
  const read = (line: string) => decodeRecord('a/b', line)
  const expected = { entry: known, ...UNSEEN, isHeld: false, isRemaining: false, givenUp }
  expect(read(encodeGivenUp(givenUp, encodeNotHeld(known)))).toEqual(expected)
  expect(read(encodeGivenUp(givenUp, encodeRecord({ entry: known, ...UNSEEN })))).toBeUndefined()
  expect(read(encodeGivenUp(entryOf('tombstone', 'a/b'), encodeNotHeld(known)))).toBeUndefined()
})

test('a line says that a deleted folder still stands, and of nothing else that is held', () => {
  const deletion = entryOf('tombstone', 'a/b')
  const read = (line: string) => decodeRecord('a/b', line)
  expect(read(encodeRemaining(deletion, true))).toMatchObject({ isHeld: true, isRemaining: true })
  expect(read(encodeRemaining(entry, false))).toMatchObject({ isHeld: false, isRemaining: true })
  expect(read(encodeRemaining(entry, true))).toBeUndefined()
  expect(read(encodeRemaining(deletion, false))).toBeUndefined()
})

test('any line is read as nothing, or as what is written again in the same way', () => {
  const lines = fc.oneof(
    arbitraryEntry.map((value) => encodeNotHeld({ ...value, path: 'a/b' })),
    fc
      .tuple(arbitraryEntry, fc.boolean())
      .map(([value, isHeld]) => encodeRemaining({ ...value, path: 'a/b' }, isHeld)),
    fc.tuple(fc.string(), arbitraryEntry).map(([signature, value]) => {
      const line = encodeRecord({ entry: { ...value, path: 'a/b' }, ...UNSEEN })
      return `${signature}${line.slice(line.indexOf(' '))}`
    }),
    fc
      .tuple(arbitraryEntry, arbitraryEntry)
      .map(([givenUp, value]) =>
        encodeGivenUp({ ...givenUp, path: 'a/b' }, encodeNotHeld({ ...value, path: 'a/b' })),
      ),
    fc.string(),
  )
  fc.assert(
    fc.property(lines, (line) => {
      const record = decodeRecord('a/b', line)
      if (record === undefined) return
      const written = lineOf(record)
      const again = decodeRecord('a/b', written)!
      const isNothing = again.mode === undefined && record.mode?.executable === false
      expect(again).toEqual(isNothing ? { ...record, mode: undefined } : record)
    }),
  )
})

function lineOf(record: NonNullable<ReturnType<typeof decodeRecord>>): string {
  if (record.kept !== undefined) return encodeKept(record.kept, plainLineOf(record))
  if (record.givenUp !== undefined) return encodeGivenUp(record.givenUp, plainLineOf(record))
  return record.isMissing ? encodeMissing(plainLineOf(record)) : plainLineOf(record)
}

function plainLineOf(record: NonNullable<ReturnType<typeof decodeRecord>>): string {
  if (record.isRemaining) return encodeRemaining(record.entry, record.isHeld)
  return record.isHeld ? encodeRecord(record) : encodeNotHeld(record.entry, record.mode)
}

describe('a line of what was set aside', () => {
  test('is read back, and never as a line of the tree', () => {
    const arbitraryMode = fc.record({
      access: fc.constantFrom('owner', 'group', 'all'),
      executable: fc.boolean(),
    })
    fc.assert(
      fc.property(arbitraryEntry, arbitraryMode, (made, mode) => {
        const looks = { signature: undefined, mode } as Parameters<typeof encodeAside>[0]
        const line = encodeAside({ ...looks, entry: made })
        expect(decodeRecord(made.path, line)).toBeUndefined()
        const expected = made.kind === 'tombstone' ? undefined : { ...looks, entry: made }
        expect(decodeAside(made.path, line)).toEqual(expected)
      }),
    )
  })

  test('that anything has happened to is no line, or is written as it was read', () => {
    const [, ...words] = encodeRecord({ entry, ...UNSEEN }).split(' ')
    const part = fc.stringMatching(/^[?!^%~]{0,3}-?[0-9,]{0,12}[ogax]{0,2}$/)
    fc.assert(
      fc.property(part, (looks) => {
        const aside = decodeAside('a/b', [looks, ...words].join(' '))
        if (aside === undefined) return
        expect(decodeAside('a/b', encodeAside(aside))).toEqual(aside)
      }),
    )
  })
})
