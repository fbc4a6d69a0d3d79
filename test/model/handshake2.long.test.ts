// Handshake 2 with more sessions, and with nothing left out for speed: in `npm run test:long` alone. Minutes.

import { describe, expect, test } from 'vitest'
import { CASES, LONG } from './cases.js'
import { run, written } from './run.js'

const MS_MAX = 1_800_000

describe('handshake 2 holds', () => {
  test.each([...LONG])('%s', { timeout: MS_MAX }, (name) => {
    const one = CASES[name]!()
    const found = run(one)
    expect(found.attack, written(found)).toBeUndefined()
    expect(found.agreed).toBe(one.agreed)
  })

  test.each(Object.keys(CASES).filter((name) => !LONG.has(name)))(
    '%s, where askers are shown every point',
    { timeout: MS_MAX },
    (name) => {
      const one = CASES[name]!()
      const found = run({ ...one, scenario: { ...one.scenario, isNarrow: false } })
      expect(found.attack, written(found)).toBeUndefined()
      expect(found.agreed).toBe(one.agreed)
    },
  )
})
