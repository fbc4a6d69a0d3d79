// CPace against the vectors of draft-irtf-cfrg-cpace for CPACE-RISTR255-SHA512 (appendix B, group ristretto255 and SHA-512).

import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, utf8 } from '../../src/base/bytes.js'
import {
  agreedPoint,
  blindShare,
  generatorOf,
  scalarOf,
  sessionKeyOf,
  shareOf,
} from '../../src/seal/cpace.js'
import { CURVES } from '../../src/seal/curves.js'

const hex = (...lines: string[]) => bytesOfHex(lines.join(''))!
const SESSION = hex('7e4b4791d6a8ef019b936c79fb7f2c57')
const BINDING = { channel: utf8('\nAinitiator\nBresponder'), session: SESSION }
const GENERATOR = hex('5e25411ca1ad7c9debfd0b33ad987a95cefef2d3f15dcc8bd26415a5dfe2e15a')
const SCALAR_A = hex('da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08')
const SHARE_A = hex('383a85dd236978f17f8c8545b50dabc52a39fcdab2cf8bc531ce040ff77ca82d')
const SCALAR_B = hex('d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d')
const SHARE_B = hex('a6206309c0e8e5f579295e35997ac4300ab3fecec3c17f7b604f3e698fa1383c')
const POINT = hex('fa1d0318864e2cacb26875f1b791c9ae83204fe8359addb53e95a2e98893853f')
const KEY = hex(
  'e91ccb2c0f5e0d0993a33956e3be59754f3f2b07db57631f5394452e',
  'a2e7b4354674eb1f5686c078462bf83bec72e8743df440108e638f35',
  '26d9b90e85be096f',
)
const [ASSOCIATED_A, ASSOCIATED_B] = [utf8('ADa'), utf8('ADb')]

describe('CPace, by the vectors of its draft,', () => {
  it('derives the generator', () => {
    expect(hexOf(generatorOf(utf8('Password'), BINDING))).toBe(hexOf(GENERATOR))
  })

  it('makes the shares and the point that both agree on', () => {
    expect(hexOf(shareOf(GENERATOR, SCALAR_A))).toBe(hexOf(SHARE_A))
    expect(hexOf(shareOf(GENERATOR, SCALAR_B))).toBe(hexOf(SHARE_B))
    expect(hexOf(agreedPoint(SHARE_B, SCALAR_A)!)).toBe(hexOf(POINT))
    expect(hexOf(agreedPoint(SHARE_A, SCALAR_B)!)).toBe(hexOf(POINT))
  })

  it('comes to the key of initiator and responder', () => {
    const key = sessionKeyOf(POINT, SESSION, [SHARE_A, ASSOCIATED_A], [SHARE_B, ASSOCIATED_B])
    expect(hexOf(key)).toBe(hexOf(KEY))
  })

  it('multiplies a valid element', () => {
    const scalar = hex('7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05')
    const element = hex('2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c')
    const product = hex('7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e')
    expect(hexOf(agreedPoint(element, scalar)!)).toBe(hexOf(product))
  })

  it('refuses what encodes no element, and the neutral one', () => {
    const scalar = hex('7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05')
    const none = hex('2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c')
    expect(agreedPoint(none, scalar)).toBeUndefined()
    expect(agreedPoint(new Uint8Array(32), scalar)).toBeUndefined()
    expect(agreedPoint(new Uint8Array(31), scalar)).toBeUndefined()
  })
})

describe('shares of a handshake', () => {
  const generator = generatorOf(utf8('a secret'), BINDING)
  const other = generatorOf(utf8('another'), BINDING)
  const shareWith = (of: Uint8Array | undefined, seed = randomBytes(32)) => CURVES.share(of, seed)

  it('agree where both hold the secret, by side, and nowhere else', () => {
    const [asker, answerer, stranger] = [shareWith(generator), shareWith(generator), shareWith(other)]
    const agreed = hexOf(asker.agree(answerer.bytes, 'asker')!)
    expect(hexOf(answerer.agree(asker.bytes, 'answerer')!)).toBe(agreed)
    expect(hexOf(answerer.agree(asker.bytes, 'asker')!)).not.toBe(agreed)
    expect(hexOf(stranger.agree(asker.bytes, 'answerer')!)).not.toBe(agreed)
    expect(shareWith(undefined).agree(asker.bytes, 'answerer')).toBeUndefined()
  })

  it('are the same for a seed, and elements whether there is a secret or none', () => {
    const seed = randomBytes(32)
    for (const of of [generator, undefined]) {
      expect(hexOf(shareWith(of, seed).bytes)).toBe(hexOf(shareWith(of, seed).bytes))
      expect(agreedPoint(shareWith(of, seed).bytes, scalarOf(randomBytes(32)))).toBeDefined()
    }
  })

  it('have scalars below the order, and never zero', () => {
    expect(scalarOf(new Uint8Array(32).fill(255))[31]).toBe(0x0f)
    expect(hexOf(scalarOf(new Uint8Array(32)))).toBe(`01${'00'.repeat(31)}`)
    expect(blindShare(scalarOf(new Uint8Array(32)))).toHaveLength(32)
  })
})
