// Terms of the model: what a message, a key or a secret is made of. Used by everything beside it. Terms are interned, so
// that two of them are equal where their numbers are; the equations are built into the constructors:
//
//   raise(raise(base, x), y) = raise(raise(base, y), x)     Diffie-Hellman: exponents are a multiset
//   raise(identity, x)       = identity                     a point of small order
//
// Destructors (opening a seal, reading a tuple, decrypting) are rules of the attacker's knowledge, in knowledge.ts.

export type Term = number

/** Kinds of values that stand in fields of their own; an atom has one, of the rest `sortOf` tells. */
export type Sort =
  | 'scalar' // private half of a point or share
  | 'point' // X25519, in a field for the exchange
  | 'static' // X25519, in the field of a long-term key
  | 'share' // CPace, ristretto255
  | 'private' // RSA
  | 'modulus'
  | 'secret' // shared by people
  | 'nonce'
  | 'mac' // random, where there is nobody to be introduced to
  | 'name' // peer id
  | 'data' // session id, life, counts: what a side brings
  | 'sealedKey' // RSA-OAEP
  | 'premaster' // what RSA-OAEP carries
  | 'early'
  | 'random' // padding of RSA-OAEP; nobody is told
  | 'ticket' // its public id
  | 'label'
  | 'other'

type Kind = 'atom' | 'tuple' | 'seal' | 'oaep' | 'sign' | 'modulus' | 'power' | 'hash'

interface Node {
  readonly kind: Kind
  readonly symbol: string
  readonly sort: Sort
  readonly args: readonly Term[]
}

/** Arguments lead from node to node to the term. */
interface Branch {
  term: Term | undefined
  readonly next: Map<Term, Branch>
}

const nodes: Node[] = []
const roots = new Map<string, Branch>()
const names = new Map<Term, string>()

function intern(kind: Kind, symbol: string, sort: Sort, args: readonly Term[]): Term {
  // Symbols of different kinds that have arguments have different names.
  let branch = branchOf(roots, kind === 'hash' || kind === 'atom' ? symbol : kind)
  for (const arg of args) branch = branchOf(branch.next, arg)
  if (branch.term === undefined) {
    nodes.push({ kind, symbol, sort, args })
    branch.term = nodes.length - 1
  }
  return branch.term
}

function branchOf<Key>(branches: Map<Key, Branch>, key: Key): Branch {
  const known = branches.get(key)
  if (known !== undefined) return known
  const branch = { term: undefined, next: new Map() }
  branches.set(key, branch)
  return branch
}

export function atom(name: string, sort: Sort): Term {
  return intern('atom', `atom ${name}`, sort, [])
}

export function label(text: string): Term {
  return intern('atom', `atom '${text}'`, 'label', [])
}

export function tuple(...parts: readonly Term[]): Term {
  return intern('tuple', '', 'other', parts)
}

/** A function that anybody computes and nobody inverts: SHA-256, HMAC, HKDF, the map to a group. The label is its first
 *  argument; a key, where it has one, the second. */
export function hash(symbol: string, ...args: readonly Term[]): Term {
  return intern('hash', `hash ${symbol}`, symbol === 'ticket id' ? 'ticket' : 'other', args)
}

/** AES-256-GCM. */
export function seal(key: Term, associated: Term, text: Term): Term {
  return intern('seal', '', 'other', [key, associated, text])
}

/** RSA-OAEP; `padding` is random and told to nobody. */
export function oaep(modulus: Term, text: Term, padding: Term): Term {
  return intern('oaep', '', 'sealedKey', [modulus, text, padding])
}

/** RSA-PSS. */
export function sign(privateKey: Term, text: Term): Term {
  return intern('sign', '', 'other', [privateKey, text])
}

export function modulusOf(privateKey: Term): Term {
  return intern('modulus', '', 'modulus', [privateKey])
}

/** The private key of a modulus, for terms that only whoever holds it could make. */
export function privateOf(modulus: Term): Term | undefined {
  const { kind, args } = nodes[modulus]!
  return kind === 'modulus' ? args[0] : undefined
}

export const BASE = atom('g', 'label')
export const SHARE_BASE = atom('G', 'label')
export const IDENTITY = atom('identity', 'share')

/** base^scalar, and (base^x)^scalar. */
export function raise(point: Term, scalar: Term): Term {
  if (point === IDENTITY) return IDENTITY
  const { kind, args, sort } = nodes[point]!
  const base = kind === 'power' ? args[0]! : point
  const scalars = kind === 'power' ? args.slice(1) : []
  const power = [...scalars, scalar].sort((one, other) => one - other)
  const kindOfPoint: Sort = kind === 'power' ? sort : base === BASE ? 'point' : 'share'
  return intern('power', '', kindOfPoint, [base, ...power])
}

export function kindOf(term: Term): Kind {
  return nodes[term]!.kind
}

export function sortOf(term: Term): Sort {
  return nodes[term]!.sort
}

export function argsOf(term: Term): readonly Term[] {
  return nodes[term]!.args
}

/** The same term with other arguments. */
export function rebuild(term: Term, args: readonly Term[]): Term {
  const { kind, symbol, sort } = nodes[term]!
  if (kind === 'power') return args.slice(1).reduce(raise, args[0]!)
  return intern(kind, symbol, sort, args)
}

/** How a trace writes it; the first name stays. */
export function nameTerm(term: Term, name: string): Term {
  if (!names.has(term)) names.set(term, name)
  return term
}

export function show(term: Term, depth = 4): string {
  const { kind, symbol, args } = nodes[term]!
  const name = names.get(term)
  if (kind === 'atom') return symbol.slice('atom '.length)
  if (name !== undefined) return name
  if (depth === 0) return '…'
  const inner = args.map((arg) => show(arg, depth - 1))
  switch (kind) {
    case 'tuple':
      return `(${inner.join(', ')})`
    case 'seal':
      return `seal{${inner[2]}}_${inner[0]}`
    case 'oaep':
      return `OAEP_${inner[0]}{${inner[1]}}`
    case 'sign':
      return `PSS_${inner[0]}[${inner[1]}]`
    case 'modulus':
      return `N(${inner[0]})`
    case 'power':
      return `${inner[0]}^${inner.slice(1).join('·')}`
    case 'hash':
      return `${symbol.slice('hash '.length)}(${inner.join(', ')})`
  }
}
