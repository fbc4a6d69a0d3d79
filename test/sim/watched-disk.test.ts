// The disk of a simulated world tells the judge of the keeper's changes: also where the process dies in one, or the disk refuses it.

import { expect, test } from 'vitest'
import { DiskError } from '../../src/base/ports.js'
import { type DeathMoment, SimDisk, SimulatedDeath } from '../../src/sim/disk/disk.js'
import { type DiskObserver, WatchedDisk } from '../../src/sim/peer/watched-disk.js'

const CLOSED = { access: 'owner', executable: false, widens: false } as const

const bytesOf = (text: string) => new TextEncoder().encode(text)

interface Change {
  readonly name: string
  readonly make: (disk: WatchedDisk) => void
  /** Paths, and 'from to to' of a rename, that the observer is told of where the change has happened. */
  readonly told: readonly string[]
}

const CHANGES: readonly Change[] = [
  { name: 'removeFile', make: (disk) => disk.removeFile('file'), told: ['file'] },
  { name: 'removeFolder', make: (disk) => disk.removeFolder('empty'), told: ['empty'] },
  { name: 'makeFolder', make: (disk) => disk.makeFolder('new'), told: ['new'] },
  { name: 'makeLink', make: (disk) => disk.makeLink('new', 'file'), told: ['new'] },
  { name: 'linkFile', make: (disk) => disk.linkFile('file', 'new'), told: ['new'] },
  { name: 'setTimes', make: (disk) => disk.setTimes('file', 5), told: ['file'] },
  {
    name: 'setMode',
    make: (disk) => disk.setMode('file', CLOSED),
    told: ['file'],
  },
  {
    name: 'setAccess',
    make: (disk) => disk.setAccess('file', { ...CLOSED, replaces: undefined }),
    told: ['file'],
  },
  { name: 'rename', make: (disk) => disk.rename('file', 'new'), told: ['file', 'new', 'file to new'] },
  {
    name: 'rename in the place of another',
    make: (disk) => disk.rename('file', 'other'),
    told: ['file', 'other', 'file to other'],
  },
]

for (const { name, make, told } of CHANGES) {
  test(`${name}: the observer is told of a change that happened`, () => {
    expect(toldOf(make)).toEqual(told)
  })

  test.each<DeathMoment>(['before', 'during'])(
    `${name}: nothing is told of a process that dies %s it`,
    (moment) => {
      expect(toldOf((disk) => expect(() => make(disk)).toThrow(SimulatedDeath), moment)).toEqual([])
    },
  )

  test(`${name}: a change after which the process dies is told of`, () => {
    expect(toldOf((disk) => expect(() => make(disk)).toThrow(SimulatedDeath), 'after')).toEqual(told)
  })
}

test('of a move that ends between its two steps, the new place is told of', () => {
  const move = (disk: WatchedDisk) => expect(() => disk.moveNew('file', 'new')).toThrow(SimulatedDeath)
  expect(toldOf(move, 'before')).toEqual([])
  expect(toldOf(move, 'after')).toEqual(['new'])
})

test('nothing is told of what the disk refuses', () => {
  const refused: readonly ((disk: WatchedDisk) => void)[] = [
    (disk) => disk.removeFolder('folder'),
    (disk) => disk.makeFolder('folder'),
    (disk) => disk.linkFile('file', 'other'),
    (disk) => disk.rename('nothing', 'folder'),
  ]
  for (const make of refused)
    expect(toldOf((disk) => expect(() => make(disk)).toThrow(DiskError))).toEqual([])
})

/** Runs `act` on a small share and answers what the observer was told. The process dies at the first change where a moment is given. */
function toldOf(act: (disk: WatchedDisk) => void, moment?: DeathMoment): string[] {
  const disk = new SimDisk({ nowMs: () => 1000 })
  disk.putFile('file', bytesOf('one'))
  disk.putFile('other', bytesOf('two'))
  disk.putFile('folder/file', bytesOf('three'))
  disk.unharmed((open) => open.makeFolder('empty'))
  const told: string[] = []
  const observer: DiskObserver = {
    handleSharePath: (path) => told.push(path),
    handleTried: () => {},
    handleRenamed: (from, to) => told.push(`${from} to ${to}`),
    handleOwnFile: () => {},
    handleWrittenInPlace: () => {},
    handleTaking: () => () => {},
    handleChange: () => {},
    handleRefusedWrite: () => {},
  }
  if (moment !== undefined) disk.dieAfterOperations(1, moment)
  act(new WatchedDisk(disk, observer))
  return told
}
