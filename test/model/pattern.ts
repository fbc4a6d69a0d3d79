// Which messages a role takes, and with which of them the attacker can serve it. Used by the search.
//
// A field that a role cannot check stands for every value of its sort that the attacker knows or has made itself (the
// typed model: docs/security/handshake.md says why that loses no attack). A field that a role does check has one value,
// and the attacker needs that one. A seal is one that was sent before, or one made with a known key.

import type { Knowledge, Own } from './knowledge.js'
import { argsOf, kindOf, oaep, privateOf, type Sort, seal, sortOf, type Term, tuple } from './terms.js'

/** Values by name, of which a longer one shares the rest with the one that it was made of. */
export class Env {
  static readonly empty = new Env('', -1, undefined)

  private constructor(
    private readonly name: string,
    private readonly value: Term,
    private readonly rest: Env | undefined,
  ) {}

  with(name: string, value: Term): Env {
    return new Env(name, value, this)
  }

  get(name: string): Term | undefined {
    for (let at: Env | undefined = this; at !== undefined; at = at.rest) if (at.name === name) return at.value
    return undefined
  }

  the(name: string): Term {
    const value = this.get(name)
    if (value === undefined) throw new Error(`the model is broken: nothing is called ${name} here`)
    return value
  }

  /** The same for two that were made in the same way. */
  get key(): string {
    return this.rest === undefined ? '' : `${this.rest.key},${this.value}`
  }
}

export type Field = {
  readonly name: string
} /** `from`: only exchanges that an answerer answers with, or the attacker's own, where the search is narrow. An asker's
 *  keys with another one are nobody's: docs/security/handshake.md. `beside`: the field of a key; beside a key of its own
 *  the attacker writes a value of its own. */ & (
  | { readonly any: Sort; readonly from?: 'answerer'; readonly beside?: string }
  /** Undefined: nothing can stand here. */
  | { readonly is: (env: Env) => Term | undefined; readonly unlessKnown?: Term }
  | {
      readonly key: (env: Env) => Term | undefined
      readonly associated: (env: Env) => Term
      readonly sealed: Pattern
    }
  | { readonly modulus: Term; readonly text: Pattern }
)

export type Pattern = readonly Field[]

export interface World {
  readonly knowledge: Knowledge
  readonly own: Own
  /** Exchanges of answerers; undefined where the search is not narrow. */
  readonly answered: ReadonlySet<Term> | undefined
}

export interface Fit {
  /** With the fields by their names. */
  readonly env: Env
  readonly fields: readonly Term[]
}

/** All messages that fit and that the attacker can send. */
export function fitsOf(pattern: Pattern, env: Env, world: World): Fit[] {
  return pattern.reduce<Fit[]>(
    (fits, field) =>
      fits.flatMap((fit) =>
        fitsOfField(field, fit.env, world).map(({ env, fields }) => ({
          env,
          fields: [...fit.fields, ...fields],
        })),
      ),
    [{ env, fields: [] }],
  )
}

function fitsOfField(field: Field, env: Env, world: World): Fit[] {
  const { name } = field
  const { knowledge, own, answered } = world
  if ('any' in field) {
    const signer = field.beside === undefined ? undefined : privateOf(env.the(field.beside))
    if (signer !== undefined && knowledge.derives(signer))
      return own[field.any]!.map((value) => bound(env, name, value))
    const values = [...knowledge.valuesFor(field.any, own)]
    const isNarrow = field.from !== undefined && answered !== undefined
    const kept = isNarrow
      ? values.filter((value) => answered.has(value) || own[field.any]!.includes(value))
      : values
    return kept.map((value) => bound(env, name, value))
  }
  if ('is' in field) {
    const value = field.is(env)
    if (field.unlessKnown !== undefined && knowledge.derives(field.unlessKnown)) return []
    return value !== undefined && knowledge.derives(value) ? [bound(env, name, value)] : []
  }
  const known = [...knowledge.all].flatMap((term) => match(field, term, env) ?? [])
  if ('modulus' in field) {
    const made = knowledge.derives(field.modulus) ? fitsOf(field.text, env, world) : []
    const padding = own.random![0]!
    return unique([
      ...known,
      ...made.map(({ env, fields }) => bound(env, name, oaep(field.modulus, tuple(...fields), padding))),
    ])
  }
  const key = field.key(env)
  if (key === undefined) return []
  const associated = field.associated(env)
  if (!knowledge.derives(key) || !knowledge.derives(associated)) return known
  const made = fitsOf(field.sealed, env, world)
  return unique([
    ...known,
    ...made.map(({ env, fields }) => bound(env, name, seal(key, associated, tuple(...fields)))),
  ])
}

/** Reads a term that was made by somebody else; undefined where it is not of this form. */
function match(field: Field, term: Term, env: Env): Fit | undefined {
  const { name } = field
  if ('any' in field) {
    const sort = field.any === 'static' ? 'point' : field.any
    return sortOf(term) === sort ? bound(env, name, term) : undefined
  }
  if ('is' in field) return field.is(env) === term ? bound(env, name, term) : undefined
  const args = argsOf(term)
  if ('modulus' in field) {
    if (kindOf(term) !== 'oaep' || args[0] !== field.modulus) return undefined
    const inner = matchAll(field.text, args[1]!, env)
    return inner && bound(inner, name, term)
  }
  if (kindOf(term) !== 'seal' || args[0] !== field.key(env) || args[1] !== field.associated(env))
    return undefined
  const inner = matchAll(field.sealed, args[2]!, env)
  return inner && bound(inner, name, term)
}

function matchAll(pattern: Pattern, text: Term, env: Env): Env | undefined {
  const parts = argsOf(text)
  if (kindOf(text) !== 'tuple' || parts.length !== pattern.length) return undefined
  return pattern.reduce<Env | undefined>(
    (known, field, index) => known && match(field, parts[index]!, known)?.env,
    env,
  )
}

function bound(env: Env, name: string, value: Term): Fit {
  return { env: env.with(name, value), fields: [value] }
}

function unique(fits: readonly Fit[]): Fit[] {
  return [...new Map(fits.map((one) => [one.fields.join(' '), one])).values()]
}
