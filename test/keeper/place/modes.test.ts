// Who may read what a peer sends: never more than the peer says, at no moment, and as much of it as the umask allows.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { holds } from '../../../src/share/dots.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Access, Entry } from '../../../src/share/entry.js'
import { SimulatedDeath } from '../../../src/sim/disk/disk.js'
import {
  dotted,
  OURS,
  ShareOnDisk,
  type ShareOptions,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
} from '../share-on-disk.js'

const modeAt = (share: ShareOnDisk, path: string) => share.disk.stat(path)?.mode
const folderOf = (access: Access): Entry => ({ ...theirFolder('f'), access })

function shareWith(modes: Readonly<Record<string, number>>, options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk(options)
  for (const [path, mode] of Object.entries(modes)) share.disk.putFile(path, utf8(path), { mode })
  share.scan()
  share.nowMs += 60_000
  share.changes.length = 0
  return share
}

function place(share: ShareOnDisk, entry: Entry, text = ''): void {
  const temporary = entry.kind === 'file' ? share.putTemporary(utf8(text)) : undefined
  expect(share.placing.place(entry, temporary)).toMatchObject({ type: 'placed' })
}

/** The entry of ours at the path with another mode by the peer, who has seen it. */
function changed(share: ShareOnDisk, path: string, access: Access): Entry {
  const entry = share.catalogue.get(path)!
  const { content, seen } = entry.version
  const dot = `${THEIRS}:9`
  return { ...entry, access, version: { content, attributes: dot, seen: `${seen},${dot}` } }
}

describe('a new file or folder', () => {
  test.each([
    ['owner', 0o022, 0o600, 0o700],
    ['group', 0o022, 0o640, 0o750],
    ['all', 0o022, 0o644, 0o755],
    ['none', 0o022, 0o644, 0o755],
    ['all', 0o002, 0o664, 0o775],
    ['group', 0o002, 0o660, 0o770],
    ['all', 0o027, 0o640, 0o750],
    ['group', 0o027, 0o640, 0o750],
    ['all', 0o077, 0o600, 0o700],
  ] as const)('for %s with a umask of %o has mode %o, %o', (access, umask, file, folder) => {
    const share = shareWith({}, { umask })
    place(share, folderOf(access))
    place(share, theirFile('f/a', '1', { access }), '1')
    place(share, theirFile('f/run', '2', { access, executable: true }), '2')
    expect(modeAt(share, 'f')).toBe(folder)
    expect(modeAt(share, 'f/a')).toBe(file)
    expect(modeAt(share, 'f/run')).toBe(file | ((file & 0o444) >> 2))
    expect(share.scanned()).toEqual([])
  })

  test('is not as open as one that a kill left beside the share', () => {
    const share = shareWith({})
    share.disk.unharmed((disk) => disk.makeFolder('.left/tmp/folder'))
    share.disk.failNext('denied', 'setMode')
    place(share, folderOf('owner'))
    expect(modeAt(share, 'f')).toBe(0o700)
  })

  test('leaves nothing beside the share where it cannot be put in its place', () => {
    const share = shareWith({})
    share.disk.failNext('io', 'rename')
    expect(share.placing.place(folderOf('all'), undefined)).toMatchObject({ type: 'failed' })
    expect(share.disk.list('.left/tmp').names).toEqual([])
    expect(modeAt(share, 'f')).toBeUndefined()
  })

  test('is as private when a folder is made on the way of a file, until it is told', () => {
    const share = shareWith({})
    place(share, theirFile('f/a', '1'), '1')
    expect(modeAt(share, 'f')).toBe(0o700)
    expect(share.catalogue.get('f')).toMatchObject({ kind: 'folder', access: 'owner' })
    expect(share.scanned()).toEqual([])
    expect(share.placing.adopt(changed(share, 'f', 'all'))).toBe(true)
    expect(modeAt(share, 'f')).toBe(0o755)
    expect(share.scanned()).toEqual([])
  })

  test('a folder on the way, over one that was deleted, is private, and the deletion stands', () => {
    const share = shareWith({})
    const deleted = removeContent(folderOf('all'), `${OURS}:1`, 0).entry
    share.catalogue.record(deleted, undefined)
    place(share, theirFile('f/a', '1'), '1')
    expect(modeAt(share, 'f')).toBe(0o700)
    expect(share.catalogue.get('f')).toEqual(deleted)
    expect(share.catalogue.isRemaining('f')).toBe(true)
    expect(share.scanned()).toEqual([])
  })

  test.each(['owner', 'group', 'all'] as const)(
    'a folder on the way leaves the mode that somebody chose, %s, on every peer',
    (access) => {
      const share = shareWith({})
      const chosen = folderOf(access)
      place(share, theirFile('f/a', '1'), '1')
      const onTheWay = share.catalogue.get('f')!
      const source = shareWith({})
      place(source, chosen)
      const before = modeAt(source, 'f')
      for (const [one, entry] of [
        [source, onTheWay],
        [share, chosen],
      ] as const) {
        const decision = one.placing.decide(entry)
        if (decision.type !== 'adopt') throw new Error(decision.type)
        expect(one.placing.adopt(decision.entry)).toBe(true)
      }
      expect(share.catalogue.get('f')).toEqual(source.catalogue.get('f'))
      expect([modeAt(share, 'f'), modeAt(source, 'f')]).toEqual([before, before])
    },
  )

  test('a folder on the way does not replace what is known at its path and not held', () => {
    const share = shareWith({})
    const file = theirFile('f', 'known')
    share.catalogue.recordNotHeld(file)
    place(share, theirFile('f/a', '1'), '1')
    const { seen } = share.catalogue.get('f')!.version
    expect(holds(seen, file.version.content)).toBe(false)
  })
})

test('a folder of which format 1 did not tell is not opened', () => {
  for (const [dot, mode] of [
    ['00000000aaaaaaaa:1', 0o700],
    [`${THEIRS}:1`, 0o750],
  ] as const) {
    const share = shareWith({ 'f/a': 0o644 })
    share.disk.chmod('f', 0o700)
    share.scan()
    const untold = { ...folderOf('none'), version: dotted(dot) }
    share.catalogue.record(untold, undefined, share.catalogue.mode('f'))
    expect(share.placing.adopt(changed(share, 'f', 'group'))).toBe(true)
    expect(modeAt(share, 'f')).toBe(mode)
    expect(share.catalogue.get('f')?.access).toBe('group')
    share.changes.length = 0
    expect(share.scanned()).toEqual([])
  }
})

describe('a version that replaces one', () => {
  const seenOurs = { version: dotted(`${OURS}:1`, `${THEIRS}:1`) }

  test.each([
    [0o664, 'all', 0o664],
    [0o664, 'group', 0o660],
    [0o664, 'owner', 0o600],
    [0o600, 'all', 0o644],
    [0o600, 'group', 0o640],
    [0o600, 'owner', 0o600],
    [0o600, 'none', 0o600],
    [0o660, 'all', 0o664],
  ] as const)('of mode %o, for %s, has mode %o', (before, access, after) => {
    const share = shareWith({ a: before })
    place(share, theirFile('a', 'theirs', { ...seenOurs, access }), 'theirs')
    expect(modeAt(share, 'a')).toBe(after)
    expect(share.scanned()).toEqual([])
  })

  /** A followed link to a file of its user alone, which a peer opened and LEFT left as it was. */
  function shareWithOpenedLink(access: Access, umask: number): ShareOnDisk {
    const share = new ShareOnDisk({ umask })
    share.disk.putOutside('outside', utf8('1'))
    share.disk.unharmed((disk) => disk.makeLink('a', '/outside'))
    share.disk.chmod('a', 0o600)
    share.scan()
    expect(share.placing.adopt(changed(share, 'a', access))).toBe(true)
    expect(modeAt(share, 'a')).toBe(0o600)
    share.catalogue.commit()
    return share
  }

  const seenOpening = dotted(`${OURS}:1`, `${THEIRS}:9`)

  test.each([
    ['all', 0o022, 0o644],
    ['all', 0o027, 0o640],
    ['group', 0o022, 0o640],
  ] as const)(
    'of a link is for %s by its entry, whoever may read what the link leads to',
    (access, umask, mode) => {
      for (const isKilled of [false, true]) {
        const share = shareWithOpenedLink(access, umask)
        place(share, theirFile('a', 'theirs', { access, version: seenOpening }), 'theirs')
        expect(modeAt(share, 'a')).toBe(mode)
        if (isKilled) share.restart()
        share.scan()
        expect(share.catalogue.get('a')).toMatchObject({ access, version: seenOpening })
      }
    },
  )

  test('of a link, of which nothing is told, is as private as what the link leads to', () => {
    const share = shareWithOpenedLink('none', 0o022)
    place(share, theirFile('a', 'theirs', { access: 'none', version: seenOpening }), 'theirs')
    expect(modeAt(share, 'a')).toBe(0o600)
  })

  test('is as private as the more private one where neither has seen the other, and so is the copy', () => {
    const share = shareWith({ a: 0o600 })
    place(share, theirFile('a', 'theirs', { mtimeMs: share.nowMs + 1 }), 'theirs')
    const copy = share.paths.find((path) => path !== 'a')!
    expect([modeAt(share, 'a'), modeAt(share, copy)]).toEqual([0o600, 0o600])
    expect(share.scanned()).toEqual([])
  })
})

describe('another mode of what is here', () => {
  test.each([
    [0o664, 'owner', 0o600],
    [0o664, 'group', 0o660],
    [0o600, 'all', 0o644],
    [0o640, 'all', 0o644],
    [0o640, 'owner', 0o600],
    [0o640, 'none', 0o640],
  ] as const)('of mode %o, for %s, makes it %o, and is no edit of ours', (before, access, after) => {
    const share = shareWith({ a: before })
    expect(share.placing.adopt(changed(share, 'a', access))).toBe(true)
    expect(modeAt(share, 'a')).toBe(after)
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')?.access).toBe(access)
  })

  test.each([
    [0o755, 'owner', 0o700],
    [0o775, 'group', 0o770],
    [0o700, 'all', 0o755],
  ] as const)('of a folder of mode %o, for %s, makes it %o', (before, access, after) => {
    const share = shareWith({ 'f/a': 0o644 })
    share.disk.chmod('f', before)
    share.scan()
    share.changes.length = 0
    expect(share.placing.adopt(changed(share, 'f', access))).toBe(true)
    expect(modeAt(share, 'f')).toBe(after)
    expect(share.scanned()).toEqual([])
  })

  test('waits for the look at a chmod of ours', () => {
    const share = shareWith({ 'f/a': 0o644 })
    const file = changed(share, 'f/a', 'group')
    const folder = changed(share, 'f', 'group')
    share.disk.chmod('f/a', 0o600)
    share.disk.chmod('f', 0o700)
    expect([share.placing.adopt(file), share.placing.adopt(folder)]).toEqual([false, false])
    expect([modeAt(share, 'f/a'), modeAt(share, 'f')]).toEqual([0o600, 0o700])
  })

  test.each(['denied', 'io'] as const)('that cannot be set (%s) is no edit and blocks nothing', (code) => {
    const share = shareWith({ a: 0o644 })
    const mtimeMs = share.nowMs - 3_600_000
    const entry = changed(share, 'a', 'owner')
    const touched = { mtimeMs, content: entry.version.content }
    share.disk.failNext(code, 'setMode')
    expect(share.placing.adopt({ ...entry, touched })).toBe(true)
    expect(share.disk.stat('a')).toMatchObject({ mode: 0o644, mtimeMs })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')?.access).toBe('owner')
  })
})

/** Modes that are wider than what the peer says of the private file and the folder, in the share and beside it. */
function tooWide(share: ShareOnDisk): string[] {
  return [...share.disk.snapshot()]
    .filter(([path, { kind, mode }]) => kind !== 'link' && path !== 'f/public' && (mode & 0o077) !== 0)
    .map(([path, { mode }]) => `${path} ${mode.toString(8)}`)
}

describe('what a peer tells of a file that is not looked at', () => {
  /** The attributes of ours by the peer, who has seen them. */
  const told = (share: ShareOnDisk, attributes: Partial<Entry>): Entry => ({
    ...changed(share, 'a', share.catalogue.get('a')!.access),
    ...attributes,
  })

  function adopt(share: ShareOnDisk, attributes: Partial<Entry>): void {
    expect(share.placing.adopt(told(share, attributes))).toBe(true)
    expect(share.catalogue.get('a')).toMatchObject(attributes)
  }

  function remove(share: ShareOnDisk): void {
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.catalogue.stopDeletion('a')
  }

  /** A share in which this was adopted while the deletion of the file, of mode `before`, was held; started anew since. */
  function missing(before: number, attributes: Partial<Entry>, options: ShareOptions = {}): ShareOnDisk {
    const share = shareWith({ a: before }, options)
    remove(share)
    adopt(share, attributes)
    share.catalogue.commit()
    share.restart()
    expect(share.catalogue.isMissing('a')).toBe(true)
    return share
  }

  const TOUCH = { touched: { mtimeMs: START_MS, content: `${OURS}:1` } } as const

  test.each([
    ['a touch', 0o600, TOUCH, ['owner', 'group', 'all']],
    ['an executable bit', 0o600, { executable: true }, ['owner', 'group', 'all']],
    ['a mode for all', 0o600, { access: 'all' }, ['owner', 'group', 'all']],
    ['a mode for its owner', 0o644, { access: 'owner' }, ['owner', 'owner', 'owner']],
  ] as const)(
    '%s: who makes the deleted file anew opens it, but not what a peer closed',
    (_, before, attributes, accesses) => {
      for (const [index, mode] of [0o600, 0o640, 0o644].entries()) {
        const share = missing(before, attributes)
        share.disk.putFile('a', utf8('anew'), { mode })
        expect(share.scanned()).toEqual(['file a'])
        expect(share.catalogue.get('a')).toMatchObject({ access: accesses[index], executable: false })
        expect(modeAt(share, 'a')).toBe({ owner: 0o600, group: 0o640, all: 0o644 }[accesses[index]!])
        expect(share.scanned()).toEqual([])
      }
    },
  )

  test('a mode for its owner: the deleted file that is put back as it was opens nothing', () => {
    const share = missing(0o644, { access: 'owner' })
    share.disk.putFile('a', utf8('a'), { mode: 0o644, mtimeMs: START_MS })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'owner' })
    expect(modeAt(share, 'a')).toBe(0o600)
    share.disk.chmod('a', 0o644)
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'all' })
  })

  test('a mode for its owner: the deleted folder that is made anew is closed', () => {
    const share = shareWith({})
    place(share, folderOf('all'))
    share.disk.unharmed((disk) => disk.removeFolder('f'))
    share.catalogue.stopDeletion('f')
    expect(share.placing.adopt(changed(share, 'f', 'owner'))).toBe(true)
    share.disk.unharmed((disk) => disk.makeFolder('f'))
    expect(share.scanned()).toEqual([])
    expect(modeAt(share, 'f')).toBe(0o700)
    expect(share.catalogue.get('f')).toMatchObject({ access: 'owner' })
    expect(share.scanned()).toEqual([])
  })

  test('a mode for its owner: the very content that was known and not held is closed when it comes', () => {
    const share = shareWith({})
    share.catalogue.recordNotHeld(theirFile('a', 'a', { access: 'owner', mtimeMs: START_MS }))
    share.disk.putFile('a', utf8('a'), { mode: 0o644, mtimeMs: START_MS })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'owner' })
    expect(modeAt(share, 'a')).toBe(0o600)
  })

  test('a mode for its owner: one that only sends leaves its file as it is', () => {
    const share = missing(0o644, { access: 'owner' }, { direction: 'send-only' })
    share.disk.putFile('a', utf8('anew'), { mode: 0o644 })
    expect(share.scanned()).toEqual(['file a'])
    expect(modeAt(share, 'a')).toBe(0o644)
  })

  test('a touch: a umask takes nothing from a deleted file that is put back', () => {
    const share = shareWith({}, { umask: 0o077 })
    place(share, theirFile('a', 'a', { mtimeMs: START_MS }), 'a')
    remove(share)
    adopt(share, { touched: undefined })
    share.disk.putFile('a', utf8('a'), { mode: 0o600, mtimeMs: START_MS })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'all' })
  })

  test('a touch: a chmod of a person is an edit when the file is seen again', () => {
    const share = shareWith({ a: 0o644 })
    share.catalogue.setHidden('a', true)
    adopt(share, { executable: false })
    share.disk.chmod('a', 0o600)
    expect(share.scanned()).toEqual(['file a'])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'owner' })
  })

  test('another mode: the one that it had is no edit when the file is seen again', () => {
    const share = shareWith({ a: 0o644 })
    share.catalogue.setHidden('a', true)
    adopt(share, { access: 'owner' })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a')).toMatchObject({ access: 'owner' })
    expect(modeAt(share, 'a')).toBe(0o600)
  })
})

describe('a kill at any moment', () => {
  const entries: readonly [Entry, string][] = [
    [folderOf('owner'), ''],
    [theirFile('f/private', 'private', { access: 'owner' }), 'private'],
    [
      theirFile('old', 'private too', { access: 'owner', version: dotted(`${OURS}:1`, `${THEIRS}:1`) }),
      'private too',
    ],
  ]

  test('leaves nothing wider than its entry, and no edit of a mode', () => {
    let hasDied = true
    for (let count = 1; hasDied; count++)
      for (const moment of ['before', 'after'] as const) {
        hasDied = false
        const share = shareWith({ old: 0o600 })
        share.disk.dieAfterOperations(count, moment)
        try {
          for (const [entry, text] of entries) place(share, entry, text)
          share.catalogue.commit()
        } catch (error) {
          if (!(error instanceof SimulatedDeath)) throw error
          hasDied = true
        }
        expect([count, moment, tooWide(share)]).toEqual([count, moment, []])
        share.restart()
        share.scan()
        expect([count, moment, tooWide(share)]).toEqual([count, moment, []])
        for (const [entry, text] of entries)
          if (share.catalogue.get(entry.path)?.version.attributes !== entry.version.attributes)
            share.placing.place(entry, entry.kind === 'file' ? share.putTemporary(utf8(text)) : undefined)
        expect([count, moment, tooWide(share)]).toEqual([count, moment, []])
      }
  })

  test('makes nothing private for the others', () => {
    const open: readonly [Entry, string][] = [
      [folderOf('all'), ''],
      [theirFile('f/a', '1'), '1'],
    ]
    let hasDied = true
    for (let count = 1; hasDied; count++) {
      hasDied = false
      const share = shareWith({})
      share.disk.dieAfterOperations(count)
      try {
        for (const [entry, text] of open) place(share, entry, text)
        share.catalogue.commit()
      } catch (error) {
        if (!(error instanceof SimulatedDeath)) throw error
        hasDied = true
      }
      share.restart()
      share.changes.length = 0
      share.scan()
      expect([count, share.changes.filter(({ access }) => access !== 'all')]).toEqual([count, []])
    }
  })

  test('leaves a chmod of a person after the placing an edit', () => {
    const share = shareWith({})
    place(share, folderOf('all'))
    place(share, theirFile('f/a', '1'), '1')
    share.disk.chmod('f', 0o700)
    share.disk.chmod('f/a', 0o600)
    share.restart()
    expect(share.scanned()).toEqual(['file f/a', 'folder f'])
    expect(share.changes).toMatchObject([{ access: 'owner' }, { access: 'owner' }])
  })

  test.each([
    ['a new file', theirFile('f', '1', { access: 'none' }), {}],
    [
      'a file that takes the place of another one',
      theirFile('f', '1', { access: 'none', version: dotted(`${OURS}:1`, `${THEIRS}:1`) }),
      { f: 0o644 },
    ],
    ['a folder', folderOf('none'), {}],
  ])('leaves it one where the peer told of no mode: %s', (_, entry, modes) => {
    for (const isChanged of [true, false]) {
      const share = shareWith(modes)
      place(share, entry, '1')
      if (isChanged) share.disk.chmod('f', entry.kind === 'folder' ? 0o750 : 0o640)
      share.restart()
      share.scanned()
      expect(share.changes).toMatchObject(isChanged ? [{ path: 'f', access: 'group' }] : [])
    }
  })

  test.each([
    [
      'a copy beside an original that its person closed',
      { f: 0o600 },
      (share: ShareOnDisk) =>
        place(share, theirFile('f.conflict-20231114-221320-01234567', '1', { access: 'none' }), '1'),
    ],
    [
      'a file that took another path, and was closed when format 1 found it',
      { f: 0o600 },
      (share: ShareOnDisk) => {
        const { catalogue, placing } = share
        const entry: Entry = { ...catalogue.get('f')!, access: 'none' }
        catalogue.record(entry, catalogue.signature('f'))
        catalogue.commit()
        const deletion = removeContent(entry, `${THEIRS}:2`, START_MS, 'g').entry
        const creation = { ...entry, path: 'g', version: dotted(`${THEIRS}:1`) }
        const standing = placing.moving.standingFor(creation, deletion)!
        expect(placing.place(creation, standing)).toMatchObject({ type: 'placed' })
      },
    ],
  ])('makes no edit of the mode where the peer told of none: %s', (_, modes, placeIt) => {
    const share = shareWith(modes)
    share.catalogue.commit()
    placeIt(share)
    share.restart()
    expect(share.notes).toHaveLength(1)
    expect(share.scanned()).toEqual([])
  })
})
