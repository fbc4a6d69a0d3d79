import { expect, test } from 'vitest'
import { earliest } from '../../src/base/earliest.js'

test.each([
  [[], undefined],
  [[undefined, undefined], undefined],
  [[undefined, 3], 3],
  [[3, undefined, 2, 5], 2],
  [[0, undefined], 0],
  [[Number.POSITIVE_INFINITY, 7], 7],
])('the earliest of %j is %j', (dues, first) => {
  expect(earliest(...dues)).toBe(first)
})
