import { describe, expect, it } from 'vitest'
import { World } from '../../harness/rdt/world.js'
import { equalBytes, utf8 } from '../../src/base/bytes.js'
import { PlainProtection } from '../../src/seal/plain.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey } from '../../src/sim/stand-ins.js'
import { A, B, earlyOf, pair, SealedNode, talks } from './world.js'

describe('whoever is not who he says', () => {
  it('does not get in with a key whose private half he lacks, on either side', () => {
    const victim = new StandInKey(new SeededRandom(5))
    const own = new StandInKey(new SeededRandom(6))
    const { modulus, staticKey } = victim
    const liar = { modulus, staticKey, carryOut: own.carryOut.bind(own) }
    for (const options of [{ left: { signer: liar } }, { right: { signer: liar } }]) {
      const world = new World(1, { delayMs: 5 })
      const greeting = () => utf8('names of files')
      const [left, right] = pair(world, {
        left: { ...options.left, greeting },
        right: { ...options.right, greeting },
      })
      left.connect(right)
      world.run(60_000)
      expect(left.count('opened') + right.count('opened')).toBe(0)
      expect([...earlyOf(left), ...earlyOf(right)]).toEqual([])
      expect([...left.trust.pinned, ...right.trust.pinned].filter(([, key]) => key === '')).toEqual([])
    }
  })

  it('and has another key than is known at his address is refused, told of, and asked again later', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    right.signer = new StandInKey(new SeededRandom(77))
    right.restart()
    world.run(60_000)
    expect(left.session).toBeUndefined()
    // Whoever is called by a pin and does not hold its key cannot even read who calls.
    expect(left.trust.told).toEqual([`first-use ${B}`])
    expect(right.trust.told).toEqual([`first-use ${A}`])
    expect(left.events.findLast(({ type }) => type === 'unreachable')).toMatchObject({ answers: true })
    right.connect(left)
    world.run(10_000)
    expect(left.trust.told).toContain(`refused changed ${B}`)
    left.trust.pinned.set(B, right.fingerprint)
    world.run(30_000)
    expect(talks(world, left)).toBe(true)
  })

  it('and is pinned since before there were static keys is asked once without, and by its pin from then on', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.trust.pinned.set(B, right.fingerprint)
    right.trust.pinned.set('10.7.7.7:1', left.fingerprint)
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
    expect(equalBytes(left.trust.statics.get(right.fingerprint)!, right.signer.staticKey.publicKey)).toBe(
      true,
    )
    // Nobody else is welcome there.
    const [one, other] = [SealedNode.make(world, '10.0.0.3:1'), SealedNode.make(world, '10.0.0.4:1')]
    one.trust.pinned.set('10.0.0.4:1', right.fingerprint)
    one.connect(other)
    world.run(30_000)
    expect(one.session).toBeUndefined()
    expect(one.trust.told[0]).toBe('refused changed 10.0.0.4:1')
  })

  it('and shows another static key than is pinned does not get in, on either side', () => {
    for (const isAskerOdd of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const [left, right] = pair(world)
      const [odd, honest] = isAskerOdd ? [left, right] : [right, left]
      left.connect(right)
      world.run(200)
      const { signer } = odd
      odd.signer = {
        modulus: signer.modulus,
        staticKey: new StandInKey(new SeededRandom(99)).staticKey,
        carryOut: signer.carryOut.bind(signer),
      }
      odd.restart()
      odd.connect(honest)
      world.run(60_000)
      expect(odd.session).toBeUndefined()
      expect(honest.trust.told).toContain(`refused static ${odd.address}`)
    }
  })

  it('gets no RSA out of a peer that does not know him, and no word', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    right.trust.policy = 'pinned'
    left.connect(right)
    world.run(60_000)
    expect(right.steps).toEqual([])
    expect(right.trust.told[0]).toBe(`refused stranger ${A}`)
    expect(left.events).toContainEqual({ type: 'unreachable', address: B, answers: true })
    expect(left.session).toBeUndefined()
  })

  it('at an address that is not admitted gets no answer at all, unless he knows whom he asks', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { right: { admit: () => false } })
    left.connect(right)
    world.run(10_000)
    expect(right.endpoint.counters.datagramsOut).toBe(0)
    expect(right.events).toEqual([{ type: 'stranger', address: A, agent: 'left test' }])
    // The same peer, trusted, at an address that nobody named.
    left.trust.pinned.set(B, right.fingerprint)
    left.trust.statics.set(right.fingerprint, right.signer.staticKey.publicKey)
    right.trust.pinned.set('10.7.7.7:1', left.fingerprint)
    world.run(10_000)
    expect(talks(world, left)).toBe(true)
  })

  it('and speaks without encryption is refused, and both sides say so', () => {
    for (const isPlainAsker of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const sealed = SealedNode.make(world, A)
      const plain = world.node(B, { protect: (own) => new PlainProtection(own) })
      const [asker, answerer] = isPlainAsker ? [plain, sealed] : [sealed, plain]
      asker.connect(answerer)
      world.run(30_000)
      for (const node of [sealed, plain]) {
        expect(node.events).toMatchObject([{ type: 'refused', reason: 'encryption' }])
        expect(node.session).toBeUndefined()
      }
    }
  })
})
