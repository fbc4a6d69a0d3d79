// Ignore rules at the scanner: what they leave out is neither told nor deleted, stays where it is, and is compared as if first met
// when they leave it out no more.

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { SETTLE_MS } from '../../../src/keeper/limits.js'
import { Knowing } from '../../../src/keeper/place/knowing.js'
import { RULES_BYTES_MAX, RULES_TOTAL_BYTES_MAX } from '../../../src/keeper/scan/limits.js'
import { holds } from '../../../src/share/dots.js'
import { digestOfContent, ShareOnDisk, theirFile, theirFolder } from '../share-on-disk.js'

/** A share with these files, of which each has its path as content unless one is given. */
function shareWith(files: Readonly<Record<string, string>>): ShareOnDisk {
  const share = new ShareOnDisk()
  put(share, files)
  return share
}

function put(share: ShareOnDisk, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) share.disk.putFile(path, utf8(content))
}

/** A person saves a file of rules, and it comes to rest. */
function rule(share: ShareOnDisk, file: string, text: string): void {
  share.pass(1_000)
  share.disk.putFile(file, utf8(text))
  share.scanner.hint(file)
  share.pass(10_000)
}

const knowing = ({ disk, catalogue, scanner }: ShareOnDisk) => new Knowing({ disk, catalogue, scanner })
const notHeld = (share: ShareOnDisk) => [...share.catalogue.notHeldPaths()].sort()

describe('a first scan', () => {
  test('tells nothing of what rules leave out, whatever it is, and watches no folder of that', () => {
    const share = shareWith({
      '.leftignore': '*.log\nbuild/\n',
      'a.log': '1',
      'deep/b.log': '2',
      'build/out': '3',
      'deep/build/out': '4',
      keep: '5',
    })
    share.disk.unharmed((disk) => disk.makeLink('c.log', 'nowhere'))
    expect(share.scanned()).toEqual(['file .leftignore', 'file keep', 'folder deep'])
    expect(share.problems).toEqual([])
    expect([...share.watched].sort()).toEqual(['', 'deep'])
    expect(share.catalogue.notHeldCount).toBe(0)
  })

  test('follows rules that leave out the file that they are in, and those of deeper folders first', () => {
    const share = shareWith({
      '.leftignore': '.leftignore\n*.log\n',
      'a/.leftignore': '!keep.log\n',
      'a/keep.log': '1',
      'a/other.log': '2',
      'keep.log': '3',
    })
    expect(share.scanned()).toEqual(['file a/keep.log', 'folder a'])
  })

  test('shares nothing of a folder that is left out, whatever is said of it there or elsewhere', () => {
    const share = shareWith({
      '.leftignore': 'out/\n!out/keep\n',
      'out/.leftignore': '!*\n',
      'out/keep': '1',
    })
    expect(share.scanned()).toEqual(['file .leftignore'])
  })

  test("lets this machine's own rules have the last word, and shares them with nobody", () => {
    const share = shareWith({
      '.left/ignore': '*.iso\n!wanted.log\n',
      '.leftignore': '*.log\n!*.iso\n',
      'a.iso': '1',
      'wanted.log': '2',
      'other.log': '3',
    })
    // Read when a process starts, and when they change.
    share.restart()
    expect(share.scanned()).toEqual(['file .leftignore', 'file wanted.log'])
    rule(share, '.left/ignore', '#')
    expect([notHeld(share), share.catalogue.live('a.iso')?.kind]).toEqual([['wanted.log'], 'file'])
  })

  test('follows no rules behind a link, of more bytes than a limit, or that are not UTF-8', () => {
    const share = shareWith({
      a: '1',
      'long/.leftignore': `*\n#${'x'.repeat(RULES_BYTES_MAX - 2)}`,
      'long/a': '1',
      'most/.leftignore': `*\n#${'x'.repeat(RULES_BYTES_MAX - 3)}`,
      'most/a': '1',
    })
    share.disk.putFile('text/.leftignore', new Uint8Array([0x2a, 0x0a, 0xff]))
    share.disk.putFile('text/a', utf8('1'))
    share.disk.unharmed((disk) => disk.makeLink('.leftignore', 'most/.leftignore'))
    const told = share.scanned()
    for (const path of ['a', 'long/a', 'text/a']) expect(told).toContain(`file ${path}`)
    expect(told).not.toContain('file most/a')
    expect(share.problems.map(({ path, reason }) => [path, reason.split(':')[0]])).toEqual(
      expect.arrayContaining([
        ['long/.leftignore', 'its rules are not followed'],
        ['text/.leftignore', 'its rules are not followed'],
      ]),
    )
  })
})

describe('files of rules', () => {
  test('beyond the bytes that all of them may have are not followed, until others end', () => {
    const share = new ShareOnDisk()
    const count = RULES_TOTAL_BYTES_MAX / RULES_BYTES_MAX
    const text = `x\n#${'.'.repeat(RULES_BYTES_MAX - 3)}`
    for (let index = 0; index <= count; index++)
      put(share, { [`f${index}/.leftignore`]: text, [`f${index}/x`]: 'x' })
    const told = share.scanned().filter((line) => line.endsWith('/x'))
    expect(told).toHaveLength(1)
    const ignoredFolder = told[0] === 'file f0/x' ? 'f1' : 'f0'
    share.disk.unharmed((disk) => disk.removeFile(`${ignoredFolder}/.leftignore`))
    share.scan()
    rule(share, `${told[0]!.slice('file '.length, -2)}/.leftignore`, text.replace('.', ','))
    expect(notHeld(share)).toEqual([told[0]!.slice('file '.length)])
  })
})

describe('what becomes ignored', () => {
  test('stays where it is, is known and not held, and is no deletion, also where it is gone by then', () => {
    const share = shareWith({ 'a.log': '1', 'f/b.log': '2', 'f/c': '3', 'gone.log': '4' })
    share.scan()
    share.changes.length = 0
    share.disk.unharmed((disk) => disk.removeFile('gone.log'))
    rule(share, '.leftignore', '*.log\n')
    expect(share.changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['file .leftignore'])
    expect(notHeld(share)).toEqual(['a.log', 'f/b.log', 'gone.log'])
    expect(share.catalogue.holderOf(digestOfContent(utf8('1')))).toBeUndefined()
    expect(share.textAt('a.log')).toBe('1')
    share.disk.unharmed((disk) => disk.removeFile('a.log'))
    put(share, { 'f/b.log': 'another content' })
    expect(share.scanned()).toEqual([])
    expect(share.catalogue.get('a.log')!.kind).toBe('file')
  })

  test('takes all of a folder with it, and stays so after a restart', () => {
    const share = shareWith({ 'build/a/b': '1', 'build/c': '2' })
    share.scan()
    rule(share, '.left/ignore', 'build\n')
    expect(notHeld(share)).toEqual(['build', 'build/a', 'build/a/b', 'build/c'])
    expect([...share.watched]).toEqual([''])
    expect(share.catalogue.heldTotals()).toEqual({ files: 0, folders: 0, bytes: 0 })
    share.catalogue.commit()
    share.restart()
    expect(share.scanned()).toEqual([])
    expect(notHeld(share)).toEqual(['build', 'build/a', 'build/a/b', 'build/c'])
  })

  test('leaves its rules out too', () => {
    const share = shareWith({ 'f/.leftignore': '*.log', 'f/a.log': '1', 'f/b': '2' })
    share.scan()
    rule(share, '.leftignore', 'f\n')
    rule(share, '.leftignore', '#\n')
    expect(notHeld(share)).toEqual([])
    expect(share.catalogue.get('f/a.log')).toBeUndefined()
  })

  test('is not placed, and what a peer has of it is known: over what is here, and where nothing is', () => {
    const share = shareWith({ '.leftignore': '*.log\nbuild/\n', 'mine.log': 'mine' })
    share.scan()
    for (const entry of [theirFile('mine.log', 'theirs'), theirFolder('build'), theirFile('build/x', 'x')]) {
      expect(share.scanner.leavesOut(entry), entry.path).toBe(true)
      expect(knowing(share).know(entry), entry.path).toBe('news')
    }
    expect(share.scanner.leavesOut(theirFile('build', 'a file'))).toBe(false)
    expect(notHeld(share)).toEqual(['build', 'build/x', 'mine.log'])
    expect(share.textAt('mine.log')).toBe('mine')
    expect(share.scanned()).toEqual([])
  })

  test('is released when a peer tells of it before the scan has come there', () => {
    const share = shareWith({ 'a.log': '1' })
    share.scan()
    share.disk.putFile('.leftignore', utf8('*.log'))
    share.scanner.hint('.leftignore')
    const endMs = share.nowMs + SETTLE_MS
    while (share.nowMs <= endMs && !share.scanner.leavesOut(theirFile('a.log', '2'))) {
      share.nowMs += 10
      share.scanner.step(share.nowMs)
    }
    expect(notHeld(share)).toEqual(['a.log'])
  })
})

describe('what is ignored no more', () => {
  test('is held again where it is the same, which is no edit, whatever the umask took of it', () => {
    const share = new ShareOnDisk()
    share.disk.putFile('f/a.log', utf8('1'), { mode: 0o600 })
    share.disk.putFile('f/b.log', utf8('2'))
    share.scan()
    // As its entry says that all may read it, where the disk shows less.
    const entry = { ...share.catalogue.get('f/a.log')!, access: 'all' as const }
    share.catalogue.record(entry, share.catalogue.signature('f/a.log'), share.catalogue.mode('f/a.log'))
    const before = [...share.catalogue.manifest.entries()]
    rule(share, '.left/ignore', 'f\n')
    expect(share.catalogue.notHeldCount).toBe(3)
    share.catalogue.commit()
    share.restart()
    share.scan()
    share.changes.length = 0
    share.disk.unharmed((disk) => disk.removeFile('.left/ignore'))
    share.scanner.hint('.left/ignore')
    share.pass(10_000)
    expect(share.changes).toEqual([])
    expect(share.catalogue.notHeldCount).toBe(0)
    expect([...share.catalogue.manifest.entries()]).toEqual(before)
    expect(share.watched.has('f')).toBe(true)
  })

  test('is compared as if first met where it is another: an edit that has not seen what is known', () => {
    const share = shareWith({ '.leftignore': '*.log', 'a.log': 'mine' })
    share.scan()
    const theirs = theirFile('a.log', 'theirs')
    knowing(share).know(theirs)
    rule(share, '.leftignore', '')
    const entry = share.catalogue.live('a.log')!
    expect(entry.digest).toBe(digestOfContent(utf8('mine')))
    expect(holds(entry.version.seen, theirs.version.content)).toBe(false)
  })

  test('is no deletion where it is gone', () => {
    const share = shareWith({ 'a.log': '1' })
    share.scan()
    rule(share, '.leftignore', '*.log')
    share.disk.unharmed((disk) => disk.removeFile('a.log'))
    rule(share, '.leftignore', '')
    expect(share.changes.map(({ kind }) => kind)).not.toContain('tombstone')
    expect(notHeld(share)).toEqual(['a.log'])
  })

  test('follows from the end of the file of rules, and of its folder', () => {
    const share = shareWith({ '.leftignore': '*.log', 'a.log': '1', 'f/.leftignore': '*', 'f/b': '2' })
    share.scan()
    share.disk.unharmed((disk) => {
      disk.removeFile('.leftignore')
      disk.removeFile('f/.leftignore')
      disk.removeFile('f/b')
      disk.removeFolder('f')
    })
    share.scan()
    expect(share.catalogue.live('a.log')).toBeDefined()
    put(share, { 'f/b': '3' })
    share.scan()
    expect(share.catalogue.live('f/b')).toBeDefined()
  })
})

describe('rules that change', () => {
  test('count once they are at rest: an editor that empties its file first brings nothing to light', () => {
    const share = shareWith({ '.leftignore': '*.log', 'a.log': '1' })
    share.scan()
    for (const text of ['', '*', '*.', '*.log\n']) {
      share.disk.putFile('.leftignore', utf8(text))
      share.scanner.hint('.leftignore')
      share.pass(SETTLE_MS / 2)
    }
    share.pass(10_000)
    expect(share.catalogue.get('a.log')).toBeUndefined()
    expect(notHeld(share)).toEqual([])
    expect(share.catalogue.live('.leftignore')!.digest).toBe(digestOfContent(utf8('*.log\n')))
  })

  test('are told when what they are about has been looked at', () => {
    const share = shareWith({ a: '1' })
    share.scan()
    share.disk.putFile('.leftignore', utf8('a'))
    share.scanner.hint('.leftignore')
    const told: string[] = []
    for (const endMs = share.nowMs + 1_000; share.nowMs < endMs; share.nowMs += 10) {
      while (share.scanner.step(share.nowMs));
      told.push(...share.scanner.takeFindings().map(({ type }) => type))
    }
    expect(told).toEqual(expect.arrayContaining(['released', 'rules']))
    expect(told.indexOf('released')).toBeLessThan(told.indexOf('rules'))
  })

  test('leave everything else as it was', () => {
    const share = shareWith({ a: '1', 'f/b': '2' })
    share.scan()
    rule(share, '.leftignore', 'nothing here\n')
    rule(share, '.leftignore', 'nothing there\n')
    expect(share.catalogue.notHeldCount).toBe(0)
    expect(share.changes.map(({ path }) => path).sort()).toEqual([
      '.leftignore',
      '.leftignore',
      'a',
      'f',
      'f/b',
    ])
  })
})
