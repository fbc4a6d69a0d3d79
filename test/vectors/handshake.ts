// A whole handshake 2 with fixed keys, in each of its cases, and the resumption that follows: every datagram's flight as it is
// on the wire. Whatever RSA randomises is fixed too: its steps are answered with bytes of the right length. Used by
// wire.test.ts.

import { bytesOfHex, utf8 } from '../../src/base/bytes.js'
import type { Opening } from '../../src/rdt/protection.js'
import { generatorOf } from '../../src/seal/cpace.js'
import { CPACE_BINDING, CURVES, type Curves } from '../../src/seal/curves.js'
import { makeX25519 } from '../../src/seal/exchange.js'
import { fingerprintOf } from '../../src/seal/fingerprint.js'
import { webAssemblyCodec } from '../../src/seal/frames/codec.js'
import { SealedProtection } from '../../src/seal/sealed.js'
import type { Trust } from '../../src/seal/trust.js'

const counting = (length: number, first = 0) => Uint8Array.from({ length }, (_, index) => first + index)
const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte)

interface Side {
  readonly protection: SealedProtection
  readonly opening: Opening
  carryOut(): void
}

type Pin = 'pinned' | 'unknown'

const SIDES = {
  asker: { peerId: '00000000000000a1', byte: 0x11, static: 0x21 },
  answerer: { peerId: '00000000000000b2', byte: 0x12, static: 0x22 },
} as const

/** Its ephemeral keys count up, one for each. */
function side(which: 'asker' | 'answerer', pin: Pin, secrets: readonly string[]): Side {
  const own = SIDES[which]
  const other = SIDES[which === 'asker' ? 'answerer' : 'asker']
  const modulus = filled(384, own.byte)
  let drawn = own.byte
  const random = { bytes: (length: number) => filled(length, drawn++), next: () => 0 }
  const curves: Curves = { ...CURVES, exchange: (seed) => makeX25519(seed ?? random.bytes(32)) }
  const theirs = fingerprintOf(filled(384, other.byte))
  const trust: Trust = {
    judge: () => 'trusted',
    keyAt: () => (pin === 'pinned' ? theirs : undefined),
    staticOf: () => (pin === 'pinned' ? makeX25519(filled(32, other.static)).publicKey : undefined),
    idsOf: () => [other.peerId],
    mayShow: () => true,
    handleProved: () => {},
    handleRefused: () => {},
    handleWrongGuess: () => {},
  }
  let sealed = new Uint8Array(0)
  const protection = new SealedProtection({
    peerId: own.peerId,
    modulus,
    staticKey: makeX25519(filled(32, own.static)),
    trust,
    random,
    generators: secrets.map((secret) => generatorOf(utf8(secret), CPACE_BINDING)),
    codec: webAssemblyCodec(),
    compresses: false,
    curves,
  })
  const opening: Opening = {
    address: '10.0.0.1:1',
    nonce: counting(8, 0x30),
    local: { high: own.byte, low: own.static },
    datagramBytesMax: 1_472,
    atMs: 0,
    knownOf: (author) => ({ author, count: Number(bytesOfHex(author)!.at(-1)) }),
    early: () => utf8('early'),
  }
  const carryOut = () => {
    for (let step = protection.pollStep(); step !== undefined; step = protection.pollStep()) {
      if (step.type === 'encrypt') {
        sealed = step.text.slice()
        boxes.push(sealed)
      }
      const results = {
        sign: () => filled(384, own.byte + 0x40),
        verify: () => new Uint8Array(0),
        encrypt: () => filled(384, 0x77),
        decrypt: () => boxes.at(-1)!,
      }
      protection.handleStep(step.id, results[step.type]())
    }
  }
  return { protection, opening, carryOut }
}

/** Texts under RSA-OAEP: the one that is opened is the last that was sealed. */
const boxes: Uint8Array[] = []

interface Shaken {
  readonly flights: Record<'introduction' | 'flight1' | 'flight2' | 'open' | 'flight4', Uint8Array>
  readonly resumption: Record<'introduction' | 'hello' | 'accept', Uint8Array>
}

const SECRETS = ['the first secret', 'the second secret']

function shake(used: 0 | 1 | 2 | 3): Shaken {
  const isBySecret = used >= 2
  const pin = used === 1 ? 'pinned' : 'unknown'
  const asker = side('asker', pin, isBySecret ? [SECRETS[used - 2]!] : [])
  const answerer = side('answerer', 'unknown', isBySecret ? SECRETS : [])
  const seed = filled(32, 0x55)
  let asking = asker.protection.ask(asker.opening)!
  // The pair of the only secret and the second share is tried after the first has failed.
  if (used === 3) {
    asking.handleFlight({ step: 2, body: answerer.protection.offer(answerer.opening, asking.first, seed)! })
    asker.carryOut()
    asking.end()
    asking = asker.protection.ask(asker.opening)!
  }
  const { first } = asking
  const flight2 = answerer.protection.offer(answerer.opening, first, seed)!
  asking.handleFlight({ step: 2, body: flight2 })
  asker.carryOut()
  const open = asking.flight!.body
  const answering = answerer.protection.answer(
    answerer.opening,
    { introduction: first.introduction, body: open },
    seed,
  )!
  answering.proceed()
  answerer.carryOut()
  const flight4 = answering.flight!.body
  asking.handleFlight({ step: 4, body: flight4 })
  asker.carryOut()
  if (asking.agreement === undefined || answering.agreement === undefined) throw new Error('no agreement')
  const resuming = asker.protection.resume(asker.opening)!
  const resumed = answerer.protection.answerResumed(answerer.opening, resuming.first)!
  const accept = resumed.flight!.body
  if (!resuming.handleFlight({ step: 2, body: accept })) throw new Error('no resumption')
  return {
    flights: { introduction: first.introduction, flight1: first.body, flight2, open, flight4 },
    resumption: { introduction: resuming.first.introduction, hello: resuming.first.body, accept },
  }
}

/** By the comment in the file of vectors, what is made today. */
export function handshakeVectors(): [string, () => Uint8Array][] {
  return ([0, 1, 2, 3] as const).flatMap((used) => {
    let made: Shaken | undefined
    const shaken = () => {
      made ??= shake(used)
      return made
    }
    return [
      ...(['introduction', 'flight1', 'flight2', 'open', 'flight4'] as const).map(
        (name): [string, () => Uint8Array] => [`case ${used}: ${name}`, () => shaken().flights[name]],
      ),
      ...(['introduction', 'hello', 'accept'] as const).map((name): [string, () => Uint8Array] => [
        `case ${used}, resumed: ${name}`,
        () => shaken().resumption[name],
      ]),
    ]
  })
}
