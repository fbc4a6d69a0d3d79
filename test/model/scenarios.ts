// The people of the model and what the attacker begins with. Used by the tests.

import type { Own } from './knowledge.js'
import type { Party } from './role.js'
import { atom, BASE, hash, IDENTITY, modulusOf, nameTerm, raise, SHARE_BASE, type Term } from './terms.js'

type Identity = Pick<Party, 'name' | 'privateKey' | 'scalar' | 'id'>

function identityOf(name: string): Identity {
  const privateKey = atom(`d_${name}`, 'private')
  const scalar = atom(`s_${name}`, 'scalar')
  nameTerm(modulusOf(privateKey), `N_${name}`)
  nameTerm(raise(BASE, scalar), `P_${name}`)
  return { name, privateKey, scalar, id: atom(`id_${name}`, 'name') }
}

const a = identityOf('A')
const b = identityOf('B')
/** Let in by both, and dishonest: the attacker holds its keys. */
const c = identityOf('C')

export const SECRET = atom('S', 'secret')

export interface Given {
  readonly trust?: Party['trust']
  readonly secret?: boolean
  /** Whether A and B have each other's pins. */
  readonly isPinned?: boolean
  /** Whether they have C's. */
  readonly pinsC?: boolean
  /** B holds no secret, whatever A does. */
  readonly onlyAHoldsSecret?: boolean
}

export function partiesOf(given: Given): { A: Party; B: Party; C: Party } {
  const { trust = 'pinned', secret = false, isPinned = true, pinsC = true } = given
  const pinned = (...identities: Identity[]) =>
    identities.map(({ privateKey, scalar, id }) => ({
      modulus: modulusOf(privateKey),
      point: raise(BASE, scalar),
      id,
    }))
  const others = pinsC ? [c] : []
  const held = secret ? SECRET : undefined
  return {
    A: { ...a, trust, secret: held, pins: pinned(...(isPinned ? [b] : []), ...others) },
    B: {
      ...b,
      trust,
      secret: given.onlyAHoldsSecret === true ? undefined : held,
      pins: pinned(...(isPinned ? [a] : []), ...others),
    },
    C: { ...c, trust, secret: undefined, pins: [] },
  }
}

const scalar = atom('x_I', 'scalar')
const guessed = atom('a wrong guess', 'secret')

/** One of each sort: more are no more use, as all that the attacker makes is known to it (docs/security/handshake.md). Of
 *  shares it has one made of a guess, one made of none, and one of small order. */
export function ownOf({ A }: { A: Party }): Own {
  const pinsC = A.pins.some(({ id }) => id === c.id)
  const plain = raise(SHARE_BASE, scalar)
  const shares = [
    nameTerm(raise(hash('generator', guessed), scalar), 'c_I'),
    nameTerm(plain, 'G^x_I'),
    IDENTITY,
  ]
  return {
    scalar: pinsC ? [scalar, c.scalar] : [scalar],
    point: [nameTerm(raise(BASE, scalar), 'e_I')],
    share: A.secret === undefined ? [plain] : shares,
    secret: [guessed],
    nonce: [atom('n_I', 'nonce')],
    private: [atom('d_I', 'private')],
    modulus: [nameTerm(modulusOf(atom('d_I', 'private')), 'N_I')],
    mac: [atom('m_I', 'mac')],
    // Where C is let in, the attacker has its id.
    name: pinsC ? [] : [atom('id_I', 'name')],
    data: [atom('data_I', 'data')],
    premaster: [atom('z_I', 'premaster')],
    early: [atom('early_I', 'early')],
    random: [atom('r_I', 'random')],
  }
}

/** Public halves and names. */
export function publicOf(...parties: readonly Party[]): Term[] {
  return parties.flatMap(({ privateKey, scalar, id }) => [modulusOf(privateKey), raise(BASE, scalar), id])
}

export function privateHalvesOf(...parties: readonly Party[]): Term[] {
  return parties.flatMap(({ privateKey, scalar }) => [privateKey, scalar])
}
