import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  RECOVERY_TABLE,
  type RecoveryFact,
  type RecoveryFacts,
  type RecoveryRow,
  type RecoverySubject,
  recoveryOf,
  rowApplies,
} from '../../../src/keeper/recover/recovery-table.js'

const SUBJECTS: readonly RecoverySubject[] = ['placing', 'removing', 'moving', 'placed', 'temporary']
const FACTS: readonly RecoveryFact[] = [
  'machineWentDown',
  'indexKnows',
  'targetExists',
  'halfReplaced',
  'folderReplaced',
  'tookFreePlace',
  'targetLooksPlaced',
  'pathKnown',
  'temporaryGone',
  'movesFile',
  'targetHolds',
  'fetching',
  'contentHeld',
  'fresh',
]

interface Combination {
  readonly subject: RecoverySubject
  readonly facts: RecoveryFacts
  readonly isSo: (fact: RecoveryFact) => boolean
}

const everyCombination: readonly Combination[] = SUBJECTS.flatMap((subject) =>
  Array.from({ length: 1 << FACTS.length }, (_, mask) => {
    const isSo = (fact: RecoveryFact) => (mask & (1 << FACTS.indexOf(fact))) !== 0
    const facts = Object.fromEntries(FACTS.map((fact) => [fact, isSo(fact)])) as unknown as RecoveryFacts
    return { subject, facts, isSo }
  }),
)

const actionFor = ({ subject, isSo }: Combination) => recoveryOf(subject, isSo).action

describe('the recovery table', () => {
  test('has exactly one row for every combination of facts', () => {
    expect(everyCombination).toHaveLength(5 * 16384)
    // An expectation for each of them would take most of the time.
    const wrong = everyCombination.flatMap(({ subject, facts, isSo }) => {
      const rows = RECOVERY_TABLE.filter((row) => rowApplies(row, subject, isSo))
      const isRight = rows.length === 1 && recoveryOf(subject, isSo) === rows[0]
      return isRight ? [] : [{ subject, facts, rows: rows.map((row) => row.name) }]
    })
    expect(wrong).toEqual([])
  })

  test('has no row that never applies, and no two of one name', () => {
    const used = new Set(everyCombination.map(({ subject, isSo }) => recoveryOf(subject, isSo)))
    expect(used.size).toBe(RECOVERY_TABLE.length)
    expect(new Set(RECOVERY_TABLE.map(({ name }) => name)).size).toBe(RECOVERY_TABLE.length)
  })

  test('takes as received only what was read and is what the log says', () => {
    for (const combination of everyCombination) {
      if (['take-as-received', 'dress-and-take'].includes(actionFor(combination)))
        expect(combination.facts).toMatchObject({ targetHolds: true, indexKnows: false })
    }
  })

  test('removes something only after the machine went down, and never what is whole or may be an edit', () => {
    for (const combination of everyCombination) {
      const { subject, facts } = combination
      if (!actionFor(combination).startsWith('remove-torn')) continue
      expect(facts).toMatchObject({ machineWentDown: true, targetHolds: false })
      if (subject === 'placing')
        expect(facts.tookFreePlace && (facts.targetLooksPlaced || !facts.pathKnown)).toBe(true)
    }
  })

  test('makes a deletion or an edit only of what a process alone left behind, and had put in place for certain', () => {
    for (const combination of everyCombination) {
      const action = actionFor(combination)
      if (action === 'record-as-placed' || action === 'take-as-edited')
        expect(combination.facts).toMatchObject({
          machineWentDown: false,
          targetExists: action === 'take-as-edited',
          temporaryGone: true,
          movesFile: false,
        })
    }
  })

  test('makes nobody the one who deleted what made room for something else', () => {
    for (const combination of everyCombination) {
      if (actionFor(combination) === 'record-vacated')
        expect(combination.facts).toMatchObject({
          folderReplaced: true,
          targetExists: false,
          indexKnows: false,
        })
    }
  })

  test('records a deletion of a peer only where nothing stands any more, and removes nothing for it', () => {
    for (const combination of everyCombination) {
      if (actionFor(combination) === 'record-removal')
        expect(combination.facts).toMatchObject({ indexKnows: false, targetExists: false })
      if (combination.subject === 'removing')
        expect(['leave', 'record-removal']).toContain(actionFor(combination))
    }
  })

  test('records a move of a folder only where all of it stands at its new path', () => {
    for (const combination of everyCombination) {
      if (actionFor(combination) === 'record-move')
        expect(combination.facts).toMatchObject({ indexKnows: false, targetHolds: true })
      if (combination.subject === 'moving') expect(['leave', 'record-move']).toContain(actionFor(combination))
    }
  })

  test('drops no temporary file that can be gone on from', () => {
    for (const combination of everyCombination) {
      const { fetching, contentHeld, fresh } = combination.facts
      if (combination.subject !== 'temporary') continue
      const isOfUse = fetching && fresh && !contentHeld
      expect(actionFor(combination)).toBe(isOfUse ? 'keep-temporary' : 'drop-temporary')
    }
  })

  test('reads no file of what was placed where only the process died', () => {
    const asked: RecoveryFact[] = []
    recoveryOf('placed', (fact) => {
      asked.push(fact)
      return false
    })
    expect(asked).not.toContain('targetHolds')
  })

  test('is the one that the README shows', () => {
    const readme = readFileSync(new URL('../../../src/keeper/README.md', import.meta.url), 'utf8')
    const section = readme.slice(readme.indexOf('### The recovery table'))
    const shown = section.split('\n').filter((line) => /^\| [^-]/.test(line))
    const cellsOf = (line: string) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    expect(shown.slice(1).map(cellsOf)).toEqual(RECOVERY_TABLE.map(cellsOfRow))
  })
})

function cellsOfRow({ subject, name, when, action }: RecoveryRow): string[] {
  const facts = Object.entries(when).map(([fact, value]) => (value ? `\`${fact}\`` : `not \`${fact}\``))
  return [subject, name, facts.join(', '), `\`${action}\``]
}
