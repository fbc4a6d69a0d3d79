// A share that a person puts back from an older copy, LEFT's own folder in it, and edits before it meets anybody.

import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { someOf } from '../length.js'
import { type RecordedPeer, test, type World } from './world.js'

/** The contents of the files of a share whose names begin so. */
function contentsOf(peer: RecordedPeer, name: string): string[] {
  return readdirSync(peer.share)
    .filter((file) => file.startsWith(name))
    .map((file) => readFileSync(peer.path(file), 'utf8'))
    .sort()
}

/** A and B are in step; A is copied, goes on to v5, which B has; A is put back, and edited while it is down. */
async function putBack(world: World, isWitnessKept: boolean): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('ab')) as [RecordedPeer, RecordedPeer]
  writeFileSync(a.path('one'), 'v1')
  await world.start([a, b])
  await world.untilSame([a, b])
  await a.stop()
  const copy = world.path('copy of a')
  cpSync(a.share, copy, { recursive: true, preserveTimestamps: true })
  const state = join(world.config, 'state')
  cpSync(state, world.path('copy of state'), { recursive: true })
  a.start()
  for (const version of ['v2', 'v3', 'v4', 'v5']) {
    writeFileSync(a.path('one'), version)
    await world.until(`B to have ${version}`, () => readFileSync(b.path('one'), 'utf8') === version)
  }
  await a.stop()
  rmSync(a.share, { recursive: true })
  renameSync(copy, a.share)
  if (!isWitnessKept) {
    rmSync(state, { recursive: true })
    renameSync(world.path('copy of state'), state)
  }
  writeFileSync(a.path('one'), 'edited after the share was put back')
  a.start()
  return [a, b]
}

describe('a share that was put back to an older copy, and edited', () => {
  for (const [how, isWitnessKept] of someOf([
    ['at its start by a note outside of it', true],
    ['by what its peer knows of it', false],
  ] as const))
    test(`is noticed ${how}, and both edits are there in the end`, async ({ world }) => {
      const [a, b] = await putBack(world, isWitnessKept)
      const both = ['edited after the share was put back', 'v5']
      await world.until('A to have both', () => contentsOf(a, 'one').join() === both.join())
      await world.untilSame([a, b])
      expect(contentsOf(b, 'one')).toEqual(both)
      expect(a.notes).toContainEqual(expect.stringContaining('was put back to an older copy'))
    })
})
