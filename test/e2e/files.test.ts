// Transfers of files, folders and links of every shape, between two peers that run all the while.

import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test as plainTest } from 'vitest'
import { contentChunks } from '../../harness/peers/content.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { expectSameBytes, type RecordedPeer, test, World } from './world.js'

function write(peer: RecordedPeer, path: string, seed = path, sizeBytes = 1_000): void {
  mkdirSync(dirname(peer.path(path)), { recursive: true })
  writeFileSync(peer.path(path), Buffer.concat([...contentChunks(seed, sizeBytes)]))
}

describe('two running peers', () => {
  let world: World
  let a: RecordedPeer
  let b: RecordedPeer

  beforeAll(async () => {
    world = new World()
    ;[a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    await world.start([a, b])
  })

  afterAll(async () => {
    await world.close()
    world.checkEvents()
  })

  plainTest('a file dropped on one is on the other, in both directions', async () => {
    write(a, 'from A.bin', 'a', 300_000)
    write(b, 'from B.bin', 'b', 300_000)
    await world.untilSame([a, b])
    expectSameBytes(b.path('from A.bin'), a.path('from A.bin'))
    expectSameBytes(a.path('from B.bin'), b.path('from B.bin'))
  })

  plainTest('what arrived is not announced as a change of the one that received it', async () => {
    write(a, 'no echo.bin')
    await world.untilSame([a, b])
    await world.until('A to be told', () => a.of('changed').some(({ path }) => path === 'no echo.bin'))
    expect(b.of('changed').filter(({ path }) => path === 'no echo.bin')).toEqual([])
  })

  plainTest('a folder with folders in it, an empty folder and an empty file', async () => {
    for (let index = 0; index < 60; index++)
      write(a, `tree/${index % 7}/${index % 3}/${index}.bin`, `${index}`, index * 100)
    mkdirSync(a.path('tree/deeply/empty'), { recursive: true })
    writeFileSync(a.path('tree/empty file'), '')
    await world.untilSame([a, b])
    expect(statSync(b.path('tree/deeply/empty')).isDirectory()).toBe(true)
    expect(statSync(b.path('tree/empty file')).size).toBe(0)
  })

  plainTest.each([0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES])(
    'a file of exactly %i bytes',
    async (sizeBytes) => {
      write(a, `size/${sizeBytes}`, `${sizeBytes}`, sizeBytes)
      await world.untilSame([a, b])
      expect(statSync(b.path(`size/${sizeBytes}`)).size).toBe(sizeBytes)
    },
  )

  plainTest('the executable bit, when it comes and when it goes', async () => {
    write(a, 'script.sh')
    chmodSync(a.path('script.sh'), 0o755)
    await world.untilSame([a, b])
    expect(statSync(b.path('script.sh')).mode & 0o111).not.toBe(0)
    chmodSync(a.path('script.sh'), 0o644)
    await world.untilSame([a, b])
    expect(statSync(b.path('script.sh')).mode & 0o111).toBe(0)
  })

  plainTest.each([1_600_000_000_123, 999, 4_102_444_800_001])(
    'a modification time of %i ms',
    async (mtimeMs) => {
      const name = `time ${mtimeMs}`
      write(a, name)
      utimesSync(a.path(name), mtimeMs / 1_000, mtimeMs / 1_000)
      await world.until('B to have the time', () => {
        const there = statSync(b.path(name), { throwIfNoEntry: false })
        return there !== undefined && Math.round(there.mtimeMs) === mtimeMs
      })
    },
  )

  plainTest('a file that is touched carries its new time without its content', async () => {
    write(a, 'touched.bin', 'touched', 500_000)
    await world.untilSame([a, b])
    utimesSync(a.path('touched.bin'), 1_500_000_000, 1_500_000_000)
    await world.until(
      'B to have the time',
      () => statSync(b.path('touched.bin')).mtimeMs === 1_500_000_000_000,
    )
    expect(
      b
        .received('touched.bin')
        .slice(1)
        .every(({ crossedBytes }) => crossedBytes === 0),
    ).toBe(true)
  })

  plainTest.each([
    ['a newline', 'new\nline'],
    ["the separator of ecp's items", 'a|*|b'],
    ['a leading dash', '-rf'],
    ['255 bytes', 'n'.repeat(255)],
    ['255 bytes of several each', `${'😀'.repeat(63)}ÿa`],
    ['emoji', '👩‍👩‍👧 🎉.txt'],
    ['a percent sign', '100%2F%00%.txt'],
    ['a trailing space', 'trailing '],
    ['nothing but spaces', '   '],
    ['a backslash and quotes', 'a\\b"c\'d`e'],
    ['control characters', 'bell\u0007 escape\u001b[31m\t'],
    ['right to left and invisible characters', '\u202eabc\u200b'],
    ['another normal form', 'e\u0301'],
    ['the name of our own folder, further below', 'below/.left/file'],
    ['the look of a kept version', 'x.conflict-20240514-120211-7f3a.txt'],
    ['a dot in front', '.hidden'],
  ])('a name with %s', async (_what, name) => {
    write(a, `names/${name}`)
    mkdirSync(a.path(`folders/${name}`), { recursive: true })
    write(a, `folders/${name}/inside`)
    await world.untilSame([a, b])
    expectSameBytes(b.path(`names/${name}`), a.path(`names/${name}`))
  })

  plainTest('a path as long as paths can be', async () => {
    const path = Array.from({ length: 15 }, (_, index) => `${index}`.padEnd(200, 'x')).join('/')
    write(a, path)
    await world.untilSame([a, b])
  })

  plainTest('a folder where there was a file', async () => {
    write(a, 'shape')
    await world.untilSame([a, b])
    rmSync(a.path('shape'))
    write(a, 'shape/inside')
    await world.untilSame([a, b])
  })

  plainTest('hard links and a sparse file arrive as ordinary files', async () => {
    write(a, 'one name')
    linkSync(a.path('one name'), a.path('another name'))
    writeFileSync(a.path('sparse'), 'begin')
    truncateSync(a.path('sparse'), 3_000_000)
    await world.untilSame([a, b])
  })

  plainTest('what links out of the share point at arrives as ordinary files and folders', async () => {
    mkdirSync(world.path('outside/folder'), { recursive: true })
    writeFileSync(world.path('outside/file'), 'outside')
    writeFileSync(world.path('outside/folder/inside'), 'inside')
    mkdirSync(a.path('links'))
    symlinkSync(world.path('outside/file'), a.path('links/to outside'))
    symlinkSync(world.path('outside/folder'), a.path('links/to folder'))
    await world.untilSame([a, b])
    for (const name of ['to outside', 'to folder'])
      expect(lstatSync(b.path('links', name)).isSymbolicLink()).toBe(false)
    expect(readFileSync(b.path('links/to folder/inside'), 'utf8')).toBe('inside')
  })

  plainTest(
    'a link that leads back and a link to nothing are told once each and do not hold up the rest',
    async () => {
      mkdirSync(a.path('ring/inner'), { recursive: true })
      symlinkSync(a.path('ring'), a.path('ring/inner/back'))
      symlinkSync('/nowhere', a.path('ring/dangling'))
      write(a, 'ring/inner/beside')
      await world.until(
        'B to have what is beside',
        () => statSync(b.path('ring/inner/beside'), { throwIfNoEntry: false }) !== undefined,
      )
      const problemsOf = (path: string) => a.of('problem').filter((event) => event.path === path)
      await world.until(
        'both to be told',
        () => problemsOf('ring/inner/back').length > 0 && problemsOf('ring/dangling').length > 0,
      )
      write(a, 'ring/later')
      await world.until(
        'B to have what came later',
        () => statSync(b.path('ring/later'), { throwIfNoEntry: false }) !== undefined,
      )
      expect(problemsOf('ring/inner/back')).toHaveLength(1)
      expect(problemsOf('ring/dangling')).toHaveLength(1)
      expect(lstatSync(b.path('ring/inner/back'), { throwIfNoEntry: false })).toBeUndefined()
    },
  )
})

describe('--links', () => {
  test('keep carries the links themselves', async ({ world }) => {
    const [a, b] = (await world.group('AB', ['--links', 'keep'])) as [RecordedPeer, RecordedPeer]
    write(a, 'file')
    symlinkSync('file', a.path('to file'))
    symlinkSync('nowhere', a.path('to nothing'))
    await world.start([a, b])
    await world.until('B to have the links', () =>
      ['to file', 'to nothing'].every(
        (name) => lstatSync(b.path(name), { throwIfNoEntry: false }) !== undefined,
      ),
    )
    expect(readlinkSync(b.path('to file'))).toBe('file')
    expect(readlinkSync(b.path('to nothing'))).toBe('nowhere')
  })

  test('skip leaves them out', async ({ world }) => {
    const [a, b] = (await world.group('AB', ['--links', 'skip'])) as [RecordedPeer, RecordedPeer]
    write(a, 'file')
    symlinkSync('file', a.path('to file'))
    await world.start([a, b])
    await world.until(
      'B to have the file',
      () => statSync(b.path('file'), { throwIfNoEntry: false }) !== undefined,
    )
    expect(lstatSync(b.path('to file'), { throwIfNoEntry: false })).toBeUndefined()
  })
})
