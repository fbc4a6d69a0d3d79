// Deletions and replacements that are too many are held until a person confirms or undoes them.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { eventually, left, statusOf } from './left.js'
import { longTest, type RecordedPeer, test, type World } from './world.js'

const FILES = 100
const GONE = 60

async function pair(world: World, optionsOfA: readonly string[] = []): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  mkdirSync(a.path('most'))
  for (let each = 0; each < FILES; each++)
    writeFileSync(a.path(each < GONE ? `most/${each}` : `${each}`), `content of ${each}`)
  a.start(optionsOfA)
  b.start()
  await world.until('the peers to be in step', () => a.inStep.size > 0 && b.inStep.size > 0)
  await world.untilSame([a, b])
  return [a, b]
}

function mostOf(peer: RecordedPeer): number {
  return existsSync(peer.path('most')) ? readdirSync(peer.path('most')).length : 0
}

async function stoppedAt(peer: RecordedPeer): Promise<number> {
  return (await statusOf(peer)).holds?.stopped.count ?? -1
}

function trashOf(peer: RecordedPeer): number {
  const root = peer.path('.left/trash')
  if (!existsSync(root)) return 0
  return readdirSync(root, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length
}

describe('60 of 100 files that are deleted here', () => {
  test('are told to nobody before left confirm, which lets them go elsewhere too', async ({ world }) => {
    const [a, b] = await pair(world)
    rmSync(a.path('most'), { recursive: true })
    await eventually(() => stoppedAt(a)).toBe(GONE + 1)
    await world.until('A to say so', () => a.notes.some((note) => note.includes('left confirm')))
    expect(mostOf(b)).toBe(GONE)
    const shown = await left(a.share, 'status')
    for (const words of ['held, because it is so much: 61', 'deleted here, and nobody was told', 'left undo'])
      expect(shown.stdout).toContain(words)
    await eventually(async () => (await statusOf(b)).peers[0]?.notHeldThere).toBe(GONE + 1)
    // A restart, and a kill, change nothing.
    await a.kill('both')
    a.start()
    await world.until('A to be back', () => a.inStep.size > 0)
    await eventually(() => stoppedAt(a)).toBe(GONE + 1)
    expect(mostOf(b)).toBe(GONE)
    const confirmed = await left(a.path('.'), 'confirm', '--json')
    expect(confirmed).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[^\n]+\n$/) })
    expect(JSON.parse(confirmed.stdout)).toEqual({
      own: GONE + 1,
      received: 0,
      local: 0,
      away: 0,
      staying: 0,
    })
    await eventually(() => mostOf(b)).toBe(0)
    await world.untilSame([a, b])
    expect(trashOf(b)).toBe(GONE)
    expect(await stoppedAt(b)).toBe(0)
    expect((await left(a.share, 'confirm')).stdout).toBe('nothing is held\n')
  })

  longTest('come back with left undo', async ({ world }) => {
    const [a, b] = await pair(world)
    rmSync(a.path('most'), { recursive: true })
    await eventually(() => stoppedAt(a)).toBe(GONE + 1)
    expect((await left(a.share, 'undo')).stdout).toContain('61 deleted here: fetched again')
    await world.untilSame([a, b])
    expect(mostOf(a)).toBe(GONE)
    await eventually(() => stoppedAt(a)).toBe(0)
    // An ordinary deletion goes on as before.
    rmSync(a.path('most/0'))
    await eventually(() => mostOf(b)).toBe(GONE - 1)
  })
})

describe('60 of 100 files that a peer deletes without being asked itself', () => {
  async function deleted(world: World): Promise<[RecordedPeer, RecordedPeer]> {
    const [a, b] = await pair(world, ['--max-delete', 'no'])
    rmSync(a.path('most'), { recursive: true })
    await eventually(() => stoppedAt(b)).toBe(GONE + 1)
    return [a, b]
  }

  test('stay here, known and not held, until they are confirmed', async ({ world }) => {
    const [a, b] = await deleted(world)
    expect(mostOf(b)).toBe(GONE)
    await eventually(async () => (await statusOf(b)).isInStep).toBe(true)
    expect((await left(b.share, 'status')).stdout).toMatch(
      /most\/\d+: deleted by peer [0-9a-f]{16}, and still here/,
    )
    await b.kill('both')
    b.start()
    await world.until('B to be back', () => b.inStep.size > 0)
    await eventually(() => stoppedAt(b)).toBe(GONE + 1)
    expect(mostOf(b)).toBe(GONE)
    await left(b.share, 'confirm')
    await world.untilSame([a, b])
    expect(trashOf(b)).toBe(GONE)
    await eventually(() => stoppedAt(b)).toBe(0)
  })

  longTest('go back to where they were deleted with left undo', async ({ world }) => {
    const [a, b] = await deleted(world)
    await left(b.share, 'undo')
    await world.untilSame([a, b])
    expect(mostOf(a)).toBe(GONE)
    expect(readFileSync(join(a.share, 'most/7'), 'utf8')).toBe('content of 7')
  })

  longTest('and an edit of one of them releases that one', async ({ world }) => {
    const [a, b] = await deleted(world)
    writeFileSync(b.path('most/7'), 'edited')
    await eventually(() => existsSync(a.path('most/7'))).toBe(true)
    expect(readFileSync(a.path('most/7'), 'utf8')).toBe('edited')
    await eventually(() => stoppedAt(b)).toBe(GONE)
  })
})

describe('60 of 100 files that a peer replaces', () => {
  async function replaced(world: World): Promise<[RecordedPeer, RecordedPeer]> {
    const [a, b] = await pair(world, ['--max-delete', 'no'])
    for (let each = 0; each < GONE; each++) writeFileSync(a.path(`most/${each}`), `scrambled ${each}`)
    await eventually(() => stoppedAt(b)).toBeGreaterThan(0)
    await eventually(async () => (await statusOf(b)).isInStep).toBe(true)
    return [a, b]
  }

  function scrambledAt(peer: RecordedPeer): number {
    return readdirSync(peer.path('most')).filter((name) =>
      readFileSync(peer.path('most', name), 'utf8').startsWith('scrambled'),
    ).length
  }

  test('stay as they were but for those under the limit, which are in the trash', async ({ world }) => {
    const [a, b] = await replaced(world)
    const scrambled = scrambledAt(b)
    expect(scrambled).toBeLessThanOrEqual(25)
    expect(trashOf(b)).toBe(scrambled)
    expect(await stoppedAt(b)).toBe(GONE - scrambled)
    await left(b.share, 'confirm')
    await world.untilSame([a, b])
    expect(scrambledAt(b)).toBe(GONE)
  })

  longTest('and go back with left undo', async ({ world }) => {
    const [a, b] = await replaced(world)
    const scrambled = scrambledAt(b)
    await left(b.share, 'undo')
    await world.untilSame([a, b])
    expect(scrambledAt(a)).toBe(scrambled)
  })
})
