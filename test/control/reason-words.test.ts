// The table of reasons in src/control/README.md, held against the codes; and their words.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { causeOf, REASON_CODES } from '../../src/base/reason.js'
import { remedyOf, wordsOf } from '../../src/control/reason-words.js'

test('the table of reasons has each code once', () => {
  const text = readFileSync('src/control/README.md', 'utf8')
  const rows = text.slice(text.indexOf('## Reasons')).matchAll(/^\| ((?:`[a-z0-9-]+` ?)+)\|/gm)
  const named = [...rows].flatMap(([, codes]) => [...codes!.matchAll(/`([^`]+)`/g)].map(([, code]) => code!))
  expect(named.sort()).toEqual([...REASON_CODES].sort())
})

test.each([...REASON_CODES])('%s has words on one line, and its detail is told', (code) => {
  expect(wordsOf(causeOf(code))).toMatch(/^[a-z][^\n]{8,160}$/)
  expect(remedyOf({ code })).toMatch(/^[^\n]{0,160}$/)
  expect(wordsOf(causeOf(code, 'a/b'))).toBe(`${wordsOf(causeOf(code))}: a/b`)
})
