// The hostile self-test itself: that it finds what it is there to find, and that a real peer withstands the attacks.
// Everything runs in `left selftest --hostile`; here is a part of it that takes seconds.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runLeft } from '../../harness/processes.js'
import { outcomeLines, runSelftest } from '../../src/cli/selftest.js'
import type { Attack, AttackResult } from '../../src/hostile/attack.js'
import { ATTACKS, type Outcome, runHostile } from '../../src/hostile/run.js'
import { isLong } from '../length.js'

const onLinux = process.platform === 'linux'
const fine: AttackResult = { fault: undefined, seen: 'nothing' }

async function outcomesOf(attacks: readonly Attack[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const isAllRejected = await runHostile({
    quick: true,
    encryptions: ['no'],
    attacks,
    onOutcome: (outcome) => outcomes.push(outcome),
  })
  expect(isAllRejected).toBe(outcomes.every(({ isRejected }) => isRejected))
  return outcomes
}

describe.runIf(onLinux)('the hostile self-test', () => {
  it.runIf(isLong)(
    'tells of what is written beside the share, of what changes in it, and of faults that an attack finds',
    async () => {
      const outcomes = await outcomesOf([
        { name: 'harmless', run: async () => fine },
        {
          name: 'outside',
          run: async ({ target }) => {
            writeFileSync(join(target.outside, 'evil'), 'evil')
            return fine
          },
        },
        {
          name: 'inside',
          mayWrite: (path) => path.startsWith('expected'),
          run: async ({ target }) => {
            mkdirSync(join(target.share, 'expected'))
            writeFileSync(join(target.share, 'victim.txt'), 'something else')
            return fine
          },
        },
        {
          name: 'late',
          run: async ({ target }) => {
            writeFileSync(join(target.share, 'expected', 'late'), 'of the attack before')
            return fine
          },
        },
        { name: 'found', run: async () => ({ fault: 'it is broken', seen: '' }) },
        {
          name: 'came to nothing',
          run: async () => {
            throw new Error('no')
          },
        },
        {
          name: 'deadly',
          run: async ({ target }) => {
            target.stop()
            while (target.isRunning) await new Promise((resolve) => setTimeout(resolve, 10))
            return fine
          },
        },
        { name: 'another target', run: async () => fine },
      ])
      expect(outcomes.map(({ name, isRejected }) => [name, isRejected])).toEqual([
        ['harmless', true],
        ['outside', false],
        ['inside', false],
        ['late', true],
        ['found', false],
        ['came to nothing', false],
        ['deadly', false],
        ['another target', true],
      ])
      expect(outcomes[1]!.outside).toEqual(['outside/evil'])
      expect(outcomes[2]!.faults).toEqual(['it wrote "victim.txt" in the share'])
      expect(outcomes[3]!.inside).toEqual(['expected/late'])
      expect(outcomes[4]!.faults).toEqual(['it is broken'])
      expect(outcomes[6]!.faults).toContain('the target ended')
    },
  )

  // Without encryption: selftest.long.test.ts.
  it('is withstood, as the command tells', async () => {
    const names = [
      'strangers',
      'keys that are not trusted',
      'amplification',
      'half-open handshakes',
      'forged requests',
      'stolen session',
      'traversal',
      'decompression bombs',
      'lying segments',
      'replay',
    ]
    const words = ['selftest', '--hostile', '--quick', '--encryption', 'yes', '--only', names.join(';')]
    const { exitCode, stdout, stderr } = await runLeft(words, { timeoutMs: 170_000 })
    // With what was wrong, which stands below.
    const notRejected = [...stdout.matchAll(/^NOT.*\n(?: .*\n)*/gm)].map(([text]) => text)
    expect({ exitCode, notRejected, stderr }).toEqual({ exitCode: 0, notRejected: [], stderr: '' })
    for (const name of names) expect(stdout).toMatch(new RegExp(`^rejected +${name} `, 'm'))
    expect(stdout).toContain(`${names.length} of ${names.length} attacks rejected`)
  })
})

describe('left selftest', () => {
  it('wants to be told which test, and knows its attacks by name', async () => {
    await expect(runSelftest({})).rejects.toMatchObject({ code: 'usage' })
    if (onLinux)
      await expect(runSelftest({ hostile: true, encryption: 'maybe' })).rejects.toMatchObject({
        code: 'usage',
      })
    if (onLinux)
      await expect(runSelftest({ hostile: true, only: 'nonsense' })).rejects.toThrow(
        'amplification, half-open handshakes',
      )
    expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length)
  })

  it('shows an attack in a line of figures, with what was seen and what was wrong below', () => {
    const outcome: Outcome = {
      name: 'traversal',
      encryption: 'yes',
      isRejected: false,
      faults: ['it wrote "a" in the share'],
      seen: '21 paths',
      sentBytes: 1_000,
      answeredBytes: 2_500,
      ratio: 2.5,
      memoryGrowthBytes: [50_000_000, -1_000],
      inside: ['a', 'b'],
      outside: [],
      tookMs: 1_234,
    }
    expect(outcomeLines(outcome)).toEqual([
      'NOT REJECTED  traversal                   sent 1 KB, answered 2.5 KB (2.50 ×), ' +
        'memory +50 MB, then −1 KB, inside 2 paths, outside nothing, 1.2 s',
      '              21 paths',
      '              ! it wrote "a" in the share',
    ])
  })
})
