// The attacker of the model can do what it is said to be able to do, and no more.

import { describe, expect, test } from 'vitest'
import { testOf } from './guess.js'
import { Knowledge } from './knowledge.js'
import {
  argsOf,
  atom,
  BASE,
  hash,
  IDENTITY,
  label,
  modulusOf,
  oaep,
  raise,
  seal,
  sign,
  tuple,
} from './terms.js'

const [x, y, z] = ['x', 'y', 'z'].map((name) => atom(name, 'scalar')) as [number, number, number]
const [k, m] = [atom('k', 'other'), atom('m', 'other')]
const privateKey = atom('d', 'private')
const padding = atom('padding', 'random')
const secret = atom('secret', 'secret')
const other = atom('another', 'secret')

describe('the attacker', () => {
  test('takes tuples apart, opens seals whose key comes later, and puts together', () => {
    const before = Knowledge.of([tuple(seal(hash('key', k), label('a'), m), label('b'))])
    expect(before.derives(m)).toBe(false)
    const after = before.with([k])
    expect(after.derives(m)).toBe(true)
    expect(after.derives(hash('anything', tuple(m, k)))).toBe(true)
    expect(before.derives(m)).toBe(false)
  })

  test('opens what was sealed under a modulus only with its private key, and signs only with it', () => {
    const sealed = oaep(modulusOf(privateKey), m, padding)
    const before = Knowledge.of([sealed, modulusOf(privateKey), k])
    expect(before.derives(m)).toBe(false)
    expect(before.derives(sign(privateKey, k))).toBe(false)
    const after = before.with([privateKey])
    expect(after.derives(m)).toBe(true)
    expect(after.derives(sign(privateKey, k))).toBe(true)
  })

  test('agrees by Diffie-Hellman where it knows one scalar, in whatever order', () => {
    const [gx, gy] = [raise(BASE, x), raise(BASE, y)]
    expect(raise(gx, y)).toBe(raise(gy, x))
    expect(Knowledge.of([BASE, gx, gy]).derives(raise(gx, y))).toBe(false)
    expect(Knowledge.of([gx, y]).derives(raise(gx, y))).toBe(true)
    expect(Knowledge.of([raise(gx, y), z]).derives(raise(raise(gy, z), x))).toBe(true)
    expect(Knowledge.of([raise(gx, y), y]).derives(gx)).toBe(true)
    expect(Knowledge.of([gx]).derives(raise(gx, x))).toBe(false)
  })

  test('finds the base where it knows every scalar, and nothing but the identity comes of the identity', () => {
    const base = hash('generator', secret)
    expect(Knowledge.of([raise(base, x)]).derives(base)).toBe(false)
    expect(Knowledge.of([raise(base, x), x]).derives(base)).toBe(true)
    expect(raise(IDENTITY, x)).toBe(IDENTITY)
  })
})

describe('a guess', () => {
  const isTested = (...known: number[]) => testOf(Knowledge.of(known), secret, other) !== undefined

  test('is tested by a hash of it beside what else is in the hash', () => {
    expect(isTested(hash('mac', secret, k), k)).toBe(true)
    expect(isTested(hash('mac', secret, k))).toBe(false)
    expect(isTested(hash('mac', secret))).toBe(true)
  })

  test('is tested by a seal that opens', () => {
    expect(isTested(seal(hash('key', secret), label('a'), m))).toBe(true)
    expect(isTested(seal(hash('key', secret, k), label('a'), m))).toBe(false)
    expect(isTested(seal(hash('key', secret, k), label('a'), m), seal(secret, label('b'), k))).toBe(true)
  })

  test('is tested by a signature over it, and not by one over what is unknown', () => {
    expect(isTested(sign(privateKey, hash('text', secret)), modulusOf(privateKey))).toBe(true)
    expect(isTested(sign(privateKey, hash('text', secret, k)), modulusOf(privateKey))).toBe(false)
    expect(isTested(sign(privateKey, hash('text', secret)))).toBe(false)
  })

  test('is tested by a share whose scalar is known, and not by what others agree on', () => {
    const base = hash('generator', secret)
    const [one, two] = [raise(base, x), raise(base, y)]
    expect(isTested(one, two)).toBe(false)
    expect(isTested(one, x)).toBe(true)
    const agreed = hash('key', raise(one, y))
    expect(isTested(one, two, agreed)).toBe(false)
    // With a scalar it agrees on a key whatever the base was.
    expect(isTested(one, agreed, y)).toBe(false)
  })

  test('is not tested by what is sealed under a modulus: the padding is random', () => {
    expect(isTested(oaep(modulusOf(privateKey), secret, padding), modulusOf(privateKey))).toBe(false)
    expect(isTested(oaep(modulusOf(privateKey), secret, padding), privateKey)).toBe(true)
  })
})

test('terms keep their parts', () => {
  expect(argsOf(tuple(k, m))).toEqual([k, m])
})
