import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OWN_FOLDER, SHARE_MARK } from '../../src/base/own-folder.js'
import { stateFolder, WitnessFolder } from '../../src/io/witness.js'

const AUTHOR = 'a'.repeat(16)
let folder: string
let share: string
let state: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'left-witness-')))
  share = join(folder, 'a share\nof two lines')
  state = join(folder, 'state')
  mkdirSync(join(share, OWN_FOLDER), { recursive: true })
  writeFileSync(join(share, OWN_FOLDER, SHARE_MARK), `left-peer ${AUTHOR}\n`)
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('a note of a share', () => {
  test('is read as it was written, by the user alone', () => {
    const witness = new WitnessFolder(state, share)
    expect(witness.read(AUTHOR)).toBeUndefined()
    witness.write(AUTHOR, 1)
    witness.write(AUTHOR, 2)
    expect(new WitnessFolder(state, share).read(AUTHOR)).toEqual({ opened: 2, isAlsoElsewhere: false })
    expect(witness.read('b'.repeat(16))).toBeUndefined()
    if (process.platform !== 'win32') expect(statSync(join(state, 'shares', AUTHOR)).mode & 0o777).toBe(0o600)
  })

  test('tells a clone from a share that was moved', () => {
    new WitnessFolder(state, share).write(AUTHOR, 3)
    const clone = join(folder, 'clone')
    cpSync(share, clone, { recursive: true })
    expect(new WitnessFolder(state, clone).read(AUTHOR)).toEqual({ opened: 3, isAlsoElsewhere: true })
    rmSync(clone, { recursive: true })
    renameSync(share, clone)
    expect(new WitnessFolder(state, clone).read(AUTHOR)).toEqual({ opened: 3, isAlsoElsewhere: false })
  })

  test.each(['', 'left-share 2 1 /x\n', 'left-share 1 0 /x\n', 'left-share 1 1\n', 'left-share 1 1 /x'])(
    'that is damaged (%j) is none',
    (text) => {
      const witness = new WitnessFolder(state, share)
      witness.write(AUTHOR, 1)
      writeFileSync(join(state, 'shares', AUTHOR), text)
      expect(witness.read(AUTHOR)).toBeUndefined()
    },
  )

  test('that cannot be written is left out', () => {
    writeFileSync(state, 'a file where the folder belongs')
    const witness = new WitnessFolder(state, share)
    witness.write(AUTHOR, 1)
    expect(witness.read(AUTHOR)).toBeUndefined()
    expect(existsSync(join(state, 'shares'))).toBe(false)
  })
})

test('the state folder is the one of the XDG specification', () => {
  if (process.platform === 'win32') return
  expect(stateFolder({ XDG_STATE_HOME: '/x' })).toBe('/x/left')
  expect(stateFolder({})).toMatch(/\/\.local\/state\/left$/)
})
