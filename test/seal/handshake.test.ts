import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, type Node, World } from '../../harness/rdt/world.js'
import { equalBytes, textOf, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES, WIRE_VERSION } from '../../src/base/limits.js'
import {
  ANSWERS_STRANGERS_MAX,
  HELLOS_PER_ADDRESS_BURST,
  OFFERS_PER_S_MAX,
  REKEY_GRACE_MS,
  REKEY_MS,
  UNPROVED_FACTOR_MAX,
} from '../../src/rdt/handshake/limits.js'
import { DatagramType, decodeControl, encodeControl } from '../../src/rdt/wire/control.js'
import {
  ASKED_GUESSES_BURST,
  ASKED_GUESSES_PER_S_MAX,
  FRAMES_PER_KEY_MAX,
  GUESSES_BURST,
  GUESSES_PER_S_MAX,
  TICKET_MS_MAX,
} from '../../src/seal/limits.js'
import { PlainProtection } from '../../src/seal/plain.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey } from '../../src/sim/stand-ins.js'
import { SealedNode, type SealedNodeOptions } from './world.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'

function pair(
  world: World,
  options: { left?: SealedNodeOptions; right?: SealedNodeOptions } = {},
): [SealedNode, SealedNode] {
  return [SealedNode.make(world, A, options.left), SealedNode.make(world, B, options.right)]
}

/** Whether a request gets through and is answered. */
function talks(world: World, node: Node): boolean {
  if (node.session === undefined) return false
  const before = node.count('reply')
  node.request(Uint8Array.of(7))
  world.run(5_000)
  return node.count('reply') > before
}

/** Hands each datagram from one to the other to `handle`; `send` puts it on the link. */
function tap(world: World, from: string, to: string, handle: (bytes: Uint8Array, send: () => void) => void) {
  const link = world.network.link(from, to)
  const send = link.send.bind(link)
  link.send = (bytes) => handle(bytes, () => send(bytes))
}

/** Early bytes of each asker, said before there was a session. */
function earlyOf(node: Node): (string | undefined)[] {
  return node.events.flatMap((event) =>
    event.type === 'answered' && event.early ? [textOf(event.early)] : [],
  )
}

describe('a sealed handshake', () => {
  it('opens one session on both sides, which know each other’s keys', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(100)
    expect(left.events).toMatchObject([
      { type: 'opened', peerId: right.options.peerId, address: B, fingerprint: right.fingerprint },
    ])
    expect(right.events).toMatchObject([
      { type: 'answered', peerId: left.options.peerId },
      { type: 'opened', peerId: left.options.peerId, address: A, fingerprint: left.fingerprint },
    ])
    expect(talks(world, left)).toBe(true)
  })

  it('uses RSA both ways: each signs once, and checks the other', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(100)
    expect(left.steps).toEqual(['sign', 'verify', 'decrypt'])
    expect(right.steps).toEqual(['verify', 'encrypt', 'sign'])
  })

  it('takes two round trips, and says nothing of what is in the shares before both are proved', () => {
    const world = new World(1, { delayMs: 50 })
    const greeting = () => utf8('names of files')
    const [left, right] = pair(world, { left: { greeting, stepMs: 0 }, right: { greeting, stepMs: 0 } })
    left.connect(right)
    world.run(199)
    expect(left.count('opened')).toBe(0)
    world.run(2)
    expect(left.count('opened')).toBe(1)
    expect([...earlyOf(left), ...earlyOf(right)]).toEqual([])
  })

  it('repeats the same bytes, and opens once where a flight is lost, changed, doubled, or late', () => {
    const faults: ((bytes: Uint8Array, send: (bytes: Uint8Array) => void, count: number) => void)[] = [
      (bytes, send, count) => count > 0 && send(bytes),
      (bytes, send, count) => {
        const changed = bytes.slice()
        if (count === 0) changed[changed.length - 20]! ^= 1
        send(changed)
      },
      (bytes, send) => [bytes, bytes].forEach(send),
    ]
    for (const type of [DatagramType.hello, DatagramType.cookie, DatagramType.open, DatagramType.accept])
      for (const fault of faults) {
        const world = new World(1, { delayMs: 5 })
        const [left, right] = pair(world)
        const seen: Uint8Array[] = []
        for (const [from, to] of [
          [A, B],
          [B, A],
        ] as const) {
          const link = world.network.link(from, to)
          const send = link.send.bind(link)
          link.send = (bytes) => {
            if (bytes[0] !== type) return send(bytes)
            fault(bytes, send, seen.length)
            seen.push(bytes.slice())
          }
        }
        left.connect(right)
        world.run(5_000)
        expect(new Set(seen.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1)
        expect([left.count('opened'), right.count('opened')]).toEqual([1, 1])
        expect(talks(world, left)).toBe(true)
      }
  })

  it('settles on one session that works, when both begin at once and the link loses, doubles and reorders', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(300),
        fc.integer({ min: 0, max: 50 }),
        (seed, laterMs, lossPercent) => {
          const faults = {
            delayMs: 20,
            loss: lossPercent / 100,
            duplication: 0.2,
            reordering: 0.3,
            reorderMs: 300,
          }
          const world = new World(seed, faults)
          const [left, right] = pair(world)
          left.connect(right)
          world.run(laterMs)
          right.connect(left)
          world.run(90_000)
          world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
          world.run(20_000)
          for (const node of [left, right]) expect(node.count('opened') - node.count('closed')).toBe(1)
          expect([talks(world, left), talks(world, right)]).toEqual([true, true])
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never opens a session that the other side cannot follow, at a third of the datagrams lost', () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = new World(seed, {
        delayMs: 10,
        loss: 0.3,
        duplication: 0.3,
        reordering: 0.3,
        reorderMs: 200,
      })
      const [left, right] = pair(world)
      left.connect(right)
      expect(world.runUntil(() => left.session !== undefined && right.session !== undefined, 120_000)).toBe(
        true,
      )
      world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
      world.run(2_000)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('opens where flight 2 comes as an accept before the cookie, which nobody honest does', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    let forgedCount = 0
    const link = world.network.link(B, A)
    const send = link.send.bind(link)
    link.send = (bytes) => {
      const decoded = decodeControl(bytes, crc32)
      if (decoded.ok && decoded.value.type === 'cookie') {
        const { nonce, flight } = decoded.value
        send(encodeControl({ type: 'accept', nonce, step: 2, flight }, crc32))
        forgedCount++
      }
      send(bytes)
    }
    left.connect(right)
    world.run(5_000)
    expect(forgedCount).toBeGreaterThan(0)
    expect(talks(world, left)).toBe(true)
  })

  it('is begun anew where its RSA steps were lost with the process that was to do them', () => {
    for (const isAsker of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const [left, right] = pair(world)
      const loser = isAsker ? left : right
      const { signer } = loser
      let lostCount = 0
      loser.signer = {
        ...signer,
        modulus: signer.modulus,
        staticKey: signer.staticKey,
        carryOut: (step) => {
          if (world.nowMs > 1_500) return signer.carryOut(step)
          lostCount++
          return undefined
        },
      }
      left.connect(right)
      world.run(30_000)
      expect(lostCount).toBeGreaterThan(0)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('tells each side what the other knows of it, and what it was told itself', () => {
    const world = new World(1, { delayMs: 5 })
    const counts = new Map<string, number>()
    const author = 'a'.repeat(16)
    const knownOf = (peerId: string) => ({ author, count: counts.get(peerId) ?? 0 })
    const [left, right] = pair(world, { left: { knownOf }, right: { knownOf } })
    counts.set(left.options.peerId, 7).set(right.options.peerId, 2 ** 40 + 1)
    const opened = (node: Node) => node.events.flatMap((event) => (event.type === 'opened' ? [event] : []))
    const told = (node: Node) => opened(node).map(({ theyKnow }) => theyKnow?.count)
    left.connect(right)
    world.run(200)
    // The first time the asker does not know whom it asks.
    expect([told(left), told(right)]).toEqual([[7], [undefined]])
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(1_000)
    expect([told(left), told(right)]).toEqual([
      [7, 7],
      [undefined, 2 ** 40 + 1],
    ])
    for (const [node, other] of [
      [left, right],
      [right, left],
    ] as const)
      expect(opened(node).map(({ weKnow }) => weKnow)).toEqual(opened(other).map(({ theyKnow }) => theyKnow))
    // By its pin, and after a restart without a ticket.
    left.restart()
    left.connect(right)
    world.run(3_000)
    expect(told(right)).toEqual([undefined, 2 ** 40 + 1, 2 ** 40 + 1])
    const [first, second, third] = opened(right).map(({ life }) => life)
    expect(first).toBe(second)
    expect(third).not.toBe(first)
  })

  it('tells two peers of one identity apart, and refuses one that is a copy of the other', () => {
    const signer = new StandInKey(new SeededRandom(9))
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { signer }, right: { signer } })
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
    const copies = new World(1, { delayMs: 5 })
    const own = { signer, peerId: '00000000000000aa' }
    const [one, other] = pair(copies, { left: own, right: own })
    one.connect(other)
    copies.run(10_000)
    expect(one.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
    expect(other.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
  })

  it('makes one session of two addresses of one peer', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const [second, leftOnSecond] = ['10.9.0.2:1', '10.9.0.1:1']
    const bridge = (address: string, node: Node, seenAs: string) =>
      world.network.attach(address, (_from, bytes) => {
        node.endpoint.handleDatagram(seenAs, bytes, world.nowMs)
        node.drain()
      })
    bridge(second, right, leftOnSecond)
    bridge(leftOnSecond, left, second)
    left.connect(B)
    left.connect(second)
    world.run(60_000)
    expect(left.count('opened') - left.count('closed')).toBe(1)
    expect(left.count('opened')).toBeLessThanOrEqual(2)
  })
})

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

describe('a shared secret', () => {
  const secret = new Uint8Array(randomBytes(32))
  const newer = new Uint8Array(randomBytes(32))
  const withSecrets = (...secrets: Uint8Array[]): SealedNodeOptions => ({ secrets, isReal: true })

  function meet(left: SealedNodeOptions, right: SealedNodeOptions, ms = 200) {
    const world = new World(1, { delayMs: 5 })
    const [asker, answerer] = pair(world, { left, right })
    for (const [node, { secrets }] of [
      [asker, left],
      [answerer, right],
    ] as const)
      if (secrets !== undefined) node.trust.policy = 'secret'
    asker.connect(answerer)
    world.run(ms)
    return { world, asker, answerer }
  }

  it('lets those in who hold it, at the first attempt, and pins them', () => {
    const { world, asker, answerer } = meet(withSecrets(secret), withSecrets(secret))
    expect(talks(world, asker)).toBe(true)
    expect([asker.trust.told, answerer.trust.told]).toEqual([[`secret ${B}`], [`secret ${A}`]])
  })

  it('may be one of two on either side: each pair of them is tried', () => {
    const other = new Uint8Array(randomBytes(32))
    for (const [left, right] of [
      [withSecrets(secret), withSecrets(newer, secret)],
      [withSecrets(other, secret), withSecrets(secret)],
      [withSecrets(other, secret), withSecrets(newer, secret)],
    ] as const) {
      const { world, asker } = meet(left, right, 60_000)
      expect(talks(world, asker)).toBe(true)
    }
  })

  it.each([
    ['holds another', withSecrets(new Uint8Array(32))],
    ['holds none', { isReal: true }],
  ])('keeps out who %s, on either side, and shows its key to nobody who holds none', (_who, wrong) => {
    const greeting = () => utf8('names of files')
    for (const isAskerWrong of [true, false]) {
      const holds = { ...withSecrets(secret), greeting }
      const { asker, answerer } = isAskerWrong
        ? meet({ ...wrong, greeting }, holds, 30_000)
        : meet(holds, { ...wrong, greeting }, 30_000)
      const [holder, other] = isAskerWrong ? [answerer, asker] : [asker, answerer]
      expect([holder.session, other.session]).toEqual([undefined, undefined])
      expect([...earlyOf(asker), ...earlyOf(answerer)]).toEqual([])
      expect(holder.trust.pinned.size).toBe(0)
      expect(other.trust.pinned.size).toBe(0)
      if (isAskerWrong) expect(holder.trust.told[0]).toMatch(/^(refused secret|wrong guess)/)
    }
  })

  it('does not matter between those who trust each other already', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { secrets: [secret] } })
    left.trust.policy = 'secret'
    left.trust.pinned.set(B, right.fingerprint)
    left.trust.statics.set(right.fingerprint, right.signer.staticKey.publicKey)
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
  })

  it('is guessed a few times by one host and a few more by all together, and no more', () => {
    const world = new World(1, { delayMs: 1 })
    const target = SealedNode.make(world, A, { secrets: [secret] })
    target.trust.policy = 'secret'
    const guessers = Array.from({ length: 2 * GUESSES_BURST }, (_, index) =>
      SealedNode.make(world, `10.1.${index}.1:1`, { secrets: [newer] }),
    )
    for (const guesser of guessers) {
      guesser.trust.policy = 'secret'
      guesser.connect(A)
    }
    world.run(4_000)
    const wrong = target.trust.told.filter((word) => word.startsWith('wrong guess')).length
    expect(wrong).toBeGreaterThanOrEqual(GUESSES_BURST)
    expect(wrong).toBeLessThanOrEqual(GUESSES_BURST + 4 * GUESSES_PER_S_MAX + 1)
    const before = target.trust.told.length
    world.run(60_000)
    expect(target.trust.told.length - before).toBeLessThanOrEqual(60 * GUESSES_PER_S_MAX + 1)
    // Whoever is pinned gets in meanwhile.
    const friend = SealedNode.make(world, B)
    friend.trust.pinned.set(A, target.fingerprint)
    friend.trust.statics.set(target.fingerprint, target.signer.staticKey.publicKey)
    target.trust.pinned.set(B, friend.fingerprint)
    friend.connect(A)
    world.run(500)
    expect(talks(world, friend)).toBe(true)
  })

  it('is given to somebody who answers in the place of peers a few times as well, for all of them together', () => {
    const world = new World(1, { delayMs: 1 })
    const asker = SealedNode.make(world, A, { secrets: [secret] })
    asker.trust.policy = 'secret'
    let attempts = 0
    for (let index = 0; index < 2 * ASKED_GUESSES_BURST; index++) {
      const address = `10.1.${index}.1:1`
      SealedNode.make(world, address, { secrets: [newer] }).trust.policy = 'secret'
      const seen = new Set<string>()
      tap(world, A, address, (bytes, send) => {
        const text = Buffer.from(bytes).toString('hex')
        if (bytes[0] === DatagramType.open && !seen.has(text)) {
          seen.add(text)
          attempts++
        }
        send()
      })
      asker.connect(address)
    }
    world.run(300_000)
    expect(attempts).toBeGreaterThanOrEqual(ASKED_GUESSES_BURST)
    expect(attempts).toBeLessThanOrEqual(ASKED_GUESSES_BURST + 300 * ASKED_GUESSES_PER_S_MAX + 1)
  })
})

describe('a peer that was met before', () => {
  it('comes back in one round trip, without RSA, with fresh keys', () => {
    const world = new World(1, { delayMs: 50 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(1_000)
    const steps = left.steps.length + right.steps.length
    left.events.length = 0
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(50)
    expect(left.session).toBeUndefined()
    world.run(101)
    expect(left.events.at(-1)).toMatchObject({ type: 'opened', fingerprint: right.fingerprint })
    expect(left.steps.length + right.steps.length).toBe(steps)
    expect(talks(world, left)).toBe(true)
  })

  it('gets fresh keys when the old ones have sealed as much as they may, in one round trip', () => {
    const world = new World(1, { delayMs: 50 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(1_000)
    const session = left.session!
    const frames = left.endpoint.framesOf(session)!
    const digest = 'ab'.repeat(32)
    const seal = (blockIndex: number) => frames.seal({ kind: 'file', digest, blockIndex }, Uint8Array.of(1))
    Object.assign(frames, { sealedCount: FRAMES_PER_KEY_MAX - 2 })
    seal(FRAMES_PER_KEY_MAX - 1)
    world.run(60_000)
    expect(left.session).toBe(session)
    const steps = left.steps.length
    seal(FRAMES_PER_KEY_MAX)
    world.run(60_000)
    expect(left.session).not.toBe(session)
    expect(left.events.filter(({ type }) => type === 'closed')).toMatchObject([{ reason: 'renewed' }])
    expect(left.steps).toHaveLength(steps)
    expect(talks(world, left)).toBe(true)
  })

  it('and has forgotten that, for it was restarted, is met anew at once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed, { delayMs: 5, loss: 0.1 })
      const [left, right] = pair(world)
      left.connect(right)
      world.run(5_000)
      right.restart()
      left.request(Uint8Array.of(1))
      world.run(12_000)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('is told with the hello what the asker has to say as it begins, in the same bytes each time, and once', () => {
    const world = new World(1, { delayMs: 50 })
    let word = utf8('old')
    const [left, right] = pair(world, { left: { greeting: () => word } })
    left.connect(right)
    world.run(1_000)
    expect(earlyOf(right)).toEqual([])
    const { faults } = world.network.link(A, B)
    const hellos: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello && bytes.length > 111) hellos.push(bytes.slice())
      send()
    })
    faults.loss = 1
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(30_000)
    word = utf8('new')
    faults.loss = 0
    world.run(6_000)
    expect(earlyOf(right)).toEqual(['old'])
    expect(hellos.length).toBeGreaterThan(3)
    expect(new Set(hellos.map((hello) => Buffer.from(hello).toString('hex'))).size).toBe(1)
    for (const hello of hellos) right.endpoint.handleDatagram(A, hello, world.nowMs)
    right.drain()
    expect(earlyOf(right)).toEqual(['old'])
    expect(talks(world, left)).toBe(true)
  })

  it('comes back with its ticket after a long outage, for one day', () => {
    for (const [downMs, isLong] of [
      [TICKET_MS_MAX / 2, false],
      [TICKET_MS_MAX + 60_000, true],
    ] as const) {
      const world = new World(1, { delayMs: 5 })
      const [left, right] = pair(world)
      left.connect(right)
      world.run(1_000)
      left.endpoint.disconnect(B, world.nowMs)
      left.drain()
      world.run(downMs)
      const steps = left.steps.length
      left.connect(right)
      world.run(5_000)
      expect(left.steps.length > steps).toBe(isLong)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('whose own hello comes back to it does not take that for the other: a ticket serves one side', () => {
    for (const options of [{}, { left: { peerId: 'f'.repeat(16) } }]) {
      for (const lateMs of [0, 320]) {
        const world = new World(1, { delayMs: 5 })
        const [left, right] = pair(world, options)
        left.connect(right)
        world.run(1_000)
        right.kill()
        // Whatever goes to B comes back from there, and the accepts that come of it do as well.
        tap(world, A, B, (bytes) => {
          const reflected = bytes.slice()
          world.scheduler.at(world.nowMs + lateMs, () => {
            left.endpoint.handleDatagram(B, reflected, world.nowMs)
            left.drain()
          })
        })
        world.run(60_000)
        expect([left.count('opened'), left.count('answered'), left.session]).toEqual([1, 0, undefined])
      }
    }
  })

  it('is believed to be where it says only at the address at which its ticket was made', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { greeting: () => utf8('here') } })
    left.connect(right)
    world.run(200)
    let hello: Uint8Array | undefined
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hello ??= bytes.slice()
      else send()
    })
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(100)
    const answers: Uint8Array[] = []
    const elsewhere = '10.0.0.9:1'
    right.events.length = 0
    right.endpoint.handleDatagram(elsewhere, hello!, world.nowMs)
    const poll = () => right.endpoint.pollDatagram(world.nowMs)
    for (let out = poll(); out !== undefined; out = poll()) answers.push(out.bytes)
    const bytes = answers.reduce((sum, answer) => sum + answer.length, 0)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(hello!.length)
    expect(right.events.filter((event) => event.type === 'answered' && event.early)).toEqual([])
  })

  it('and is not trusted any more does not come back that way', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    right.trust.pinned.clear()
    right.trust.policy = 'pinned'
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(30_000)
    expect(left.session).toBeUndefined()
  })

  it('takes no harm from a replay of its first flight, from wherever it comes', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    const hellos: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hellos.push(bytes.slice())
      send()
    })
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(200)
    expect(hellos).toHaveLength(1)
    const opened = right.count('opened')
    for (const from of [A, '10.0.0.9:1', '10.0.0.9:2']) {
      for (let count = 0; count < 5; count++) right.endpoint.handleDatagram(from, hellos[0]!, world.nowMs)
      right.drain()
    }
    world.run(60_000)
    expect(right.count('opened')).toBe(opened)
    expect(talks(world, left)).toBe(true)
  })
})

describe('datagrams that were recorded or made up', () => {
  it('of a whole handshake and session, played again, open nothing and change nothing', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const recorded: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      recorded.push(bytes.slice())
      send()
    })
    left.connect(right)
    world.run(200)
    left.request(Uint8Array.of(1))
    world.run(200)
    const events = right.events.length
    for (let round = 0; round < 3; round++)
      for (const bytes of recorded) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    world.run(100)
    expect(right.events.length).toBe(events)
    expect(talks(world, left)).toBe(true)
    // And against the process that comes after it.
    right.restart()
    right.events.length = 0
    for (const bytes of recorded) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    expect(right.count('opened') + right.count('request')).toBe(0)
  })

  it('of a handshake whose session is over are not answered: a seed serves one handshake', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const [asked, answered]: [Uint8Array[], Uint8Array[]] = [[], []]
    tap(world, A, B, (bytes, send) => {
      asked.push(bytes.slice())
      send()
    })
    tap(world, B, A, (bytes, send) => {
      answered.push(bytes.slice())
      send()
    })
    left.connect(right)
    world.run(100)
    left.endpoint.disconnect(B, world.nowMs)
    left.drain()
    world.run(100)
    expect(right.session).toBeUndefined()
    const ofType = (datagrams: readonly Uint8Array[], type: number) =>
      datagrams.filter(([first]) => first === type)
    const steps = right.steps.length
    answered.length = 0
    for (const bytes of ofType(asked, DatagramType.open)) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    world.run(100)
    expect(ofType(answered, DatagramType.accept)).toEqual([])
    expect(right.steps.length).toBe(steps)
    expect(right.count('opened')).toBe(1)
  })

  it('with one bit turned are dropped: what they said is repaired, and nothing else ever arrives', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.integer({ min: 3, max: 40 }), (seed, draw, everyWhich) => {
        const world = new World(seed, { delayMs: 5 })
        // A frame is one datagram, or a third of its segments turned would be more than any repair bears.
        const wide = { datagramBytesMax: () => 65_507 }
        const [left, right] = pair(world, { left: wide, right: wide })
        let count = 0
        for (const [from, to] of [
          [A, B],
          [B, A],
        ] as const) {
          tap(world, from, to, (bytes, send) => {
            if (count++ % everyWhich === 0) {
              const bit = (draw + count * 7_919) % (8 * bytes.length)
              bytes[bit >> 3]! ^= 1 << (bit & 7)
            }
            send()
          })
        }
        const item = makeItem(200_000, seed)
        right.hold(item)
        left.connect(right)
        const isWide = () => (left.endpoint.stats(left.session ?? -1)?.pathBytes ?? 0) > BLOCK_BYTES
        expect(world.runUntil(isWide, 600_000)).toBe(true)
        left.pull(item.ref)
        expect(world.runUntil(() => left.has(item.ref), 600_000)).toBe(true)
        expect(Buffer.from(left.pulled.get(item.ref.digest)!.bytes!).equals(item.bytes)).toBe(true)
        const bodies = [...left.events, ...right.events].filter(({ type }) => type === 'request')
        expect(bodies).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('that say “I know no such session” do not end one that is alive', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    let seen: Uint8Array | undefined
    tap(world, A, B, (bytes, send) => {
      if (bytes[0]! >= DatagramType.ping) seen = bytes.slice()
      send()
    })
    left.request(Uint8Array.of(1))
    world.run(100)
    const view = new DataView(seen!.buffer)
    const session = { high: view.getUint32(1), low: view.getUint32(5) }
    for (let count = 0; count < 20; count++) {
      left.endpoint.handleDatagram(B, encodeControl({ type: 'reset', session }, crc32), world.nowMs)
      left.drain()
      world.run(1_000)
    }
    expect(left.count('closed')).toBe(0)
    expect(talks(world, left)).toBe(true)
  })
})

describe('fresh keys', () => {
  it('come every ten minutes, in a session that takes the place of the older one without a gap', () => {
    const world = new World(1, { delayMs: 20, loss: 0.2, duplication: 0.1, reordering: 0.2, reorderMs: 100 })
    const rekeying = { afterMs: 2_000, afterBytes: 2 ** 32 }
    const [left, right] = pair(world, { left: { rekeying }, right: { rekeying } })
    left.connect(right)
    expect(world.runUntil(() => left.session !== undefined && right.session !== undefined, 20_000)).toBe(true)
    const openCount = (node: Node) => node.count('opened') - node.count('closed')
    const steps = left.steps.length + right.steps.length
    left.answer = right.answer = (body) => body
    let asked = 0
    for (const endMs = world.nowMs + 60_000; world.nowMs < endMs; ) {
      if (asked === left.count('reply') + right.count('reply')) {
        for (const node of [left, right]) node.request(Uint8Array.of(++asked & 255))
      }
      world.run(10)
      for (const node of [left, right]) expect([1, 2]).toContain(openCount(node))
    }
    // A request that was under way in a session that ends is the caller's to repeat: this one does not.
    const renewals = left.events.filter((event) => event.type === 'opened' && event.isRenewal)
    expect(renewals.length).toBeGreaterThanOrEqual(20)
    const reasons = new Set(
      [...left.events, ...right.events].flatMap((event) => (event.type === 'closed' ? [event.reason] : [])),
    )
    expect(reasons).toEqual(new Set(['renewed']))
    expect(left.steps.length + right.steps.length).toBe(steps)
  })

  it('come after so many bytes, and a transfer goes on over them', () => {
    const world = new World(3, { delayMs: 10, loss: 0.02 })
    const rekeying = { afterMs: 600_000, afterBytes: 1_000_000 }
    const [left, right] = pair(world, { left: { rekeying }, right: { rekeying } })
    const item = makeItem(8_000_000)
    right.hold(item)
    left.connect(right)
    world.runUntil(() => left.session !== undefined && right.session !== undefined, 20_000)
    left.pull(item.ref)
    expect(world.runUntil(() => left.has(item.ref), 120_000)).toBe(true)
    expect(Buffer.from(left.pulled.get(item.ref.digest)!.bytes!).equals(item.bytes)).toBe(true)
    expect(left.events.filter((event) => event.type === 'opened' && event.isRenewal).length).toBeGreaterThan(
      2,
    )
  })

  it('come by the one that answered where the other does not ask, and a session without any ends', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    let isCut = true
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] !== DatagramType.hello || !isCut || world.nowMs < 10_000) send()
    })
    left.connect(right)
    world.run(REKEY_MS + REKEY_GRACE_MS / 2)
    expect(right.events.some((event) => event.type === 'opened' && event.initiator && event.isRenewal)).toBe(
      true,
    )
    isCut = true
    tap(world, B, A, (bytes, send) => {
      if (bytes[0] !== DatagramType.hello) send()
    })
    world.run(REKEY_MS + REKEY_GRACE_MS)
    expect(left.events.findLast(({ type }) => type === 'closed')).toMatchObject({ reason: 'worn' })
    isCut = false
    world.run(10_000)
    expect(talks(world, left)).toBe(true)
  })
})

describe('a session whose ticket is gone', () => {
  it('ends when its time is over, and keeps no loop busy until then', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.runUntil(() => left.session !== undefined && right.session !== undefined, 20_000)
    for (const node of [left, right]) node.protection().revoke(() => false, world.nowMs)
    world.run(REKEY_MS + REKEY_GRACE_MS / 2 - world.nowMs)
    for (const node of [left, right]) {
      node.endpoint.handleTimeout(world.nowMs)
      expect(node.endpoint.pollTimeout()).toBeGreaterThan(world.nowMs)
    }
    world.run(REKEY_GRACE_MS)
    // The first of the two says bye.
    const closed = [left, right].flatMap(({ events }) => events.filter(({ type }) => type === 'closed'))
    expect(closed).toContainEqual(expect.objectContaining({ reason: 'worn' }))
    expect(talks(world, left)).toBe(true)
  })
})

describe('a flood', () => {
  const greeting = (seed: number) =>
    ({
      type: 'hello',
      version: WIRE_VERSION,
      agent: '',
      nonce: new SeededRandom(seed).bytes(8),
      suite: 'sealed',
      introduction: new Uint8Array(16),
      flight: new SeededRandom(seed + 1).bytes(64),
    }) as const

  /** What a datagram is answered with. */
  function say(node: Node, from: string, bytes: Uint8Array): Uint8Array[] {
    node.endpoint.handleDatagram(from, bytes, 0)
    const out: Uint8Array[] = []
    for (let next = node.endpoint.pollDatagram(0); next !== undefined; next = node.endpoint.pollDatagram(0))
      out.push(next.bytes)
    const sent = out.reduce((sum, { length }) => sum + length, 0)
    expect(sent).toBeLessThanOrEqual(UNPROVED_FACTOR_MAX * bytes.length)
    return out
  }

  /** An asker that proves its address and says nothing sensible with it. */
  function openFrom(node: Node, from: string, seed: number): Uint8Array[] {
    const hello = greeting(seed)
    const [answer] = say(node, from, encodeControl(hello, crc32))
    const cookie = answer && decodeControl(answer, crc32)
    if (!cookie?.ok || cookie.value.type !== 'cookie') return []
    const { agent, nonce, suite, introduction } = hello
    const flight = new SeededRandom(seed + 2).bytes(64 + 834 + 16)
    flight.set(hello.flight)
    const open = { type: 'open', agent, nonce, suite, introduction, flight } as const
    return say(node, from, encodeControl({ ...open, cookie: cookie.value.cookie }, crc32))
  }

  it('of hellos is answered with less than three times its bytes, and of strangers so often a second', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A, { admit: () => false, secrets: [new Uint8Array(32)] })
    let offers = 0
    for (let index = 0; index < 3 * OFFERS_PER_S_MAX; index++)
      offers += say(node, `10.0.${index & 255}.7:9`, encodeControl(greeting(index), crc32)).length
    expect(offers).toBe(OFFERS_PER_S_MAX)
    expect(node.steps).toEqual([])
  })

  it('of hellos of an address that is called is answered a few times, and others are all the same', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A)
    const answered = (from: string, count: number) =>
      Array.from({ length: count }, (_, seed) => say(node, from, encodeControl(greeting(seed), crc32))).flat()
    expect(answered('10.0.0.9:1', 100)).toHaveLength(HELLOS_PER_ADDRESS_BURST)
    expect(answered('10.0.0.9:2', 1)).toHaveLength(1)
  })

  it('of first packets performs no RSA, keeps nothing, and is not answered', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A)
    for (let index = 0; index < 3 * ANSWERS_STRANGERS_MAX; index++)
      expect(openFrom(node, `10.${index >> 8}.${index & 255}.7:9`, index)).toEqual([])
    expect(node.steps).toEqual([])
    expect(node.session).toBeUndefined()
  })

  it('from elsewhere does not keep out a peer that we call ourselves', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    for (let index = 0; index < 2 * ANSWERS_STRANGERS_MAX; index++)
      openFrom(right, `10.9.${index >> 8}.${index & 255}:9`, index)
    right.connect(left)
    left.connect(right)
    world.run(5_000)
    expect(talks(world, left)).toBe(true)
  })
})
