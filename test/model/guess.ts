// Whether a guess can be tested without asking anybody: what the attacker knows and the guess are set beside what it knows
// and another value. A guess can be tested where something that it can compute tells the two worlds apart (static
// equivalence, Abadi and Fournet). Used for the people's secret, and for keys that somebody suspects to be at work.
//
// Every entry has its value in both worlds. A term that can be had in two ways and has two values in the other world, a
// seal that opens in the one only, a signature that verifies in the one only: each is a test. The other direction is not
// needed: what holds for a fresh value holds for the guess too.

import { differenceOf, type Knowledge } from './knowledge.js'
import { argsOf, BASE, kindOf, raise, rebuild, SHARE_BASE, seal, sign, sortOf, type Term } from './terms.js'

/** The term that shows whether the guess was right; undefined where nothing does. */
export function testOf(knowledge: Knowledge, guess: Term, other: Term): Term | undefined {
  const frame = new Frame(guess, other)
  try {
    frame.fill(knowledge)
    return undefined
  } catch (error) {
    if (error instanceof Told) return error.term
    throw error
  }
}

class Told extends Error {
  constructor(readonly term: Term) {
    super()
  }
}

class Frame {
  /** The value in the other world of every part that is known. */
  private readonly twins = new Map<Term, Term>()
  private readonly powers: Term[] = []
  private readonly opened = new Set<Term>()
  /** The value of each composed term, until there is more to compose it from. */
  private readonly values = new Map<Term, Term | undefined>()

  constructor(guess: Term, other: Term) {
    this.add(guess, other)
  }

  fill(knowledge: Knowledge): void {
    for (const part of knowledge.all) this.add(part, part)
    while (this.openMore());
    for (const [part, twin] of this.twins) {
      const composed = this.compose(part)
      if (composed !== undefined && composed !== twin) throw new Told(part)
      if (kindOf(part) === 'sign') this.verify(part, twin)
    }
  }

  private add(term: Term, twin: Term): void {
    const known = this.twins.get(term)
    if (known !== undefined && known !== twin) throw new Told(term)
    if (known !== undefined) return
    this.twins.set(term, twin)
    this.values.clear()
    if (kindOf(term) === 'power') this.powers.push(term)
    if (kindOf(term) !== 'tuple') return
    const parts = argsOf(twin)
    argsOf(term).forEach((part, index) => {
      this.add(part, parts[index]!)
    })
  }

  private openMore(): boolean {
    let hasNews = false
    for (const [term, twin] of [...this.twins]) {
      const kind = kindOf(term)
      if (this.opened.has(term)) continue
      if (kind === 'seal') {
        const [key, associated, text] = argsOf(term) as [Term, Term, Term]
        const keyTwin = this.value(key)
        if (keyTwin === undefined) continue
        const [, , textTwin] = argsOf(twin) as [Term, Term, Term]
        const resealed = seal(keyTwin, this.value(associated) ?? argsOf(twin)[1]!, textTwin)
        if (resealed !== twin) throw new Told(term)
        this.add(text, textTwin)
      } else if (kind === 'oaep') {
        const [modulus, text] = argsOf(term) as [Term, Term]
        const privateTwin = kindOf(modulus) === 'modulus' ? this.value(argsOf(modulus)[0]!) : undefined
        if (privateTwin === undefined) continue
        if (argsOf(argsOf(twin)[0]!)[0] !== privateTwin) throw new Told(term)
        this.add(text, argsOf(twin)[1]!)
      } else if (kind === 'power') {
        const [base, ...scalars] = argsOf(term) as [Term, ...Term[]]
        const values = scalars.map((scalar) => this.value(scalar))
        if (values.includes(undefined)) continue
        this.add(base, argsOf(twin)[0]!)
      } else continue
      this.opened.add(term)
      hasNews = true
    }
    return hasNews
  }

  private verify(signature: Term, twin: Term): void {
    const [privateKey, text] = argsOf(signature) as [Term, Term]
    const modulus = [...this.twins.keys()].find(
      (part) => kindOf(part) === 'modulus' && argsOf(part)[0] === privateKey,
    )
    const textTwin = this.value(text)
    if (modulus === undefined || textTwin === undefined) return
    const signer = argsOf(this.twins.get(modulus)!)[0]
    if (signer === undefined || sign(signer, textTwin) !== twin) throw new Told(signature)
  }

  /** In the other world, of what can be computed in this one. */
  private value(term: Term): Term | undefined {
    const twin = this.twins.get(term)
    if (twin !== undefined || this.values.has(term)) return twin ?? this.values.get(term)
    const value = this.compose(term)
    this.values.set(term, value)
    return value
  }

  /** Put together from its arguments, or, of a power, from other powers. */
  private compose(term: Term): Term | undefined {
    const kind = kindOf(term)
    if (kind === 'atom')
      return sortOf(term) === 'label' || term === BASE || term === SHARE_BASE ? term : undefined
    const args = argsOf(term)
    const values = args.map((arg) => this.value(arg))
    const whole = values.includes(undefined) ? undefined : rebuild(term, values as Term[])
    if (kind !== 'power') return whole
    const [base, ...scalars] = args as [Term, ...Term[]]
    const ways = whole === undefined ? [] : [whole]
    for (const part of this.powers) {
      if (part === term || argsOf(part)[0] !== base) continue
      const twin = this.twins.get(part)!
      const known = argsOf(part).slice(1)
      const extra = scalars.filter((scalar) => !known.includes(scalar))
      const isPart = differenceOf([...known, ...extra], scalars).length === 0
      const twins = extra.map((scalar) => this.value(scalar))
      if (isPart && !twins.includes(undefined)) ways.push((twins as Term[]).reduce(raise, twin))
    }
    if (new Set(ways).size > 1) throw new Told(term)
    return ways[0]
  }
}
