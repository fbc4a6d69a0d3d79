import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type Claim,
  RECOVERY_TABLE,
  type RecoveryFacts,
  recoveryOf,
  rowApplies,
} from '../../src/journal/recovery.js'

function everyCombination(): RecoveryFacts[] {
  const bits = 7
  const claims: Claim[] = ['nothing', 'fetching', 'placing', 'placed']
  return claims.flatMap((claim) =>
    Array.from({ length: 1 << bits }, (_, mask) => {
      const bit = (index: number) => (mask & (1 << index)) !== 0
      return {
        claim,
        recordIntact: bit(0),
        temporaryExists: bit(1),
        blockMatches: bit(2),
        targetMatches: bit(3),
        targetUntouched: bit(4),
        indexKnows: bit(5),
        unclean: bit(6),
      }
    }),
  )
}

describe('the recovery table', () => {
  test('has exactly one row for every combination of facts', () => {
    const combinations = everyCombination()
    expect(combinations.length).toBe(512)
    for (const facts of combinations) {
      const rows = RECOVERY_TABLE.filter((row) => rowApplies(row, facts))
      expect(rows.map((row) => row.name)).toHaveLength(1)
      expect(recoveryOf(facts)).toBe(rows[0])
    }
  })

  test('has no row that never applies, and no two of one name', () => {
    const used = new Set(everyCombination().map(recoveryOf))
    expect(used.size).toBe(RECOVERY_TABLE.length)
    expect(new Set(RECOVERY_TABLE.map((row) => row.name)).size).toBe(RECOVERY_TABLE.length)
  })

  test('never goes on with what does not match, nor places over an edit', () => {
    for (const facts of everyCombination()) {
      const { action } = recoveryOf(facts)
      if (action === 'go-on') expect(facts.temporaryExists && facts.blockMatches).toBe(true)
      if (action === 'place-again')
        expect(facts.targetUntouched && facts.temporaryExists && facts.blockMatches).toBe(true)
    }
  })

  test('after the machine went down, nothing counts as placed unread', () => {
    for (const facts of everyCombination()) {
      if (facts.unclean && facts.recordIntact) expect(recoveryOf(facts).action).not.toBe('finish-placing')
    }
  })

  test('drops no temporary file that the log still wants', () => {
    for (const facts of everyCombination()) {
      if (recoveryOf(facts).action !== 'drop-temporary') continue
      expect(facts.claim === 'nothing' || (facts.claim === 'fetching' && facts.indexKnows)).toBe(true)
    }
  })

  test('is the one that the README shows', () => {
    const readme = readFileSync(new URL('../../src/journal/README.md', import.meta.url), 'utf8')
    const lines = readme.slice(readme.indexOf('## Recovery')).split('\n')
    const shown = lines.filter((line) => /^\| [^-]/.test(line)).slice(1)
    const cellOf = (value: boolean | string | undefined) =>
      value === undefined ? '–' : typeof value === 'string' ? value : value ? 'yes' : 'no'
    const expected = RECOVERY_TABLE.map(({ name, when, action }) => {
      const { recordIntact, claim, temporaryExists, blockMatches } = when
      const { targetMatches, targetUntouched, indexKnows, unclean } = when
      const facts = [recordIntact, claim, temporaryExists, blockMatches]
      const cells = [...facts, targetMatches, targetUntouched, indexKnows, unclean].map(cellOf)
      return `| ${[name, ...cells, action].join(' | ')} |`
    })
    expect(shown.map((line) => line.replaceAll(/ +/g, ' '))).toEqual(expected)
  })
})
