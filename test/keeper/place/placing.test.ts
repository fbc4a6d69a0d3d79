import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { CONFLICT_NAMES_MAX } from '../../../src/keeper/place/limits.js'
import type { Placed } from '../../../src/keeper/place/placing.js'
import { copyOf } from '../../../src/share/decide.js'
import { holds, UNCHOSEN } from '../../../src/share/dots.js'
import { removeContent } from '../../../src/share/edit.js'
import type { Entry } from '../../../src/share/entry.js'
import { conflictPath } from '../../../src/share/path.js'
import {
  dotted,
  OURS,
  ShareOnDisk,
  type ShareOptions,
  START_MS,
  THEIRS,
  theirFile,
  theirFolder,
  theirLink,
} from '../share-on-disk.js'

/** A share that holds these files, scanned some time ago. */
function shareWith(files: Readonly<Record<string, string>>, options: ShareOptions = {}): ShareOnDisk {
  const share = new ShareOnDisk(options)
  for (const [path, text] of Object.entries(files)) share.disk.putFile(path, utf8(text))
  share.scan()
  share.nowMs += 60_000
  share.changes.length = 0
  return share
}

/** Puts a peer's file in place, its content whole in a temporary file. */
function placeText(share: ShareOnDisk, path: string, text: string, attributes: Partial<Entry> = {}): Placed {
  return share.placing.place(theirFile(path, text, attributes), share.putTemporary(utf8(text)))
}

/** Later than anything that this machine has done. */
const NEWER = { mtimeMs: START_MS + 3_600_000 }
const seenOurs = { version: dotted(`${OURS}:1`, `${THEIRS}:1`) }

describe('the mode of a file of a peer', () => {
  test("is that of this user's new files where nothing was", () => {
    const share = shareWith({})
    const temporary = share.putTemporary(utf8('content'))
    expect(share.placing.place(theirFile('a', 'content'), temporary)).toMatchObject({ type: 'placed' })
    expect(share.disk.stat('a')?.mode).toBe(0o644)
  })

  test.each([
    [0o600, false, 0o600],
    [0o600, true, 0o700],
    [0o664, false, 0o664],
    [0o755, false, 0o644],
  ])('that replaces one of mode %o is as private as that', (before, executable, after) => {
    const share = shareWith({})
    share.disk.putFile('a', utf8('ours'), { mode: before })
    share.scan()
    share.changes.length = 0
    const temporary = share.putTemporary(utf8('theirs'))
    const { access } = share.catalogue.get('a')!
    const remote = theirFile('a', 'theirs', { ...seenOurs, access, executable })
    expect(share.placing.place(remote, temporary)).toMatchObject({ type: 'placed' })
    expect(share.textAt('a')).toBe('theirs')
    expect(share.disk.stat('a')?.mode).toBe(after)
    expect(share.scanned()).toEqual([])
  })

  test('and that of a kept conflict copy are those of the file that was here', () => {
    const share = shareWith({})
    share.disk.putFile('a', utf8('ours'), { mode: 0o600 })
    share.scan()
    const temporary = share.putTemporary(utf8('theirs'))
    const placed = share.placing.place(theirFile('a', 'theirs', NEWER), temporary)
    expect(placed).toMatchObject({ type: 'placed', keptAs: expect.any(String) })
    for (const path of ['a', (placed as { keptAs: string }).keptAs])
      expect(share.disk.stat(path)?.mode).toBe(0o600)
  })

  test('does not matter to a disk that keeps none, and is no edit there', () => {
    const share = shareWith({ a: 'ours' }, { keepsModes: false })
    for (const [path, version] of [
      ['a', seenOurs.version],
      ['b', dotted(`${THEIRS}:1`)],
    ] as const) {
      const temporary = share.putTemporary(utf8('theirs'))
      const remote = theirFile(path, 'theirs', { version, executable: true })
      expect(share.placing.place(remote, temporary)).toMatchObject({ type: 'placed' })
    }
    expect(share.scanned()).toEqual([])
  })
})

describe('a new file of a peer', () => {
  test('arrives with its content, time and executable bit, and is no change of ours', () => {
    const share = shareWith({})
    const remote = theirFile('a', 'content', { executable: true })
    const placed = share.placing.place(remote, share.putTemporary(utf8('content')))
    expect(placed).toEqual({ type: 'placed', entry: remote, keptAs: undefined })
    expect(share.textAt('a')).toBe('content')
    expect(share.disk.stat('a')).toMatchObject({ executable: true, mtimeMs: remote.mtimeMs })
    expect(share.catalogue.get('a')).toEqual(remote)
    expect(share.disk.statLink('.left/tmp/small-1')).toBeUndefined()
    expect(share.scanned()).toEqual([])
  })

  test('has its time, though it was to have another one when it first met something in its place', () => {
    const share = shareWith({})
    const mtimeMs = START_MS - 3_600_000
    const file = { bytes: utf8('theirs'), mtimeMs, sync: false }
    const temporary = { path: '.left/tmp/small-1', looks: share.disk.writeNew('.left/tmp/small-1', file) }
    share.disk.putFile('a', utf8('made here'))
    const touched = theirFile('a', 'theirs', { mtimeMs: mtimeMs + 3_401 })
    expect(share.placing.place(touched, temporary).type).toBe('unsettled')
    share.disk.unharmed((disk) => disk.removeFile('a'))
    const placed = share.placing.place(theirFile('a', 'theirs', { mtimeMs }), temporary)
    expect(placed.type).toBe('placed')
    expect(share.disk.stat('a')?.mtimeMs).toBe(mtimeMs)
  })

  test('has its time, though it was written at one that a coarse disk would keep for it', () => {
    const share = shareWith({})
    const mtimeMs = Math.ceil(share.nowMs / 2_000) * 2_000
    share.nowMs = mtimeMs
    const temporary = share.putTemporary(utf8('theirs'))
    expect(share.placing.place(theirFile('a', 'theirs', { mtimeMs: mtimeMs + 141 }), temporary).type).toBe(
      'placed',
    )
    expect(share.disk.stat('a')?.mtimeMs).toBe(mtimeMs + 141)
  })

  test('does not take the place of a file that nobody has looked at yet', () => {
    const share = shareWith({})
    share.disk.putFile('a', utf8('just made here'))
    expect(placeText(share, 'a', 'theirs', NEWER)).toEqual({ type: 'unsettled' })
    expect(share.textAt('a')).toBe('just made here')
    expect(share.catalogue.get('a')).toBeUndefined()
  })

  test('does not take the place of an edit that nobody has looked at yet', () => {
    const share = shareWith({ a: 'known' })
    share.disk.putFile('a', utf8('edited since'))
    expect(placeText(share, 'a', 'theirs', { ...NEWER, ...seenOurs })).toEqual({ type: 'unsettled' })
    expect(share.textAt('a')).toBe('edited since')
  })

  test('does not take the place of a link, which may lead anywhere', () => {
    const share = shareWith({})
    share.disk.putOutside('outside', utf8('not ours'))
    share.disk.unharmed((disk) => disk.makeLink('a', '../outside'))
    expect(placeText(share, 'a', 'theirs', NEWER)).toEqual({ type: 'unsettled' })
    expect(share.disk.readLink('a')).toBe('../outside')
    expect(share.textAt('a')).toBe('not ours')
  })

  test('does not take the place of an edit that is made while the log is written', () => {
    const share = shareWith({ a: 'known' })
    share.nowMs += 1_000
    const remote = theirFile('a', 'theirs', { ...NEWER, ...seenOurs })
    const plan = share.placing.plan(remote, share.putTemporary(utf8('theirs')))
    if (plan.type !== 'planned') throw new Error(plan.type)
    const prepared = share.placing.prepare(plan)
    if (prepared.type !== 'prepared') throw new Error(prepared.type)
    share.placing.log([prepared])
    share.disk.putFile('a', utf8('edited just now'))
    expect(share.placing.carryOut(prepared)).toEqual({ type: 'unsettled' })
    expect(share.textAt('a')).toBe('edited just now')
    share.scan()
    expect(share.changes.map(({ path, kind }) => ({ path, kind }))).toEqual([{ path: 'a', kind: 'file' }])
    expect(share.journal.placing).toEqual([])
  })

  test('is planned with the folders that are missing on its way, outermost first, and nothing is done yet', () => {
    const share = shareWith({ 'f/known': '1' })
    const remote = theirFile('f/g/h/a', '1')
    const plan = share.placing.plan(remote, share.putTemporary(utf8('1')))
    expect(plan).toMatchObject({ type: 'planned', missingFolders: ['f/g', 'f/g/h'] })
    expect(share.paths).toEqual(['f', 'f/known'])
    expect(share.journal.placing).toEqual([])
  })

  test('makes the folders on its way that nobody has placed since it was planned', () => {
    const share = shareWith({})
    const plan = share.placing.plan(theirFile('f/g/a', '1'), share.putTemporary(utf8('1')))
    if (plan.type !== 'planned') throw new Error(plan.type)
    expect(share.placing.place(theirFolder('f'), undefined).type).toBe('placed')
    const prepared = share.placing.prepare(plan)
    if (prepared.type !== 'prepared') throw new Error(prepared.type)
    expect(share.placing.finish(prepared).type).toBe('placed')
    expect(share.textAt('f/g/a')).toBe('1')
    expect(share.catalogue.get('f')?.version).toEqual(dotted(`${THEIRS}:1`))
    const { content, attributes } = share.catalogue.get('f/g')!.version
    expect([content, attributes]).toEqual([`${OURS}:1`, UNCHOSEN])
  })

  test('follows a folder that took the place of a file since it was planned', () => {
    const share = shareWith({ f: 'a file' })
    const plan = share.placing.plan(theirFile('f/a', '1'), share.putTemporary(utf8('1')))
    if (plan.type !== 'planned') throw new Error(plan.type)
    expect(plan.missingFolders).toEqual(['f'])
    expect(share.placing.place({ ...theirFolder('f'), ...seenOurs }, undefined).type).toBe('placed')
    expect(share.placing.prepare(plan).type).toBe('prepared')
  })

  test('is not put behind a link', () => {
    const share = shareWith({ 'folder/file': '1' })
    share.disk.unharmed((disk) => disk.makeLink('link', 'folder'))
    share.scan()
    expect(placeText(share, 'link/a', 'theirs')).toMatchObject({
      type: 'failed',
      noSpace: false,
      reason: expect.stringContaining('behind a link'),
    })
    expect(share.paths).toEqual(['folder', 'folder/file', 'link'])
  })

  test('is not put below a file, whose place a folder may take soon', () => {
    const share = shareWith({ f: 'a file' })
    expect(placeText(share, 'f/a', 'theirs')).toEqual({ type: 'unsettled' })
    expect(share.textAt('f')).toBe('a file')
  })

  test('waits for room where the disk is full', () => {
    const share = shareWith({})
    const temporary = share.putTemporary(utf8('1'))
    share.disk.failNext('no-space', 'linkFile')
    expect(share.placing.place(theirFile('a', '1'), temporary)).toMatchObject({
      type: 'failed',
      noSpace: true,
    })
    expect(share.textAt(temporary.path)).toBe('1')
    expect(share.placing.place(theirFile('a', '1'), temporary).type).toBe('placed')
  })
})

describe('a newer version of a file', () => {
  test('takes the place of the one that it has seen', () => {
    const share = shareWith({ a: 'old' })
    expect(placeText(share, 'a', 'new', seenOurs)).toMatchObject({ type: 'placed', keptAs: undefined })
    expect(share.textAt('a')).toBe('new')
    expect(share.paths).toEqual(['a'])
    expect(share.scanned()).toEqual([])
  })

  test('that ours has seen is needless', () => {
    const share = shareWith({ a: 'old' })
    placeText(share, 'a', 'theirs', seenOurs)
    share.disk.putFile('a', utf8('ours on top'))
    share.scan()
    expect(placeText(share, 'a', 'theirs', seenOurs)).toEqual({ type: 'needless' })
    expect(share.textAt('a')).toBe('ours on top')
  })

  test('with the content that is here already only brings its time and version', () => {
    const share = shareWith({ a: 'same' })
    const remote = theirFile('a', 'same', { ...seenOurs, executable: true })
    expect(share.placing.place(remote, undefined)).toEqual({ type: 'needless' })
    expect(share.catalogue.get('a')).toEqual(remote)
    expect(share.disk.stat('a')).toMatchObject({ mtimeMs: remote.mtimeMs, executable: true })
    expect(share.scanned()).toEqual([])
  })
})

describe('two edits that have not seen each other', () => {
  test('the newer one of the peer stands in the place, ours is kept beside it as a file of our own', () => {
    const share = shareWith({ 'a.txt': 'ours' })
    const placed = placeText(share, 'a.txt', 'theirs', NEWER)
    if (placed.type !== 'placed' || placed.keptAs === undefined) throw new Error('nothing was kept')
    expect(share.textAt('a.txt')).toBe('theirs')
    expect(placed.keptAs).toMatch(/^a\.conflict-20231114-.*\.txt$/)
    expect(share.textAt(placed.keptAs)).toBe('ours')
    expect(share.catalogue.get('a.txt')!.version).toEqual(dotted(`${OURS}:1`, `${THEIRS}:1`))
    expect(share.catalogue.get(placed.keptAs)).toMatchObject({ kind: 'file', version: dotted(`${OURS}:1`) })
    expect(share.scanned()).toEqual([])
  })

  test('ours is kept once, where it is kept under that name already', () => {
    const share = shareWith({ a: 'ours' })
    const kept = conflictPath(share.catalogue.get('a')!)
    share.disk.putFile(kept, utf8('ours'))
    share.scan()
    expect(placeText(share, 'a', 'theirs', NEWER)).toMatchObject({ type: 'placed', keptAs: kept })
    expect(share.paths).toEqual(['a', kept])
  })

  test.each([
    ['and known', true],
    ['and has not been seen yet', false],
  ])('ours is kept under another name where something else stands under the first %s', (_, isKnown) => {
    const share = shareWith({ 'a.txt': 'ours' })
    const ours = share.catalogue.get('a.txt')!
    share.disk.putFile(conflictPath(ours), utf8('what somebody wrote into the copy'))
    if (isKnown) share.scan()
    expect(placeText(share, 'a.txt', 'theirs', NEWER)).toMatchObject({
      type: 'placed',
      keptAs: conflictPath(ours, 2),
    })
    expect(share.textAt('a.txt')).toBe('theirs')
    expect(share.textAt(conflictPath(ours))).toBe('what somebody wrote into the copy')
    expect(share.textAt(conflictPath(ours, 2))).toBe('ours')
  })

  test.each([
    [CONFLICT_NAMES_MAX - 1, 'is kept under the last one'],
    [CONFLICT_NAMES_MAX, 'is not replaced'],
  ])('ours, where something else stands under the first %i names, %s', (takenCount) => {
    const share = shareWith({ a: 'ours' })
    const ours = share.catalogue.get('a')!
    for (let choice = 1; choice <= takenCount; choice++)
      share.disk.putFile(conflictPath(ours, choice), utf8(`${choice}`))
    const placed = placeText(share, 'a', 'theirs', NEWER)
    const last = conflictPath(ours, CONFLICT_NAMES_MAX)
    if (takenCount < CONFLICT_NAMES_MAX) {
      expect(placed).toMatchObject({ type: 'placed', keptAs: last })
      expect(share.textAt(last)).toBe('ours')
      expect(share.textAt('a')).toBe('theirs')
      return
    }
    expect(placed).toMatchObject({ type: 'failed', noSpace: false })
    expect((placed as { reason: string }).reason).toContain(
      'no name is left for the loser of a conflict at a',
    )
    expect(share.textAt('a')).toBe('ours')
    expect(share.textAt(last)).toBe(`${CONFLICT_NAMES_MAX}`)
    expect(share.disk.statLink(conflictPath(ours, CONFLICT_NAMES_MAX + 1))).toBeUndefined()
    // Nothing is left in the log that a restart would take for something half done.
    expect(share.journal.placing).toEqual([])
  })

  test('the older one of the peer is not taken, and nothing of ours is touched', () => {
    const share = shareWith({ a: 'ours' })
    expect(placeText(share, 'a', 'theirs', { mtimeMs: 0 })).toEqual({ type: 'beaten' })
    expect(share.textAt('a')).toBe('ours')
    expect(share.paths).toEqual(['a'])
  })

  test('a file and a link: the file that loses is kept', () => {
    const share = shareWith({ a: 'ours' }, { links: 'keep' })
    const placed = share.placing.place({ ...theirLink('a', 'elsewhere'), ...NEWER }, undefined)
    if (placed.type !== 'placed') throw new Error(placed.type)
    expect(share.disk.readLink('a')).toBe('elsewhere')
    expect(share.textAt(placed.keptAs!)).toBe('ours')
  })
})

describe('the copy that keeps the loser of a conflict', () => {
  const CAROL = 'c'.repeat(16)
  const lost = theirFile('a.txt', 'lost', {
    version: { content: `${CAROL}:4`, attributes: `${CAROL}:5`, seen: `${CAROL}:5,${'d'.repeat(16)}:9` },
    executable: true,
  })
  const copyPath = conflictPath(lost)
  const winner = theirFile('a.txt', 'theirs', NEWER)

  /** A share that has received the file that is going to lose. */
  function shareWithLoser(): ShareOnDisk {
    const share = shareWith({})
    expect(share.placing.place(lost, share.putTemporary(utf8('lost')))).toMatchObject({ type: 'placed' })
    return share
  }

  const takeWinner = (share: ShareOnDisk) => share.placing.place(winner, share.putTemporary(utf8('theirs')))

  test('has the dots of the loser, and has seen nothing else', () => {
    const share = shareWithLoser()
    expect(takeWinner(share)).toMatchObject({ type: 'placed', keptAs: copyPath })
    expect(share.catalogue.get(copyPath)).toEqual({
      ...lost,
      path: copyPath,
      version: { content: `${CAROL}:4`, attributes: `${CAROL}:5`, seen: `${CAROL}:5` },
    })
    expect(share.scanned()).toEqual([])
  })

  test('is one entry, whoever made it', () => {
    const [here, there] = [shareWithLoser(), shareWithLoser()]
    there.nowMs += 60_000
    for (const share of [here, there]) takeWinner(share)
    expect(there.catalogue.manifest.root()).toEqual(here.catalogue.manifest.root())
    const theirs = there.catalogue.get(copyPath)!
    expect(here.placing.decide(theirs)).toEqual({ type: 'keep', wins: false })
  })

  test('is kept once where it came from a peer before', () => {
    const share = shareWithLoser()
    const copy = copyOf(lost)
    share.placing.place(copy, share.putTemporary(utf8('lost')))
    expect(takeWinner(share)).toMatchObject({ type: 'placed', keptAs: copyPath })
    expect(share.paths).toEqual([copyPath, 'a.txt'])
    expect(share.catalogue.get(copyPath)).toEqual(copy)
  })

  test('does not come back where somebody who had seen it deleted it', () => {
    const share = shareWithLoser()
    const deleted = removeContent(copyOf(lost), `${'d'.repeat(16)}:10`, START_MS).entry
    share.catalogue.record(deleted, undefined)
    expect(takeWinner(share)).toEqual({ type: 'placed', entry: expect.anything(), keptAs: undefined })
    expect(share.paths).toEqual(['a.txt'])
    expect(share.textAt('a.txt')).toBe('theirs')
    expect(share.catalogue.get(copyPath)).toEqual(deleted)
    expect(share.scanned()).toEqual([])
  })

  test('comes back over the deletion of something else that stood there', () => {
    const share = shareWithLoser()
    const other = theirFile(copyPath, 'other', { version: dotted(`${THEIRS}:7`) })
    share.catalogue.record(removeContent(other, `${THEIRS}:8`, START_MS).entry, undefined)
    expect(takeWinner(share)).toMatchObject({ type: 'placed', keptAs: copyPath })
    expect(share.textAt(copyPath)).toBe('lost')
  })

  test.each([
    ["the loser's author, whose vector holds the dot by another edit", `${CAROL}:6`],
    ['somebody else', `${THEIRS}:6`],
  ])('is not what another content under its name is, by %s', (_, dot) => {
    const share = shareWithLoser()
    const other = theirFile(copyPath, 'other', { version: dotted(dot) })
    share.placing.place(other, share.putTemporary(utf8('other')))
    expect(takeWinner(share)).toMatchObject({ type: 'placed', keptAs: conflictPath(lost, 2) })
    expect(share.textAt(copyPath)).toBe('other')
    expect(share.textAt(conflictPath(lost, 2))).toBe('lost')
    expect(share.catalogue.get(copyPath)).toEqual(other)
  })

  test('of a copy is another copy of the same original', () => {
    const share = shareWithLoser()
    takeWinner(share)
    const other = theirFile(copyPath, 'other', { version: dotted(`${THEIRS}:6`), ...NEWER })
    const placed = share.placing.place(other, share.putTemporary(utf8('other')))
    // Named by the same content and time: its first name is the one that it just lost.
    expect(placed).toMatchObject({ type: 'placed', keptAs: conflictPath(lost, 2) })
    expect(share.paths.map((path) => share.textAt(path)).sort()).toEqual(['lost', 'other', 'theirs'])
  })
})

describe('folders, links and what stands in their place', () => {
  test('a folder is made, also where it stands already', () => {
    const share = shareWith({})
    expect(share.placing.place(theirFolder('f'), undefined).type).toBe('placed')
    expect(share.disk.stat('f')!.kind).toBe('folder')
    expect(share.placing.place({ ...theirFolder('f'), version: dotted(`${THEIRS}:2`) }, undefined).type).toBe(
      'needless',
    )
    expect(share.scanned()).toEqual([])
  })

  test('a folder takes the place of the file that its maker replaced', () => {
    const share = shareWith({ f: 'a file' })
    expect(share.placing.place({ ...theirFolder('f'), ...seenOurs }, undefined).type).toBe('placed')
    expect(share.disk.stat('f')!.kind).toBe('folder')
    expect(share.scanned()).toEqual([])
  })

  test('a folder wins over a file that it has not seen, and the file is kept', () => {
    const share = shareWith({ f: 'a file' })
    const placed = share.placing.place(theirFolder('f'), undefined)
    if (placed.type !== 'placed') throw new Error(placed.type)
    expect(share.disk.stat('f')!.kind).toBe('folder')
    expect(share.textAt(placed.keptAs!)).toBe('a file')
  })

  describe('on a machine that only receives, of a file that was made there', () => {
    function shareWithLocal(): ShareOnDisk {
      const share = shareWith({ f: 'made here' }, { direction: 'receive-only' })
      expect([...share.scanner.locals.paths()]).toEqual(['f'])
      return share
    }

    test('a folder that the disk refuses leaves a free path, which nobody has deleted', () => {
      const share = shareWithLocal()
      share.disk.faults.refusePath('f')
      expect(share.placing.place(theirFolder('f'), undefined).type).toBe('failed')
      expect(share.disk.unharmed((disk) => disk.statLink('f'))).toBeUndefined()
      expect([...share.scanner.locals.paths()]).toEqual([])
      share.disk.faults.refusePath('f', false)
      share.scan()
      expect([...share.catalogue.stoppedPaths.missing]).toEqual([])
      expect(share.placing.place(theirFolder('f'), undefined).type).toBe('placed')
      expect([...share.scanner.locals.paths()]).toEqual([])
    })

    test('a folder on the way takes the path where a person has just removed the file', () => {
      const share = shareWithLocal()
      share.disk.unharmed((disk) => disk.removeFile('f'))
      expect(placeText(share, 'f/a', 'theirs').type).toBe('placed')
      expect([...share.scanner.locals.paths()]).toEqual([])
    })
  })

  test('a folder on the way waits until the removal of the file in its place is recorded', () => {
    const share = shareWith({ f: 'ours' })
    share.disk.unharmed((disk) => disk.removeFile('f'))
    const removed = share.catalogue.get('f')!
    expect(placeText(share, 'f/a', 'theirs').type).toBe('unsettled')
    share.changes.length = 0
    share.pass(30_000)
    expect(share.changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['tombstone f'])
    expect(placeText(share, 'f/a', 'theirs').type).toBe('placed')
    expect(holds(share.catalogue.get('f')!.version.seen, removed.version.content)).toBe(true)
  })

  test('a file takes the place of an empty folder that its maker replaced', () => {
    const share = shareWith({ 'f/a': '1' })
    share.disk.unharmed((disk) => disk.removeFile('f/a'))
    share.scan()
    expect(placeText(share, 'f', 'a file', { version: dotted(`${OURS}:1`, `${THEIRS}:1`) }).type).toBe(
      'placed',
    )
    expect(share.textAt('f')).toBe('a file')
  })

  test('a file does not take the place of a folder with content', () => {
    const share = shareWith({ 'f/a': '1' })
    expect(placeText(share, 'f', 'a file', { version: dotted(`${OURS}:1`, `${THEIRS}:1`) })).toEqual({
      type: 'beaten',
    })
    expect(share.textAt('f/a')).toBe('1')
  })

  test('a file does not take the place of a folder with content that nobody has looked at', () => {
    const share = shareWith({})
    share.disk.unharmed((disk) => disk.makeFolder('f'))
    share.scan()
    share.disk.putFile('f/new', utf8('1'))
    expect(placeText(share, 'f', 'a file', { version: dotted(`${OURS}:1`, `${THEIRS}:1`) }).type).toBe(
      'failed',
    )
    expect(share.textAt('f/new')).toBe('1')
  })

  test.each([
    ['a folder that has not seen it', theirFolder('f'), 'a file'],
    ['a folder that has seen it', { ...theirFolder('f'), ...seenOurs }, 'a file'],
    ['a link that has seen it', { ...theirLink('f', 'x'), ...seenOurs }, undefined],
  ])('what makes room for %s is no deletion where the disk refuses that', (_, remote, text) => {
    const share = shareWith(text === undefined ? {} : { f: text }, { links: 'keep' })
    if (text === undefined) share.disk.unharmed((disk) => disk.makeFolder('f'))
    share.scan()
    share.catalogue.commit()
    share.disk.faults.refusePath('f')
    expect(share.placing.place(remote, undefined).type).toBe('failed')
    const expectNotHeld = () => {
      expect(share.scanned()).toEqual([])
      expect([share.catalogue.get('f')?.kind, share.catalogue.isHeld('f')]).toEqual([remote.kind, false])
    }
    expectNotHeld()
    share.restart()
    expectNotHeld()
    share.disk.faults.refusePath('f', false)
    expect(share.placing.place(remote, undefined).type).toBe('placed')
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.live('f')?.kind).toBe(remote.kind)
  })

  test('a kept link is made, replaced, and replaces a file that it has seen', () => {
    const share = shareWith({ a: '1' }, { links: 'keep' })
    expect(share.placing.place(theirLink('l', 'x y'), undefined).type).toBe('placed')
    expect(
      share.placing.place({ ...theirLink('l', 'z'), version: dotted(`${THEIRS}:2`) }, undefined).type,
    ).toBe('placed')
    expect(share.placing.place({ ...theirLink('a', 'l'), ...seenOurs }, undefined).type).toBe('placed')
    expect(share.disk.readLink('l')).toBe('z')
    expect(share.disk.readLink('a')).toBe('l')
    expect(share.scanned()).toEqual([])
  })
})

describe('what is here already', () => {
  test('is not taken for what a peer knows of it while it cannot be looked at', () => {
    const share = shareWith({ 'f/a': 'same' })
    const known = share.catalogue.get('f/a')!
    const remote = theirFile('f/a', 'same', { ...NEWER, ...seenOurs })
    share.disk.failNext('denied', 'statLink')
    expect(share.placing.adopt(remote)).toBe(false)
    expect(share.catalogue.get('f/a')).toMatchObject({ version: known.version })
    expect(share.placing.adopt(remote)).toBe(true)
    expect(share.catalogue.get('f/a')).toEqual(remote)
  })
})

describe('another time of what is here', () => {
  test('is not set on what somebody writes while the file is brought onto the disk', () => {
    const share = shareWith({ a: 'ours' })
    const known = share.catalogue.get('a')!
    const remote = theirFile('a', 'ours', { ...NEWER, ...seenOurs })
    const sync = share.disk.sync.bind(share.disk)
    share.disk.sync = (handle) => {
      sync(handle)
      share.nowMs += 1_000
      share.disk.putFile('a', utf8('edit'))
    }
    expect(share.placing.adopt(remote)).toBe(false)
    expect(share.catalogue.get('a')).toEqual(known)
    expect(share.scanned()).toEqual(['file a'])
    expect(share.textAt('a')).toBe('edit')
  })
})

describe('what a peer deleted', () => {
  test('is not deleted here yet', () => {
    const share = shareWith({ a: 'ours' })
    const deletion: Entry = {
      ...theirFile('a', ''),
      kind: 'tombstone',
      sizeBytes: 0,
      digest: '',
      ...seenOurs,
    }
    expect(share.placing.place(deletion, undefined)).toEqual({ type: 'needless' })
    expect(share.textAt('a')).toBe('ours')
  })

  test('and what we deleted does not come back by itself', () => {
    const share = shareWith({})
    placeText(share, 'a', 'theirs')
    share.disk.unharmed((disk) => disk.removeFile('a'))
    expect(share.scanned()).toEqual(['tombstone a'])
    expect(placeText(share, 'a', 'theirs')).toEqual({ type: 'needless' })
    expect(share.paths).toEqual([])
  })

  test('comes back with an edit that has not seen the deletion', () => {
    const share = shareWith({})
    placeText(share, 'a', 'theirs')
    share.disk.unharmed((disk) => disk.removeFile('a'))
    share.scan()
    expect(placeText(share, 'a', 'edited', { version: dotted(`${THEIRS}:2`) }).type).toBe('placed')
    expect(share.textAt('a')).toBe('edited')
  })
})
