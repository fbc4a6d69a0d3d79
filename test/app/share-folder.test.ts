import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { openShareFolder } from '../../src/app/share-folder.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const PEER = 'aaaaaaaaaaaaaaaa'
const REPLICA = `left-peer ${PEER}\n`
const KEY = '0123456789abcdef'.repeat(4)
const OTHER_KEY = `f${KEY.slice(1)}`

let state: string
beforeEach(() => {
  state = temporaryFolder()
})

/** A share whose state folder says this of its format. */
function shareOfFormat(text: string): { share: string; format: () => string } {
  const share = temporaryFolder()
  mkdirSync(join(share, '.left'))
  const file = join(share, '.left', 'format')
  writeFileSync(file, text)
  writeFileSync(join(share, '.left', 'replica'), REPLICA)
  return { share, format: () => readFileSync(file, 'utf8') }
}

test.each([
  ['the first format', '1\n'],
  ['the format of today', '2\n'],
  ['nothing, since power was lost as it was written', ''],
])('a state folder that says %s is opened, and an older left refuses it from then on', (_, text) => {
  const { share, format } = shareOfFormat(text)
  const opened = openShareFolder(share, state)
  expect(opened.settle(undefined).peer).toBe(PEER)
  expect(format()).toBe('2\n')
  opened.release()
})

test.each(['3\n', '0\n', 'two\n', '1.5\n', '22\n'])(
  'a state folder of format %j is refused and left as it is',
  (text) => {
    const { share, format } = shareOfFormat(text)
    expect(() => openShareFolder(share, state)).toThrow(expect.objectContaining({ code: 'state-newer' }))
    expect(format()).toBe(text)
  },
)

/** A share with this mark; without one, a folder that is none yet. */
function shareWith(mark?: string): string {
  const share = join(temporaryFolder(), 'share')
  mkdirSync(join(share, '.left'), { recursive: true })
  if (mark !== undefined) writeFileSync(join(share, '.left', 'replica'), mark)
  return share
}

const markOf = (share: string) => readFileSync(join(share, '.left', 'replica'), 'utf8')

/** One start; without a fingerprint it is one without encryption. */
function start(
  share: string,
  fingerprint?: string,
  beginsAnew = false,
): { peer: string; note: string | undefined } {
  const { settle, release } = openShareFolder(share, state, { beginsAnew })
  const settled = settle(fingerprint)
  release()
  return settled
}

function copyOf(share: string): string {
  const copy = join(temporaryFolder(), 'copy')
  cpSync(share, copy, { recursive: true, preserveTimestamps: true })
  return copy
}

describe('the peer id of a share', () => {
  test('is made at its first start, noted with the key, and stays', () => {
    const share = shareWith()
    const { peer, note } = start(share, KEY)
    expect(note).toBeUndefined()
    expect(markOf(share)).toBe(`left-peer ${peer} 0123456789abcdef\n`)
    expect(start(share, KEY)).toEqual({ peer, note: undefined })
    expect(readdirSync(join(share, '.left')).sort()).toEqual(['format', 'replica'])
  })

  test.each(['', '\n'])(
    'of the form without a key (ending %j) stays, and gets the key with encryption',
    (end) => {
      const share = shareWith(`left-peer ${PEER}${end}`)
      expect(start(share)).toEqual({ peer: PEER, note: undefined })
      expect(markOf(share)).toBe(`left-peer ${PEER}${end}`)
      expect(start(share, KEY)).toEqual({ peer: PEER, note: undefined })
      expect(markOf(share)).toBe(`left-peer ${PEER} 0123456789abcdef\n`)
    },
  )

  test('is a new one under another key, once, and the person is told', () => {
    const share = shareWith(`left-peer ${PEER} 0123456789abcdef\n`)
    const { peer, note } = start(share, OTHER_KEY)
    expect(peer).not.toBe(PEER)
    expect(note).toMatch(/another key.*new peer id.*nothing needs to be done/)
    expect(markOf(share)).toBe(`left-peer ${peer} f123456789abcdef\n`)
    expect(start(share, OTHER_KEY)).toEqual({ peer, note: undefined })
  })

  test('stays without encryption, and so does the key', () => {
    const mark = `left-peer ${PEER} 0123456789abcdef\n`
    const share = shareWith(mark)
    expect(start(share)).toEqual({ peer: PEER, note: undefined })
    expect(markOf(share)).toBe(mark)
  })

  test('is made anew where lost power left an empty mark, and an unfinished one is no hindrance', () => {
    const share = shareWith('')
    writeFileSync(join(share, '.left', 'replica.new'), 'left-pe')
    const { peer, note } = start(share, KEY)
    expect(note).toBeUndefined()
    expect(start(share, KEY).peer).toBe(peer)
    expect(readdirSync(join(share, '.left')).sort()).toEqual(['format', 'replica'])
  })

  test.each([
    'left-peer aaaaaaaaaaaaaaa\n',
    'left-peer aaaaaaaaaaaaaaaa 0123456789abcde\n',
    'left-peer aaaaaaaaaaaaaaaa 0123456789abcdef0\n',
    'left-peer aaaaaaaaaaaaaaaa 0123456789abcdef 1\n',
    'left-peer AAAAAAAAAAAAAAAA\n',
    'left-pe',
  ])('is not read from a mark that is torn or of another kind: %j is refused and left as it is', (mark) => {
    const share = shareWith(mark)
    expect(() => openShareFolder(share, state)).toThrow(
      expect.objectContaining({ code: 'share-unusable', message: expect.stringContaining('delete it') }),
    )
    expect(markOf(share)).toBe(mark)
    writeFileSync(join(share, '.left', 'replica'), REPLICA)
    expect(start(share, KEY).peer).toBe(PEER)
  })

  test('that cannot be kept is told to nobody, and the old mark stands', () => {
    const mark = `left-peer ${PEER} 0123456789abcdef\n`
    const share = shareWith(mark)
    // For the superuser too, who runs tests in some places: no file can be made under that name.
    mkdirSync(join(share, '.left', 'replica.new'))
    expect(() => start(share, OTHER_KEY)).toThrow(expect.objectContaining({ code: 'share-unusable' }))
    expect(markOf(share)).toBe(mark)
  })

  test('stays where only its key cannot be noted, until that can be', () => {
    const share = shareWith(REPLICA)
    mkdirSync(join(share, '.left', 'replica.new'))
    expect(start(share, KEY)).toEqual({ peer: PEER, note: undefined })
    expect(markOf(share)).toBe(REPLICA)
    rmSync(join(share, '.left', 'replica.new'), { recursive: true })
    start(share, KEY)
    expect(markOf(share)).toBe(`left-peer ${PEER} 0123456789abcdef\n`)
  })
})

describe('a share that was copied on this machine', () => {
  test.each([
    ['with encryption', KEY],
    ['without', undefined],
  ])('takes a new peer id, once, and the original keeps its own: %s', (_, key) => {
    const share = shareWith()
    const { peer } = start(share, key)
    const copy = copyOf(share)
    const own = start(copy, key)
    expect(own.peer).not.toBe(peer)
    expect(own.note).toContain(`a copy of ${share}`)
    expect(start(share, key)).toEqual({ peer, note: undefined })
    expect(start(copy, key)).toEqual({ peer: own.peer, note: undefined })
    const copyOfCopy = start(copyOf(copy), key)
    expect([peer, own.peer]).not.toContain(copyOfCopy.peer)
  })

  test('leaves the id to the one of both that is started first, where neither was on this machine', () => {
    const share = shareWith(REPLICA)
    const copy = copyOf(share)
    expect(start(copy, KEY).peer).toBe(PEER)
    expect(start(share, KEY).peer).not.toBe(PEER)
    expect(start(copy, KEY)).toEqual({ peer: PEER, note: undefined })
  })

  test('keeps its peer id where it was moved, also once another share stands in its old place', () => {
    const share = shareWith()
    const { peer } = start(share, KEY)
    const moved = join(temporaryFolder(), 'moved')
    renameSync(share, moved)
    start(share, KEY, true)
    for (let time = 0; time < 2; time++) expect(start(moved, KEY)).toEqual({ peer, note: undefined })
  })

  test('keeps its peer id where no state folder can be had', () => {
    const share = shareWith()
    const { peer } = start(share, KEY)
    const copy = copyOf(share)
    rmSync(state, { recursive: true })
    writeFileSync(state, 'a file where the folder belongs')
    for (let time = 0; time < 2; time++)
      for (const one of [copy, share]) expect(start(one, KEY)).toEqual({ peer, note: undefined })
  })

  test('takes one new peer id where the state folder can only be read', () => {
    const share = shareWith()
    const { peer } = start(share, KEY)
    const copy = copyOf(share)
    const keptNotes = readdirSync(join(state, 'places'))
    // For the superuser too: folders stand where notes are written.
    const unwritable = (id: string) => mkdirSync(join(state, 'places', `${id}.new`), { recursive: true })
    unwritable(peer)
    const own = start(copy, KEY)
    rmSync(join(state, 'places', own.peer))
    unwritable(own.peer)
    for (let time = 0; time < 2; time++) {
      expect(start(copy, KEY)).toEqual({ peer: own.peer, note: undefined })
      expect(start(share, KEY)).toEqual({ peer, note: undefined })
    }
    expect(readdirSync(join(state, 'places')).filter((name) => !name.endsWith('.new'))).toEqual(keptNotes)
  })
})

describe('a folder that was a share at the last start', () => {
  const REFUSED = expect.objectContaining({
    code: 'share-unusable',
    message: expect.stringMatching(/mounted.*--anew/),
  })

  test.each([
    ['is gone', (share: string) => rmSync(share, { recursive: true })],
    ['is empty', (share: string) => rmSync(join(share, '.left'), { recursive: true })],
    [
      'has something else in it',
      (share: string) => {
        aside(share)
        writeFileSync(join(share, 'README'), 'not mounted')
      },
    ],
  ])('and %s is no share, and nothing is made in it', (_, take) => {
    const share = shareWith()
    start(share, KEY)
    take(share)
    const before = existsSync(share) && readdirSync(share)
    for (let time = 0; time < 2; time++) expect(() => start(share, KEY)).toThrow(REFUSED)
    expect(existsSync(share) && readdirSync(share)).toEqual(before)
  })

  test('and shows another share is refused, and so is that of another machine', () => {
    const share = shareWith()
    start(share, KEY)
    rmSync(share, { recursive: true })
    const other = shareWith()
    start(other, KEY)
    for (const from of [other, shareWith(REPLICA)]) {
      cpSync(from, share, { recursive: true })
      const mark = markOf(share)
      expect(() => start(share, KEY)).toThrow(REFUSED)
      expect(markOf(share)).toBe(mark)
      rmSync(share, { recursive: true })
    }
  })

  test('begins anew where that is meant, once, and goes on so', () => {
    const share = shareWith()
    const { peer } = start(share, KEY)
    const disk = aside(share)
    const anew = start(share, KEY, true)
    expect(anew.peer).not.toBe(peer)
    expect(start(share, KEY)).toEqual({ peer: anew.peer, note: undefined })
    // Both are known there from now on, whichever disk is mounted.
    rmSync(share, { recursive: true })
    renameSync(disk, share)
    expect(start(share, KEY)).toEqual({ peer, note: undefined })
  })

  test('is found through links, and a share in its neighbourhood is none of it', () => {
    const share = shareWith()
    start(share, KEY)
    const link = join(temporaryFolder(), 'link')
    symlinkSync(share, link)
    rmSync(join(share, '.left'), { recursive: true })
    expect(() => start(link, KEY)).toThrow(REFUSED)
    start(`${share}2`, KEY)
    start(join(share, 'below'), KEY)
  })

  test('may have lost its mark with power, or another key', () => {
    const share = shareWith()
    start(share, KEY)
    writeFileSync(join(share, '.left', 'replica'), '')
    start(share, KEY)
    start(share, OTHER_KEY)
    rmSync(join(share, '.left', 'replica'))
    start(share, OTHER_KEY)
  })

  test('is not missed where nothing can be read of it', () => {
    const share = shareWith()
    start(share, KEY)
    rmSync(join(share, '.left'), { recursive: true })
    writeFileSync(join(state, 'places', 'x'), 'left-place 2')
    for (const note of readdirSync(join(state, 'places'))) rmSync(join(state, 'places', note))
    writeFileSync(join(state, 'places', PEER), `left-place 1 ${share}`)
    start(share, KEY)
  })
})

/** Moves a share away, and leaves an empty folder in its place. Answers where the share is. */
function aside(share: string): string {
  const place = join(temporaryFolder(), 'aside')
  renameSync(share, place)
  mkdirSync(share)
  return place
}
