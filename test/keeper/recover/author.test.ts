import { describe, expect, test } from 'vitest'
import { hash } from '../../../src/io/hash.js'
import { noteForgotten, openEdits } from '../../../src/keeper/recover/author.js'
import { countOf } from '../../../src/share/dots.js'
import { SimIndex } from '../../../src/sim/peer/index.js'
import { SimWitness } from '../../../src/sim/peer/witness.js'
import { SeededRandom } from '../../../src/sim/random.js'

const PEER = 'a'.repeat(16)
const NEW_PEER = 'b'.repeat(16)

/** A share's index and the machine that it is on: clock, draws and the notes outside of the share. */
class Machine {
  readonly random = new SeededRandom(11)
  readonly witness = new SimWitness()

  constructor(readonly index = new SimIndex()) {}

  open(peer: string) {
    const { index, witness, random } = this
    const draw = (below: number) => random.below(below)
    return openEdits({ peer, hash, index, wallMs: () => 1_700_000_000_000, random: draw, witness })
  }
}

/** Opened under its first peer id, and with an author of its own once something was forgotten. */
function openedBefore(isRenewed: boolean): Machine {
  const machine = new Machine()
  machine.open(PEER)
  if (isRenewed) {
    noteForgotten(machine.index)
    machine.open(PEER)
  }
  return machine
}

describe('the author of a share', () => {
  test('is its peer id, and stays that', () => {
    const machine = new Machine()
    for (let start = 0; start < 3; start++)
      expect(machine.open(PEER)).toMatchObject({ edits: { author: PEER }, suspicion: undefined })
  })

  test('that was renewed stays for as long as the peer id does', () => {
    const machine = openedBefore(true)
    const { author } = machine.open(PEER).edits
    expect(author).not.toBe(PEER)
    expect(machine.open(PEER).edits.author).toBe(author)
  })

  test.each([false, true])(
    'is new where the share took a new peer id (renewed before: %s), once, and nothing is said of it',
    (isRenewed) => {
      const machine = openedBefore(isRenewed)
      const { author: former } = machine.open(PEER).edits
      const { edits, suspicion } = machine.open(NEW_PEER)
      expect([PEER, former]).not.toContain(edits.author)
      expect(suspicion).toBeUndefined()
      expect(machine.open(NEW_PEER).edits.author).toBe(edits.author)
    },
  )

  test('is another one for each copy of a share, whichever peer ids they take, and counts of both go on from the copy', () => {
    const machine = openedBefore(true)
    const before = machine.open(PEER).edits
    const count = countOf(before.nextDot())
    machine.index.commit()
    const copy = new SimIndex()
    copy.putBack(machine.index.copy())
    const elsewhere = new Machine(copy).open(NEW_PEER).edits
    const here = machine.open(PEER).edits
    expect(here.author).toBe(before.author)
    expect(elsewhere.author).not.toBe(here.author)
    for (const edits of [here, elsewhere]) expect(countOf(edits.nextDot())).toBeGreaterThan(count)
  })

  test('is new where a share came back to a peer id that it had', () => {
    const machine = openedBefore(false)
    machine.open(NEW_PEER)
    const { author } = machine.open(PEER).edits
    expect([PEER, NEW_PEER]).not.toContain(author)
  })

  test('that was renewed by a left that did not note the peer id is renewed once more', () => {
    const machine = openedBefore(true)
    const { author: former } = machine.open(PEER).edits
    machine.index.putMeta('peer', '')
    const renewed = new Set([1, 2, 3].map(() => machine.open(PEER).edits.author))
    expect(renewed.size).toBe(1)
    expect(renewed).not.toContain(former)
  })
})
