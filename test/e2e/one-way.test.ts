// Machines that only receive, or only send.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { eventually, left, statusOf } from './left.js'
import { type RecordedPeer, test, type World } from './world.js'

async function pair(
  world: World,
  optionsOfA: readonly string[],
  optionsOfB: readonly string[],
): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  mkdirSync(a.path('folder'))
  for (const path of ['edited', 'deleted', 'folder/in', 'both']) writeFileSync(a.path(path), `of A, ${path}`)
  a.start(optionsOfA)
  b.start(optionsOfB)
  await world.until('the peers to be in step', () => a.inStep.size > 0 && b.inStep.size > 0)
  await world.untilSame([a, b])
  return [a, b]
}

function textAt(peer: RecordedPeer, path: string): string | undefined {
  return existsSync(peer.path(path)) ? readFileSync(peer.path(path), 'utf8') : undefined
}

test('what is changed where --receive-only is given stays there, is shown, and is taken back with left undo', async ({
  world,
}) => {
  const [a, b] = await pair(world, [], ['--receive-only'])
  expect(b.notes.join()).toContain('receive-only')
  writeFileSync(b.path('edited'), 'of B')
  writeFileSync(b.path('both'), 'of B too')
  writeFileSync(b.path('made'), 'of B')
  rmSync(b.path('deleted'))
  rmSync(b.path('folder'), { recursive: true })
  await eventually(async () => (await statusOf(b)).holds?.local.count).toBe(6)
  const shown = (await left(b.share, 'status')).stdout
  for (const words of [
    'receive-only',
    'edited: edited here',
    'made: made here',
    'folder/in: deleted here',
    'undo',
  ])
    expect(shown).toContain(words)
  await eventually(async () => (await statusOf(a)).isInStep).toBe(true)
  writeFileSync(a.path('both'), 'of A again')
  await eventually(() => textAt(b, 'both')).toBe('of A again')
  expect(textAt(a, 'edited')).toBe('of A, edited')
  expect(textAt(b, 'edited')).toBe('of B')
  expect(existsSync(a.path('made'))).toBe(false)
  const undone = await left(b.share, 'undo', '--json')
  expect(JSON.parse(undone.stdout)).toEqual({ own: 0, received: 0, local: 5, away: 0, staying: 0 })
  await world.untilSame([a, b])
  expect(textAt(b, 'edited')).toBe('of A, edited')
  expect(existsSync(b.path('made'))).toBe(false)
  expect((await left(b.share, 'trash', 'list')).stdout).toContain('made')
  expect(textAt(a, 'folder/in')).toBe('of A, folder/in')
})

test('what others change is not taken over where --send-only is given, and left undo sends back what is there', async ({
  world,
}) => {
  const [a, b] = await pair(world, ['--send-only'], [])
  writeFileSync(b.path('edited'), 'of B')
  rmSync(b.path('deleted'))
  writeFileSync(b.path('made'), 'of B')
  await eventually(async () => (await statusOf(a)).holds?.stopped.count).toBe(2)
  await eventually(async () => (await statusOf(a)).holds?.notHeld.count).toBe(3)
  expect((await left(a.share, 'status')).stdout).toContain('held (--send-only): 2')
  writeFileSync(a.path('both'), 'of A again')
  await eventually(() => textAt(b, 'both')).toBe('of A again')
  await eventually(async () => (await statusOf(b)).isInStep).toBe(true)
  expect(textAt(a, 'edited')).toBe('of A, edited')
  expect(textAt(a, 'deleted')).toBe('of A, deleted')
  expect(existsSync(a.path('made'))).toBe(false)
  await left(a.share, 'undo')
  await eventually(() => textAt(b, 'edited')).toBe('of A, edited')
  await eventually(() => textAt(b, 'deleted')).toBe('of A, deleted')
  expect(textAt(b, 'made')).toBe('of B')
})
