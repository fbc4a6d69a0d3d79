import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Access, accessOf, fileBits, folderBits, morePrivate, PRIVACY } from '../../src/base/access.js'

const ACCESSES = ['owner', 'group', 'all', 'none'] as const
const bits = fc.integer({ min: 0, max: 0o777 })
const change = fc.record({
  access: fc.constantFrom(...ACCESSES),
  executable: fc.boolean(),
  widens: fc.boolean(),
})
const RUN_BITS = 0o111

/** Whether a mode lets nobody read whom the access keeps out. */
const isWithin = (mode: number, access: Access) => PRIVACY[accessOf(mode)] >= PRIVACY[access]

describe('the bits after a change', () => {
  test('let nobody read whom the access keeps out', () => {
    fc.assert(
      fc.property(bits, change, bits, (before, wanted, usual) => {
        for (const mode of [fileBits(before, wanted, usual), folderBits(before, wanted, usual)]) {
          expect(isWithin(mode, wanted.access)).toBe(true)
          if (wanted.access === 'owner') expect(mode & 0o077).toBe(0)
          if (wanted.access === 'group') expect(mode & 0o007).toBe(0)
        }
      }),
    )
  })

  test('are no more than before, or than before and the umask lets together', () => {
    fc.assert(
      fc.property(bits, change, bits, (before, wanted, usual) => {
        const most = wanted.widens ? before | usual : before
        expect(folderBits(before, wanted, usual) & ~most).toBe(0)
        expect(fileBits(before, wanted, usual) & ~most & ~RUN_BITS).toBe(0)
      }),
    )
  })

  test('are as before where nothing is to change', () => {
    fc.assert(
      fc.property(bits, bits, (before, usual) => {
        const executable = (before & 0o100) !== 0
        expect(fileBits(before, { access: 'none', executable, widens: false }, usual)).toBe(before)
        expect(folderBits(before, { access: 'none', executable: false, widens: false }, usual)).toBe(before)
      }),
    )
  })

  test('let exactly those run a file who may read it, where that changes', () => {
    fc.assert(
      fc.property(bits, change, bits, (before, wanted, usual) => {
        const isNew = ((before & 0o100) !== 0) !== wanted.executable
        const mode = fileBits(before, wanted, usual)
        if (!wanted.executable) expect(mode & 0o100).toBe(0)
        if (isNew && !wanted.executable) expect(mode & RUN_BITS).toBe(0)
        if (isNew && wanted.executable) expect(mode & ((mode & 0o444) >> 2)).toBe((mode & 0o444) >> 2)
      }),
    )
  })
})

test('of two accesses the more private one is the one that fewer have', () => {
  expect(morePrivate('owner', 'group')).toBe('owner')
  expect(morePrivate('all', 'group')).toBe('group')
  expect(morePrivate('none', 'all')).toBe('all')
  for (const access of ACCESSES) expect(morePrivate(access, access)).toBe(access)
})
