// The key agreements of a handshake: X25519 (RFC 7748) and CPace over ristretto255. A port, because the simulator runs
// tens of thousands of handshakes, where a millisecond of arithmetic each counts.

import { utf8 } from '../base/bytes.js'
import { agreedPoint, blindShare, scalarOf, sessionKeyOf, shareOf } from './cpace.js'
import { type KeyExchange, makeX25519 } from './exchange.js'

/** A share of a secret that the other side may hold. */
export interface Share {
  /** 32 bytes, for the other side. */
  readonly bytes: Uint8Array
  /** The key that both come to who hold one secret, 64 bytes; undefined where `theirs` is no share, or ours is of no
   *  secret. */
  agree(theirs: Uint8Array, side: 'asker' | 'answerer'): Uint8Array | undefined
}

export interface Curves {
  /** `seed`, 32 bytes that nobody else can know: the same one gives the same keys. Without one they are random. */
  exchange(seed?: Uint8Array): KeyExchange
  /** A share of the secret that `generator` is of; of none where it is undefined. `seed` as above. */
  share(generator: Uint8Array | undefined, seed: Uint8Array): Share
}

/** CI of CPace; sid is empty, for the transcript of the handshake binds all that this one could. */
export const CPACE_BINDING = { channel: utf8('LEFT 2'), session: new Uint8Array(0) }

export const CURVES: Curves = {
  exchange: makeX25519,
  share: (generator, seed) => {
    const scalar = scalarOf(seed)
    if (generator === undefined) return { bytes: blindShare(scalar), agree: () => undefined }
    const ours = shareOf(generator, scalar)
    return {
      bytes: ours,
      agree: (theirs, side) => {
        const point = agreedPoint(theirs, scalar)
        const [own, other] = [
          [ours, NOTHING],
          [theirs, NOTHING],
        ] as const
        const [initiator, responder] = side === 'asker' ? [own, other] : [other, own]
        return point && sessionKeyOf(point, CPACE_BINDING.session, initiator, responder)
      },
    }
  },
}

const NOTHING = new Uint8Array(0)
