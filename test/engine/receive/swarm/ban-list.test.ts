import { expect, test } from 'vitest'
import { BanList } from '../../../../src/engine/receive/swarm/ban-list.js'
import { BAN_MS, BANS_MAX } from '../../../../src/engine/receive/swarm/limits.js'

const FILE = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)

test('who lied about a file is not believed about it for so long, and about others and afterwards is', () => {
  const banned = new BanList()
  expect(banned.has('liar', FILE, 0)).toBe(false)
  banned.add('liar', FILE, 1_000)
  expect(banned.has('liar', FILE, 1_000 + BAN_MS - 1)).toBe(true)
  expect(banned.has('liar', FILE, 1_000 + BAN_MS)).toBe(false)
  expect(banned.has('liar', OTHER, 1_000)).toBe(false)
  expect(banned.has('friend', FILE, 1_000)).toBe(false)
})

test('of more lies than are remembered, the oldest is forgotten; one that is told again is not old', () => {
  const banned = new BanList()
  banned.add('first', FILE, 0)
  banned.add('second', FILE, 0)
  banned.add('first', FILE, 1)
  for (let count = 2; count < BANS_MAX; count++) banned.add(`liar ${count}`, FILE, 2)
  expect(banned.has('second', FILE, 3)).toBe(true)
  banned.add('one more', FILE, 3)
  expect(banned.has('second', FILE, 4)).toBe(false)
  expect(banned.has('first', FILE, 4)).toBe(true)
  expect(banned.has('one more', FILE, 4)).toBe(true)
})
