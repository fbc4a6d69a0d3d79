// How an attacker speaks: in the clear, or sealed with an identity of its own, which the target knows or does not.
// Made once per target; every attacker gets a protection of its own.

import type { Random } from '../base/ports.js'
import { crc32 } from '../io/hash.js'
import type { BlockName, Protection, SessionProtection, SlowStep } from '../rdt/protection.js'
import { makeX25519 } from '../seal/exchange.js'
import type { Codec } from '../seal/frames/codec.js'
import { loadCodec } from '../seal/frames/codec.js'
import { openIdentity } from '../seal/identity.js'
import { PlainProtection } from '../seal/plain.js'
import { RsaSigner } from '../seal/rsa.js'
import { SealedProtection } from '../seal/sealed.js'
import type { Trust } from '../seal/trust.js'
import { FrameCodec, forgedFrame } from './content.js'

export interface Guise {
  readonly protection: Protection
  carryOut(step: SlowStep): Promise<Uint8Array | undefined>
  /** A frame of any codec around anything, sealed or checked as a frame of the session should be. */
  forge(session: SessionProtection, name: BlockName, codec: number, payload: Uint8Array): Uint8Array
}

export type MakeGuise = (peerId: string) => Guise

export function plainGuise(random: Random): MakeGuise {
  return (peerId) => ({
    protection: new PlainProtection({ peerId, random, crc32 }),
    carryOut: async () => undefined,
    forge: (_, name, codec, payload) => forgedFrame(name, codec, payload),
  })
}

/** The keys of a target, as a peer knows them that has met it before. */
export interface KnownKeys {
  readonly fingerprint: string
  readonly staticKey: Uint8Array
}

/** `file` is the attacker's identity, made where there is none. With `knows` it asks the target by its pin. `generators` are of
 *  the secrets that it holds. */
export async function sealedGuise(
  random: Random,
  file: string,
  { knows, generators = [] }: { knows?: KnownKeys; generators?: readonly Uint8Array[] } = {},
): Promise<MakeGuise> {
  const { modulus, privateKey, staticSeed } = await openIdentity({ file })
  const signer = new RsaSigner(modulus, privateKey)
  const trust: Trust = {
    judge: () => 'trusted',
    keyAt: () => knows?.fingerprint,
    staticOf: () => knows?.staticKey,
    idsOf: () => [],
    mayShow: () => true,
    handleProved: () => {},
    handleRefused: () => {},
    handleWrongGuess: () => {},
  }
  return (peerId) => {
    const codec = new LyingCodec()
    const staticKey = makeX25519(staticSeed)
    return {
      protection: new SealedProtection({
        peerId,
        random,
        modulus,
        staticKey,
        trust,
        generators,
        codec,
        compresses: true,
      }),
      carryOut: (step) => signer.carryOut(step),
      forge: (session, name, codecByte, payload) => {
        const frame = codec.lying(codecByte === FrameCodec.lz4 ? payload : undefined, () =>
          session.frames.seal(name, codecByte === FrameCodec.lz4 ? ANY_BLOCK : payload),
        )
        frame[0] = codecByte
        return frame
      },
    }
  }
}

/** Long enough to be compressed. */
const ANY_BLOCK = new Uint8Array(1_000)

/** Compresses every block to the same lie, and none while there is no lie. */
class LyingCodec implements Codec {
  readonly name = 'lies'
  private lie: Uint8Array | undefined
  private readonly honest = loadCodec()

  lying<Result>(lie: Uint8Array | undefined, work: () => Result): Result {
    this.lie = lie
    try {
      return work()
    } finally {
      this.lie = undefined
    }
  }

  compress(): Uint8Array | undefined {
    return this.lie
  }

  decompress(compressed: Uint8Array): Uint8Array | undefined {
    return this.honest.decompress(compressed)
  }
}
