import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countEqualBlocks } from '../../scripts/resume/blocks.js'
import { drawKills, KILL_MS_MAX, KILL_MS_MIN, rateFor } from '../../scripts/resume/kills.js'

describe('the drawn kills', () => {
  it('are the same for the same seed', () => {
    expect(drawKills(42, 20)).toEqual(drawKills(42, 20))
    expect(drawKills(42, 20)).not.toEqual(drawKills(43, 20))
  })

  it('leave the link so slow that the last of them hits the transfer', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(30),
        fc.integer({ min: 1_000_000, max: 1e9 }),
        (seed, count, sizeBytes) => {
          const kills = drawKills(seed, count)
          const rateBytesPerS = rateFor(sizeBytes, kills)
          const killedMs = kills.reduce((sum, { afterMs }) => sum + afterMs, 0)
          expect((killedMs / 1_000) * rateBytesPerS).toBeLessThan(sizeBytes)
          for (const { afterMs } of kills) {
            expect(afterMs).toBeGreaterThanOrEqual(KILL_MS_MIN)
            expect(afterMs).toBeLessThanOrEqual(KILL_MS_MAX)
          }
        },
      ),
    )
  })

  it('hit both sides, and the watcher process too', () => {
    const kinds = new Set(drawKills(1, 100).map(({ side, whom }) => `${side} ${whom}`))
    expect(kinds.size).toBe(4)
  })
})

describe('blocks that lie on the disk', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'left-test-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([
    ['all of an equal file, its short last one too', 'aaabbbc', 'aaabbbc', 3],
    ['none of an empty file', 'aaabbbc', '', 0],
    ['not those that are holes or other content', 'aaabbbccc', 'aaa\0\0\0ccc', 2],
    ['not one that was cut off', 'aaabbbccc', 'aaabbbcc', 2],
    ['not those at another place', 'aaabbbccc', 'bbbaaaccc', 1],
  ])('count %s', async (_name, wanted, found, count) => {
    const paths = [join(folder, 'wanted'), join(folder, 'found')] as const
    await writeFile(paths[0], wanted)
    await writeFile(paths[1], found)
    expect(await countEqualBlocks(...paths, 3)).toBe(count)
  })
})
