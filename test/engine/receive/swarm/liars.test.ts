import { expect, test } from 'vitest'
import { Liars } from '../../../../src/engine/receive/swarm/liars.js'
import { LIAR_MS, LIARS_MAX } from '../../../../src/engine/receive/swarm/limits.js'

const FILE = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)

test('who lied about a file is not believed about it for so long, and about others and afterwards is', () => {
  const liars = new Liars()
  expect(liars.has('liar', FILE, 0)).toBe(false)
  liars.add('liar', FILE, 1_000)
  expect(liars.has('liar', FILE, 1_000 + LIAR_MS - 1)).toBe(true)
  expect(liars.has('liar', FILE, 1_000 + LIAR_MS)).toBe(false)
  expect(liars.has('liar', OTHER, 1_000)).toBe(false)
  expect(liars.has('friend', FILE, 1_000)).toBe(false)
})

test('of more lies than are remembered, the oldest is forgotten; one that is told again is not old', () => {
  const liars = new Liars()
  liars.add('first', FILE, 0)
  liars.add('second', FILE, 0)
  liars.add('first', FILE, 1)
  for (let count = 2; count < LIARS_MAX; count++) liars.add(`liar ${count}`, FILE, 2)
  expect(liars.has('second', FILE, 3)).toBe(true)
  liars.add('one more', FILE, 3)
  expect(liars.has('second', FILE, 4)).toBe(false)
  expect(liars.has('first', FILE, 4)).toBe(true)
  expect(liars.has('one more', FILE, 4)).toBe(true)
})
