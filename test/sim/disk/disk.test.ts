import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DiskError } from '../../../src/base/ports.js'
import { SimDisk, type SimDiskOptions, SimulatedDeath } from '../../../src/sim/disk/disk.js'
import { SeededRandom } from '../../../src/sim/random.js'
import { describeDisk } from '../../io/disk-conformance.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

class Clock {
  timeMs = 1_700_000_000_000
  readonly nowMs = () => this.timeMs
}

function makeDisk(options: Partial<SimDiskOptions> = {}): SimDisk {
  return new SimDisk({ nowMs: () => 1_700_000_000_000, ...options })
}

function append(disk: SimDisk, path: string, text: string, synced = false): void {
  const handle = disk.create(path)
  disk.write(handle, bytesOf(text), disk.stateOf(handle).sizeBytes)
  if (synced) disk.sync(handle)
  disk.close(handle)
}

describeDisk('SimDisk', (privatePaths) => {
  const disk = makeDisk({ privatePaths })
  return {
    disk,
    putFile: (path, text, mode) => disk.putFile(path, bytesOf(text), { mode }),
    usualMode: 0o644,
  }
})

describe('the simulated disk', () => {
  test('times come from the clock, in the steps of the file system', () => {
    const clock = new Clock()
    const disk = makeDisk({ nowMs: clock.nowMs, timestampStepMs: 2000 })
    clock.timeMs = 5_999
    disk.putFile('a', bytesOf('x'))
    expect(disk.stat('a')).toMatchObject({ mtimeMs: 4000, ctimeMs: 4000 })
    clock.timeMs = 8_000
    disk.setTimes('a', 1_000_000_000_123)
    expect(disk.stat('a')).toMatchObject({ mtimeMs: 1_000_000_000_000, ctimeMs: 8000 })
    clock.timeMs = 10_000
    disk.rename('a', 'b')
    expect(disk.stat('b')).toMatchObject({ mtimeMs: 1_000_000_000_000, ctimeMs: 10_000 })
    expect(disk.stat('')?.mtimeMs).toBe(10_000)
  })

  test('links lead out of the share and back', () => {
    const disk = makeDisk()
    disk.putOutside('music', bytesOf('song'))
    disk.makeLink('up', '../music')
    disk.makeLink('absolute', '/music')
    disk.makeLink('far', '../../../../music')
    for (const path of ['up', 'absolute', 'far']) expect(textOf(disk.contentOf(path))).toBe('song')
    disk.makeLink('home', '/share/up')
    expect(textOf(disk.contentOf('home'))).toBe('song')
    expect([...disk.snapshot('world').keys()]).toContain('music')
    expect([...disk.snapshot().keys()].sort()).toEqual(['absolute', 'far', 'home', 'up'])
  })

  test('links that stay inside are not read through where only the others are', () => {
    const disk = makeDisk({ following: 'outward' })
    disk.putOutside('music', bytesOf('song'))
    disk.putFile('folder/file', bytesOf('text'))
    disk.makeLink('inner', 'folder')
    disk.makeLink('outer', '/share/folder')
    disk.makeLink('folder/song', '../../music')
    disk.makeLink('folder/twin', 'file')
    expect(
      ['inner', 'inner/file', 'outer', 'outer/file', 'folder/song', 'outer/twin'].map(
        (path) => disk.stat(path)?.kind,
      ),
    ).toEqual(['link', undefined, 'folder', 'file', 'file', 'link'])
    expect(textOf(disk.contentOf('outer/song'))).toBe('song')
    expect(() => disk.open('folder/twin')).toThrow(expect.objectContaining({ code: 'link' }))
  })

  test('names that are not UTF-8 and things that may not be read', () => {
    const disk = makeDisk()
    disk.makeFolder('a')
    disk.putIllegibleName('a', 'caf\\xe9')
    expect(disk.list('a')).toEqual({ names: [], unreadable: ['caf\\xe9'] })
    expect(() => disk.removeFolder('a')).toThrow(DiskError)
    disk.deny('a')
    expect(() => disk.list('a')).toThrow(expect.objectContaining({ code: 'denied' }))
    disk.deny('a', false)
    expect(disk.list('a').names).toEqual([])
  })

  test('a full disk takes what fits, says so, and goes on when there is room', () => {
    const disk = makeDisk({ capacityBytes: 10 })
    append(disk, 'a', '12345678')
    expect(() => append(disk, 'b', 'abcdef')).toThrow(expect.objectContaining({ code: 'no-space' }))
    expect(textOf(disk.contentOf('b'))).toBe('ab')
    expect(disk.usedBytes).toBe(10)
    disk.removeFile('a')
    expect(disk.usedBytes).toBe(2)
    append(disk, 'b', 'cdef')
    const handle = disk.create('b')
    disk.write(handle, bytesOf('ABCDEF'), 0)
    expect(() => disk.truncate(handle, 11)).toThrow(expect.objectContaining({ code: 'no-space' }))
    expect(disk.usedBytes).toBe(6)
  })

  test('the next operation fails as told, once', () => {
    const disk = makeDisk()
    disk.putFile('a', bytesOf('x'))
    disk.failNext('io', 'rename')
    expect(disk.stat('a')).toBeDefined()
    expect(() => disk.rename('a', 'b')).toThrow(expect.objectContaining({ code: 'io' }))
    disk.rename('a', 'b')
    disk.failNext('denied')
    expect(() => disk.stat('b')).toThrow(expect.objectContaining({ code: 'denied' }))
  })

  test.each([
    ['before', ''],
    ['during', 'he'],
    ['after', 'hell'],
  ] as const)('a process that dies %s a write leaves %j', (moment, left) => {
    const disk = makeDisk()
    disk.dieAfterOperations(2, moment)
    expect(() => append(disk, 'a', 'hell')).toThrow(SimulatedDeath)
    expect(() => disk.stat('a')).toThrow(SimulatedDeath)
    expect(textOf(disk.contentOf('a'))).toBe(left)
    disk.putFile('by-the-person', bytesOf('x'))
    disk.crash({ power: false, random: new SeededRandom(1) })
    expect(textOf(disk.contentOf('a'))).toBe(left)
    append(disk, 'b', 'alive')
  })

  test('what others do does not count as the process', () => {
    const disk = makeDisk()
    append(disk, 'a', 'x')
    const count = disk.operationCount
    expect(count).toBe(2)
    disk.dieAfterOperations(1)
    disk.failNext('io')
    disk.putFile('folder/b', bytesOf('x'), { executable: true, mtimeMs: 5 })
    expect(disk.operationCount).toBe(count)
    expect(disk.unharmed((quiet) => quiet.stat('folder/b'))).toMatchObject({ executable: true, mtimeMs: 5 })
  })

  test('handles end with their process', () => {
    const disk = makeDisk()
    const handle = disk.create('a')
    disk.crash({ power: false, random: new SeededRandom(1) })
    expect(() => disk.read(handle, new Uint8Array(1), 0)).toThrow()
  })
})

describe('a loss of power', () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed)
  const orders = [true, false]

  test('keeps what was synced, content and names', () => {
    for (const seed of seeds) {
      for (const namesInOrder of orders) {
        const disk = makeDisk({ namesInOrder })
        disk.makeFolder('folder')
        append(disk, 'folder/tmp', 'kept', true)
        disk.rename('folder/tmp', 'folder/a')
        disk.syncFolder('folder')
        disk.syncFolder('')
        append(disk, 'folder/a', ' and more')
        disk.crash({ power: true, random: new SeededRandom(seed) })
        expect(textOf(disk.contentOf('folder/a'))).toMatch(/^kept/)
        expect(disk.list('folder').names).toEqual(['a'])
      }
    }
  })

  test('a folder that is synced is there, whatever became of the one above', () => {
    for (const seed of seeds) {
      const disk = makeDisk({ namesInOrder: false })
      disk.makeFolder('x')
      disk.makeFolder('x/y')
      append(disk, 'x/y/a', 'kept', true)
      disk.syncFolder('x/y')
      disk.crash({ power: true, random: new SeededRandom(seed) })
      expect(textOf(disk.contentOf('x/y/a'))).toBe('kept')
    }
  })

  test('leaves a path with the old file or the new one, and of a new one that was not synced all, some or nothing', () => {
    const seen = new Set<string>()
    for (const seed of seeds) {
      for (const namesInOrder of orders) {
        const disk = makeDisk({ namesInOrder })
        append(disk, 'a', 'old')
        disk.settle()
        append(disk, 'tmp', 'n'.repeat(10_000))
        disk.rename('tmp', 'a')
        disk.crash({ power: true, random: new SeededRandom(seed) })
        const text = textOf(disk.contentOf('a'))!
        const kind =
          text === 'old'
            ? 'old'
            : text === ''
              ? 'empty'
              : /^n+$/.test(text)
                ? 'new'
                : /^[n\0]+$/.test(text)
                  ? 'torn'
                  : text
        seen.add(kind)
      }
    }
    expect([...seen].sort()).toEqual(['empty', 'new', 'old', 'torn'])
  })

  test('a new file that was synced before its rename is whole wherever it is', () => {
    for (const seed of seeds) {
      const disk = makeDisk()
      append(disk, 'a', 'old')
      disk.settle()
      append(disk, 'tmp', 'new', true)
      disk.rename('tmp', 'a')
      disk.crash({ power: true, random: new SeededRandom(seed) })
      expect(['old', 'new']).toContain(textOf(disk.contentOf('a')))
    }
  })

  test('in order, a later change of names survives only with all before it; else each by itself', () => {
    const seen = new Map(orders.map((order) => [order, new Set<string>()]))
    for (const seed of seeds) {
      for (const namesInOrder of orders) {
        const disk = makeDisk({ namesInOrder })
        for (const name of ['a', 'b', 'c']) disk.makeFolder(name)
        disk.crash({ power: true, random: new SeededRandom(seed) })
        seen.get(namesInOrder)!.add([...disk.list('').names].sort().join(''))
      }
    }
    expect([...seen.get(true)!].sort()).toEqual(['', 'a', 'ab', 'abc'])
    expect(seen.get(false)!.size).toBe(8)
  })

  test('a kill keeps everything', () => {
    const disk = makeDisk()
    append(disk, 'a', 'x')
    disk.rename('a', 'b')
    disk.crash({ power: false, random: new SeededRandom(1) })
    expect(textOf(disk.contentOf('b'))).toBe('x')
  })

  test('the same seed loses the same, and the disk adds up afterwards', () => {
    const arbitraryStep = fc.record({
      what: fc.constantFrom('write', 'sync', 'rename', 'remove', 'link', 'sync-folder'),
      path: fc.constantFrom('a', 'b', 'c'),
      other: fc.constantFrom('a', 'b', 'c'),
    })
    fc.assert(
      fc.property(
        fc.array(arbitraryStep, { maxLength: 30 }),
        fc.nat(),
        fc.boolean(),
        (steps, seed, namesInOrder) => {
          const run = () => {
            const disk = makeDisk({ namesInOrder })
            for (const { what, path, other } of steps) {
              try {
                if (what === 'write') append(disk, path, path.repeat(3))
                else if (what === 'sync') append(disk, path, '', true)
                else if (what === 'rename') disk.rename(path, other)
                else if (what === 'remove') disk.removeFile(path)
                else if (what === 'link') disk.linkFile(path, other)
                else disk.syncFolder('')
              } catch (error) {
                if (!(error instanceof DiskError)) throw error
              }
            }
            disk.crash({ power: true, random: new SeededRandom(seed) })
            return disk
          }
          const disk = run()
          expect(disk.snapshot()).toEqual(run().snapshot())
          const sizes = new Map<number, number>()
          for (const name of disk.list('').names) {
            const stat = disk.stat(name)!
            sizes.set(stat.inode, stat.sizeBytes)
          }
          expect(disk.usedBytes).toBe([...sizes.values()].reduce((sum, size) => sum + size, 0))
          const before = disk.snapshot()
          disk.crash({ power: true, random: new SeededRandom(seed + 1) })
          expect(disk.snapshot()).toEqual(before)
        },
      ),
    )
  })
})
