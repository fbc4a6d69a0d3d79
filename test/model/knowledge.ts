// The attacker's knowledge: every message that was sent, taken apart as far as its keys go, and what can be put together
// from that. Used by the search. Analysis is complete for these rules, since every key is looked for by composition:
//
//   tuple(a, b)            ⊢ a, b
//   seal(k, a, t), k       ⊢ t
//   oaep(N(d), t, r), d    ⊢ t
//   base^(x·y), x          ⊢ base^y, and base^(x·y·z) for a known z
//   anything whose arguments are known is known: tuple, seal, oaep, sign, modulus, hash, power
//
// A signature gives its text to nobody (what is signed here is a hash). Nothing is ever unlearned.

import { argsOf, kindOf, type Sort, sortOf, type Term } from './terms.js'

/** Terms that the attacker makes itself, of each sort. */
export type Own = Partial<Record<Sort, readonly Term[]>>

export class Knowledge {
  /** Taken apart, in the order in which they were learned. */
  private readonly parts: Set<Term>
  /** Seals and sealed keys whose key is not known yet. */
  private closed: readonly Term[]
  private readonly powers: Map<Term, Term[]>
  private readonly answers = new Map<Term, boolean>()

  private constructor(parts: Set<Term>, closed: readonly Term[], powers: Map<Term, Term[]>) {
    this.parts = parts
    this.closed = closed
    this.powers = powers
  }

  static of(terms: readonly Term[]): Knowledge {
    return new Knowledge(new Set(), [], new Map()).with(terms)
  }

  with(terms: readonly Term[]): Knowledge {
    const powers = new Map([...this.powers].map(([base, known]) => [base, [...known]]))
    const next = new Knowledge(new Set(this.parts), this.closed, powers)
    next.learn(terms)
    return next
  }

  /** Values for a field that is not checked: what others have sent of this sort, and what the attacker makes itself. A
   *  point of a scalar of its own is as good as another. */
  valuesFor(sort: Sort, own: Own): ReadonlySet<Term> {
    const values = new Set(own[sort] ?? [])
    for (const part of this.parts) {
      if (sortOf(part) !== (sort === 'static' ? 'point' : sort)) continue
      const isOwn =
        sort === 'point' &&
        argsOf(part)
          .slice(1)
          .every((scalar) => own.scalar!.includes(scalar))
      if (!isOwn) values.add(part)
    }
    return values
  }

  get all(): Iterable<Term> {
    return this.parts
  }

  /** Whether the attacker can make it. */
  derives(term: Term): boolean {
    if (this.parts.has(term)) return true
    const known = this.answers.get(term)
    if (known !== undefined) return known
    const answer = this.composes(term)
    this.answers.set(term, answer)
    return answer
  }

  private composes(term: Term): boolean {
    const kind = kindOf(term)
    const args = argsOf(term)
    if (
      this.powers.get(term)?.some((power) =>
        argsOf(power)
          .slice(1)
          .every((scalar) => this.derives(scalar)),
      )
    )
      return true
    if (kind === 'atom') return sortOf(term) === 'label'
    if (kind !== 'power') return args.every((arg) => this.derives(arg))
    const [base, ...scalars] = args as [Term, ...Term[]]
    if (this.derives(base) && scalars.every((scalar) => this.derives(scalar))) return true
    return (this.powers.get(base) ?? []).some((power) =>
      differenceOf(scalars, argsOf(power).slice(1)).every((scalar) => this.derives(scalar)),
    )
  }

  private learn(terms: readonly Term[]): void {
    const queue = [...terms]
    let hasNews = true
    while (hasNews) {
      hasNews = false
      for (let term = queue.pop(); term !== undefined; term = queue.pop()) {
        if (this.parts.has(term)) continue
        this.parts.add(term)
        hasNews = true
        const kind = kindOf(term)
        if (kind === 'tuple') queue.push(...argsOf(term))
        if (kind === 'seal' || kind === 'oaep') this.closed = [...this.closed, term]
        if (kind === 'power') {
          const base = argsOf(term)[0]!
          this.powers.set(base, [...(this.powers.get(base) ?? []), term])
        }
      }
      this.answers.clear()
      this.closed = this.closed.filter((term) => {
        if (!this.opens(term)) return true
        queue.push(kindOf(term) === 'seal' ? argsOf(term)[2]! : argsOf(term)[1]!)
        return false
      })
      hasNews = queue.length > 0
    }
    this.answers.clear()
  }

  private opens(term: Term): boolean {
    const key = argsOf(term)[0]!
    if (kindOf(term) === 'seal') return this.derives(key)
    return kindOf(key) === 'modulus' && this.derives(argsOf(key)[0]!)
  }
}

/** Scalars of one that are not of the other, with how often: what has to be known to go from the one to the other. */
export function differenceOf(one: readonly Term[], other: readonly Term[]): Term[] {
  const counts = new Map<Term, number>()
  for (const scalar of one) counts.set(scalar, (counts.get(scalar) ?? 0) + 1)
  for (const scalar of other) counts.set(scalar, (counts.get(scalar) ?? 0) - 1)
  return [...counts].filter(([, count]) => count !== 0).map(([scalar]) => scalar)
}
