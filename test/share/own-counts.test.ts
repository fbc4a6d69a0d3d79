import { describe, expect, test } from 'vitest'
import { type OwnCounts, recall } from '../../src/share/own-counts.js'

const OURS = 'a'.repeat(16)
const own: OwnCounts = {
  author: OURS,
  gaps: [
    { last: 0, first: 10 },
    { last: 20, first: 30 },
  ],
  highest: 40,
}

describe('edits of ours that a peer knows', () => {
  test.each([
    ['none', 0, 'known'],
    ['one before our first', 1, 'forgotten'],
    ['one before our first, at the border', 9, 'forgotten'],
    ['our first', 10, 'known'],
    ['the last of a life', 20, 'known'],
    ['one of a life that we do not remember', 21, 'forgotten'],
    ['the same at the border', 29, 'forgotten'],
    ['the first of the next life', 30, 'known'],
    ['our last', 40, 'known'],
    ['one more than we ever made', 41, 'forgotten'],
  ])('are %s: %i is %s', (_, count, found) => {
    expect(recall(own, { author: OURS, count })).toBe(found)
  })

  test('are not said by somebody who does not know in whose name we edit', () => {
    expect(recall(own, undefined)).toBe('unsaid')
    expect(recall(own, { author: 'b'.repeat(16), count: 41 })).toBe('unsaid')
  })
})
